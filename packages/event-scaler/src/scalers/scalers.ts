import type { MetricSpec, ScaledJobTrigger, ScaledObject, ScaledObjectTrigger } from "@bellows/api";
import type { ObjectKey } from "@bellows/kube";
import type { HttpOutcome, MetricType, Notice, Reading, Trigger, TriggerConfig, TriggerSeams } from "@bellows/triggers";
import { usesModifiers } from "../engine/scaling-modifiers.ts";
import type { ResolveAccess, Scalable } from "../scaling.ts";
import { DeadlineExceeded, withinDeadline } from "./deadline.ts";

export type OpenTrigger = (config: TriggerConfig, seams: TriggerSeams) => Promise<Trigger> | Trigger;

export interface ScalersOptions {
  readonly openTrigger: OpenTrigger;
  readonly resolveAccess: ResolveAccess;
  /** Time-out of one HTTP request of a trigger (KEDA_HTTP_DEFAULT_TIMEOUT); default 3 s. */
  readonly httpTimeoutMs?: number;
  /** Told of each time that a source had nothing to say. */
  readonly emptyAnswer?: (trigger: TriggerConfig, metricName: string, isIgnored: boolean) => void;
  /** Told of each HTTP request for a metric. */
  readonly requested?: (trigger: TriggerConfig, metricName: string, outcome: HttpOutcome) => void;
  /** Longest time for one reading or one look-up of credentials, whatever the source does; default 15 s. */
  readonly readTimeoutMs?: number;
}

type Observers = "emptyAnswer" | "requested";

/** Told of each trigger that is opened: its type, and what its owner should know of its metadata. */
export type Built = (type: string, notices: readonly Notice[]) => void;

/** One open trigger of an object. */
export interface Scaler {
  readonly index: number;
  readonly declared: ScaledObjectTrigger | ScaledJobTrigger;
  readonly trigger: Trigger;
}

/** A reading, and how long the source took. */
export interface TimedReading extends Reading {
  readonly latencyMs: number;
}

/** A trigger that could not be opened: bad metadata, missing credentials, an unknown type. */
export class ScalerError extends Error {
  override readonly name = "ScalerError";
  /** Where the trigger is, which upstream's words don't say. */
  readonly field: string | undefined;

  constructor(message: string, { field, ...options }: ErrorOptions & { readonly field?: string } = {}) {
    super(message, options);
    this.field = field;
  }
}

/** With the trigger that can't be opened, for where it is to be found. */
export const withField = ({ message, field }: ScalerError): string =>
  field === undefined || message.includes(field) ? message : `${message} (${field})`;

interface Opened {
  readonly uid: string;
  readonly generation: number;
  readonly scalers: Promise<readonly OpenScaler[]>;
}

/** With what the source itself asked for by its stream, which goes before `trigger.metricSpecs()`. */
interface OpenScaler extends Scaler {
  trigger: Trigger;
  streamedSpecs?: readonly MetricSpec[];
  /** Which follow from the metadata alone. */
  ownSpecs?: readonly MetricSpec[];
  config: TriggerConfig;
  /** What its credentials lack. */
  readonly missing?: readonly string[];
  /** The metric that was read last: what its requests are for. */
  asked?: string;
  /** How many readings have not ended yet. */
  inFlight?: number;
  /** It is closed once they have. */
  isForgotten?: boolean;
}

/**
 * The open triggers of all objects, kept from one reading to the next as long as the object's spec stays the same. After
 * a failure they are opened anew, so that rotated credentials are found.
 */
export class Scalers {
  readonly #options: Required<Omit<ScalersOptions, Observers>> & Pick<ScalersOptions, Observers>;
  readonly #opened = new Map<string, Opened>();

  constructor(options: ScalersOptions) {
    this.#options = { httpTimeoutMs: 3_000, readTimeoutMs: 15_000, ...options };
  }

