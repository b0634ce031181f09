import type { ScaledObject } from "@bellows/api";
import type { Client } from "@bellows/kube";

type DeclaredTrigger = NonNullable<NonNullable<ScaledObject["spec"]>["triggers"]>[number];

/** A server that a type of triggers reads, and how work is put into it: a case of the suite `triggers`. */
export interface TriggerSource {
  /** Of the case: the type of the trigger, and which way of it. */
  readonly name: string;
  /** The source tells of work by itself: the first replica comes long before the next poll. */
  readonly pushes?: boolean;
  /** What this machine lacks to run it, for the line that says so; undefined for nothing. */
  readonly missing?: () => string | undefined;
  /** Starts the server on free ports, with data of its own below `folder`. */
  readonly start: (folder: string, place: TriggerPlace) => Promise<RunningSource>;
}

/** Where the ScaledObject will be. */
export interface TriggerPlace {
  readonly client: Client;
  readonly namespace: string;
}

/** A source that runs. Its trigger asks for a replica for each piece of work. */
export interface RunningSource {
  readonly trigger: Pick<DeclaredTrigger, "type" | "metadata" | "metricType">;
  /** What the TriggerAuthentication gives, from a Secret of the case; left out: the trigger has none. */
  readonly credentials?: Readonly<Record<string, string>>;
  /** Takes out all work there is, and puts in so many pieces. */
  setWork(pieces: number): Promise<void>;
  /** The server keeps its connections and answers nothing until it is resumed; left out: it can't. */
  hang?(): Promise<void>;
  resume?(): void;
  stop(): Promise<void>;
}
