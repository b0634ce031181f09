import type { MetricSpec, TriggerAuthenticationSpec } from "@bellows/api";
import type { Client, Clock, Instant, Logger, Random } from "@bellows/kube";
import type { HttpExchange, HttpOutcome } from "./http-client.ts";
import type { MetadataSchema, Notice } from "./metadata.ts";

/** The ScaledObject or ScaledJob that a trigger belongs to. */
export interface ScalableObject {
  readonly kind: "ScaledObject" | "ScaledJob";
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly generation: number;
}

/** Which number of the target the metric is compared with. `Utilization` is for cpu and memory only. */
export type MetricType = "AverageValue" | "Value" | "Utilization";

export type PodIdentity = NonNullable<TriggerAuthenticationSpec["podIdentity"]>;

/** One entry of `spec.triggers`, with everything that it refers to resolved. */
export interface TriggerConfig {
  readonly object: ScalableObject;
  /** Its place in `spec.triggers`, which its metric's name begins with: `s0-`. */
  readonly index: number;
  readonly type: string;
  /** What formulas call it; empty for none. */
  readonly name: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** The environment of the target's container, for the parameters that are named by `...FromEnv`. */
  readonly resolvedEnv: Readonly<Record<string, string>>;
  /** What the (Cluster)TriggerAuthentication gives. Never logged. */
  readonly authParams: Readonly<Record<string, string>>;
  readonly podIdentity: PodIdentity;
  readonly metricType: MetricType | undefined;
  /** The value feeds a formula: a target of its own need not be given. */
  readonly asMetricSource: boolean;
  readonly httpTimeoutMs: number;
}

/** What triggers reach the world by. Clients of other systems are opened by the trigger itself, on first use. */
export interface TriggerSeams {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Told of each time that the source was asked and had nothing to say, and whether that counts as 0. */
  readonly emptyAnswer?: (metricName: string, isIgnored: boolean) => void;
  /** Left out: real connections. */
  readonly http?: HttpExchange;
  /** Told of each HTTP request of the trigger once it is over. */
  readonly requested?: (outcome: HttpOutcome) => void;
}

/** A metric as the external metrics API gives it; three decimals of the value count, as upstream. */
export interface MetricValue {
  readonly metricName: string;
  readonly value: number;
}

export interface Reading {
  readonly values: readonly MetricValue[];
  /** Whether the trigger asks for at least one replica. */
  readonly active: boolean;
}

/** What a source that pushes tells: that it is active or not, and its values where it knows them. */
export interface Push {
  readonly active: boolean;
  /** Left out: the value is to be read. */
  readonly values?: readonly MetricValue[];
}

export interface PushHandler {
  push(push: Push): void;
  /** The source wants other metrics or targets from now on. */
  metricSpecs(specs: readonly MetricSpec[]): void;
}

/** An open trigger. */
export interface Trigger {
  /** What its owner should know though it works: deprecated and unknown parameters (Events KEDAScalersInfo). */
  readonly notices?: readonly Notice[];
  /** What the HPA is to compare. The same until {@link PushHandler.metricSpecs} says otherwise. */
  metricSpecs(): Promise<readonly MetricSpec[]> | readonly MetricSpec[];
  /**
   * Reads the source.
   * @param metricName  one of `metricSpecs()`, with its index prefix
   * @throws whatever the source or its client does; the caller counts failures, and bounds the time by `signal`
   */
  read(metricName: string, signal: AbortSignal): Promise<Reading>;
  /**
   * Listens to the source until `signal` aborts or the source ends (then it resolves or rejects, and is called again
   * after a back-off). Polling goes on beside it.
   */
  listen?(handler: PushHandler, signal: AbortSignal): Promise<void>;
  /** The next instant after `after` when the reading changes by time alone (the edge of a cron window). */
  nextChange?(after: Instant): Instant | undefined;
  close(): Promise<void>;
}

/** One type of triggers: the catalogue is the list of these. */
export interface TriggerType {
  /** Its name in `spec.triggers[].type`, and its other names. */
  readonly types: readonly [string, ...string[]];
  /** One sentence for the documentation. */
  readonly summary: string;
  /** Its parameters: the reference is made from them. */
  readonly metadata: MetadataSchema;
  /**
   * Reads the metadata and opens the trigger; nothing is connected before the first reading.
   * @throws TriggerError  says which parameter is wrong, what was found and what is expected
   */
  open(config: TriggerConfig, seams: TriggerSeams): Promise<Trigger> | Trigger;
}

/** Metadata or credentials that a trigger can't work with. The message is for the user and holds no secret. */
export class TriggerError extends Error {
  override readonly name = "TriggerError";
}