  /**
   * The triggers of an object in the order of its spec, opened where that was not done for this generation.
   * @param built  called for each trigger that is opened
   * @throws ScalerError  for the first one that can't be opened; those before it are closed again
   */
  open(object: Scalable, seams: TriggerSeams, built?: Built): Promise<readonly Scaler[]> {
    const key = keyOfObject(object);
    const generation = object.metadata.generation ?? 0;
    const uid = object.metadata.uid ?? "";
    const known = this.#opened.get(key);
    if (known && known.uid === uid && known.generation === generation) return known.scalers;
    this.forget(object);
    const scalers = this.#openAll(object, seams, built);
    const opened: Opened = { uid, generation, scalers };
    this.#opened.set(key, opened);
    scalers.catch(() => {
      if (this.#opened.get(key) === opened) this.#opened.delete(key);
    });
    return scalers;
  }

  /** What the HPA is to compare for one trigger. */
  async specsOf(scaler: Scaler, seams: TriggerSeams): Promise<readonly MetricSpec[]> {
    const open = scaler as OpenScaler;
    const known = open.streamedSpecs ?? open.ownSpecs;
    if (known) return known;
    const answer = scaler.trigger.metricSpecs();
    const specs = isPromise(answer)
      ? await withinDeadline(seams.clock, this.#options.readTimeoutMs, () => answer)
      : answer;
    if (specs.length === 0) throw new ScalerError("got empty metric spec");
    // Those that a source is asked for may be others the next time.
    if (!isPromise(answer)) open.ownSpecs = answer;
    return specs;
  }

  /** Keeps what the source wants to be compared from now on. */
  setSpecs(scaler: Scaler, specs: readonly MetricSpec[]): void {
    (scaler as OpenScaler).streamedSpecs = specs;
  }

  /** Reads one metric within the time allowed; after a failure once more, by a trigger that is opened anew. */
  async read(object: Scalable, scaler: Scaler, metricName: string, seams: TriggerSeams): Promise<TimedReading> {
    const open = scaler as OpenScaler;
    if (open.isForgotten) throw new ScalerError("the trigger has been closed");
    open.inFlight = (open.inFlight ?? 0) + 1;
    try {
      return await this.#readTwice(object, open, metricName, seams);
    } finally {
      open.inFlight--;
      closeForgotten(open);
    }
  }

  async #readTwice(object: Scalable, open: OpenScaler, metricName: string, seams: TriggerSeams): Promise<TimedReading> {
    try {
      return await this.#readOnce(open, metricName, seams);
    } catch (error) {
      // Who did not answer in time won't answer a second question sooner; nobody waits for what is forgotten.
      if (error instanceof DeadlineExceeded || open.isForgotten) throw error;
      const before = open.trigger;
      const again = await this.#openOne(object, open.index, open.declared, seams);
      // Its requests are counted by what is asked of it.
      again.asked = metricName;
      open.trigger = again.trigger;
      open.config = again.config;
      closeQuietly(before, seams);
      return this.#readOnce(open, metricName, seams);
    }
  }

  /**
   * Takes what a source told by itself for a reading.
   * @throws ScalerError  for what is no value
   */
  told(scaler: Scaler, reading: Reading): TimedReading {
    const { config } = scaler as OpenScaler;
    checkReading(reading, config);
    return { ...reading, latencyMs: 0 };
  }

  /** Closes the triggers of an object, each once its readings have ended; the next call opens them anew. */
  forget(object: Scalable): void {
    this.forgetNamed(kindOf(object), { namespace: object.metadata.namespace as string, name: object.metadata.name });
  }

  /** The same, for an object that is gone. */
  forgetNamed(kind: "ScaledObject" | "ScaledJob", { namespace, name }: ObjectKey): void {
    const key = `${kind}/${namespace}/${name}`;
    const opened = this.#opened.get(key);
    if (!opened) return;
    this.#opened.delete(key);
    opened.scalers.then(
      (scalers) => {
        for (const scaler of scalers) {
          scaler.isForgotten = true;
          closeForgotten(scaler);
        }
      },
      () => undefined,
    );
  }

  async #readOnce(open: OpenScaler, metricName: string, { clock }: TriggerSeams): Promise<TimedReading> {
    const { trigger, config } = open;
    open.asked = metricName;
    const startedAt = clock.now();
    const reading = await withinDeadline(clock, this.#options.readTimeoutMs, (signal) =>
      trigger.read(metricName, signal),
    );
    checkReading(reading, config);
    return { ...reading, latencyMs: clock.now() - startedAt };
  }

  async #openAll(object: Scalable, seams: TriggerSeams, built: Built | undefined): Promise<readonly OpenScaler[]> {
    const scalers: OpenScaler[] = [];
    try {
      for (const [index, declared] of (object.spec?.triggers ?? []).entries()) {
        const scaler = await this.#openOne(object, index, declared, seams);
        scalers.push(scaler);
        built?.(declared.type, [...(scaler.trigger.notices ?? []), ...missingOf(scaler).map(warning)]);
      }
      return scalers;
    } catch (error) {
      for (const { trigger } of scalers) closeQuietly(trigger, seams);
      throw error;
    }
  }

  async #openOne(
    object: Scalable,
    index: number,
    declared: ScaledObjectTrigger | ScaledJobTrigger,
    seams: TriggerSeams,
  ): Promise<OpenScaler> {
    const { openTrigger, resolveAccess, httpTimeoutMs, readTimeoutMs } = this.#options;
    let missing: readonly string[] = [];
    try {
      const { missing: found = [], ...access } = await withinDeadline(seams.clock, readTimeoutMs, () =>
        resolveAccess(object, declared),
      );
      missing = found.map((text) => `spec.triggers[${index}].authenticationRef: ${text}`);
      const config: TriggerConfig = {
        object: {
          kind: kindOf(object),
          namespace: object.metadata.namespace as string,
          name: object.metadata.name,
          uid: object.metadata.uid ?? "",
          generation: object.metadata.generation ?? 0,
        },
        index,
        type: declared.type,
        name: declared.name ?? "",
        metadata: declared.metadata,
        ...access,
        metricType: "metricType" in declared ? (declared.metricType as MetricType) : undefined,
        asMetricSource: kindOf(object) === "ScaledObject" && usesModifiers((object as ScaledObject).spec),
        httpTimeoutMs,
      };
      const opened: { asked?: string } = {};
      const trigger = await openTrigger(config, { ...seams, ...observersFor(config, opened, this.#options) });
      return Object.assign(opened, { index, declared, config, trigger, missing });
    } catch (error) {
      // What is wrong with a parameter may be that it isn't where it is said to be.
      const message = [messageOf(error), ...missing].join("; ");
      throw new ScalerError(message, { cause: error, field: `spec.triggers[${index}]` });
    }
  }
}

/** Of one trigger. Apart from where it is opened: they live as long as it does, and would keep the object as it was then. */
function observersFor(
  config: TriggerConfig,
  opened: { readonly asked?: string },
  { emptyAnswer, requested }: Pick<ScalersOptions, Observers>,
): Pick<TriggerSeams, Observers> {
  return {
    ...(emptyAnswer && {
      emptyAnswer: (metricName: string, isIgnored: boolean) => emptyAnswer(config, metricName, isIgnored),
    }),
    ...(requested && {
      // Only those are counted that are for a metric, as upstream.
      requested: (outcome: HttpOutcome) => {
        if (opened.asked !== undefined) requested(config, opened.asked, outcome);
      },
    }),
  };
}

const missingOf = ({ missing = [] }: OpenScaler): readonly string[] => missing;
const warning = (message: string): Notice => ({ type: "Warning", message });

const isPromise = <T>(value: Promise<T> | T): value is Promise<T> => value instanceof Promise;

const kindOf = ({ spec }: Scalable) =>
  typeof spec === "object" && "jobTargetRef" in spec ? "ScaledJob" : "ScaledObject";

const keyOfObject = (object: Scalable): string =>
  `${kindOf(object)}/${object.metadata.namespace}/${object.metadata.name}`;

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The most that thousandths of it fit into 64 bits, in which the metrics APIs reckon. */
const largest = 9.2e15;

/**
 * A source may answer anything; what is no count would scale to nonsense, or to zero. A formula may reckon with negative
 * values, an HPA can't.
 */
function checkReading({ values }: Reading, { asMetricSource }: TriggerConfig): void {
  const least = asMetricSource ? -largest : 0;
  for (const { metricName, value } of values) {
    // A value of another type is no finite number either.
    if (Number.isFinite(value) && value >= least && value <= largest) continue;
    const found = typeof value === "number" ? value : JSON.stringify(value);
    throw new ScalerError(`${metricName}: the source gave ${found}, expected a number from ${least} to ${largest}`);
  }
}

function closeQuietly(trigger: Trigger, { log }: TriggerSeams): void {
  trigger.close().catch((error: unknown) => log.warn("closing a trigger failed", { error: messageOf(error) }));
}

/** A reading takes no longer than it is allowed to, so that nothing stays open for long. */
function closeForgotten({ trigger, inFlight, isForgotten }: OpenScaler): void {
  if (isForgotten && !inFlight) trigger.close().catch(() => undefined);
}
