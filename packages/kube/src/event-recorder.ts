import { Event as CoreEvent, type KubernetesObject, type ObjectReference } from "@bellows/api";
import { ApiError, isAlreadyExists, isNotFound } from "./api-error.ts";
import type { Client } from "./client.ts";
import { type Clock, type Instant, sleep } from "./clock.ts";
import { type CorrelatedEvent, EventCorrelator, RecentMap } from "./event-correlator.ts";
import type { EventInput, EventRecorder } from "./events.ts";
import type { Logger } from "./logging.ts";
import { type Random, randomInteger } from "./random.ts";
import { timestamp } from "./timestamp.ts";

/** An object reference with what every Event has of it. */
type Regarding = ObjectReference & { readonly kind: string; readonly name: string; readonly apiVersion: string };

export interface EventRecorderOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** `source.component` and `reportingComponent`: `horizontal-pod-autoscaler`, `karpenter`, `kubelet`, ... */
  readonly component: string;
  /** `source.host` and `reportingInstance`: the node of a kubelet; otherwise left out. */
  readonly host?: string;
}

/** Events that wait to be written; a further one is dropped (client-go's broadcaster has as many). */
const mostWaiting = 1000;
/** Tries to write one Event while no answer comes, and the wait between them (client-go's). */
const writeTries = 12;
const retryMs = 10_000;
/** An API server that does not answer must not keep a process from ending: what is not written by then is lost. */
const flushMs = 5_000;
/** The longest message that events.k8s.io accepts. */
const longestMessage = 1024;

export function createEventRecorder(options: EventRecorderOptions): EventRecorder {
  return new CorrelatingRecorder(options);
}

interface Recorded {
  readonly regarding: Regarding;
  readonly input: EventInput;
  readonly at: Instant;
}

class CorrelatingRecorder implements EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #correlator = new EventCorrelator();
  /** The written Event of a key; what is counted is patched onto it. */
  readonly #written = new RecentMap<{ name: string; namespace: string }>(4096);
  readonly #waiting: Recorded[] = [];
  #writing: Promise<void> | undefined;
  /** Resolves when the next try has got no answer. */
  #unanswered = Promise.withResolvers<void>();
  /** Ends the wait for the next try. */
  #wake = new AbortController();

  constructor(options: EventRecorderOptions) {
    this.#options = options;
  }

  record(object: KubernetesObject, input: EventInput): void {
    const { clock, log } = this.#options;
    const regarding = referenceTo(object, input.fieldPath);
    if (this.#waiting.length >= mostWaiting) {
      log.warn("dropped event, too many wait to be written", { reason: input.reason, object: regarding.name });
      return;
    }
    this.#waiting.push({ regarding, input, at: clock.now() });
    this.#writing ??= this.#writeAll();
  }

  async flush(): Promise<void> {
    const patience = new AbortController();
    const over = Promise.race([this.#unanswered.promise, sleep(this.#options.clock, flushMs, patience.signal)]);
    const isOver = over.then(() => true);
    this.#wake.abort();
    this.#wake = new AbortController();
    while (this.#writing) if (await Promise.race([this.#writing, isOver])) break;
    patience.abort();
  }

  #event(involvedObject: Regarding, input: EventInput, { message, count }: CorrelatedEvent, now: Instant): CoreEvent {
    const { component, host, random } = this.#options;
    // Nanoseconds since the epoch in client-go; what the clock does not know of them is left to chance.
    const nanoseconds = BigInt(now) * 1_000_000n + BigInt(randomInteger(random, 1_000_000));
    const at = timestamp(now);
    return {
      apiVersion: "v1",
      kind: "Event",
      metadata: {
        name: `${involvedObject.name.slice(0, 236)}.${nanoseconds.toString(16)}`,
        namespace: involvedObject.namespace ?? "default",
        ...(input.annotations && { annotations: { ...input.annotations } }),
      },
      involvedObject,
      reason: input.reason,
      message: message.length > longestMessage ? `${message.slice(0, longestMessage - 3)}...` : message,
      source: { component, ...(host && { host }) },
      firstTimestamp: at,
      lastTimestamp: at,
      count,
      type: input.type,
      reportingComponent: component,
      reportingInstance: host ?? "",
    };
  }

  async #writeAll(): Promise<void> {
    // From a microtask on, so that `#writing` is set before it is cleared.
    await undefined;
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) await this.#write(next);
    this.#writing = undefined;
  }

  /** Correlated only now: whether an earlier one could be written decides what becomes of a repeat. */
  async #write({ regarding, input, at }: Recorded): Promise<void> {
    const { clock, log } = this.#options;
    const about = { reason: input.reason, object: regarding.name };
    const subject = this.#subjectOf(regarding);
    const correlated = this.#correlator.correlate({ subject, ...input }, at);
    if (!correlated) return log.debug("dropped event, too many of the object", about);
    const event = this.#event(regarding, input, correlated, at);
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#writeOnce(event, correlated);
      } catch (error) {
        const unanswered = !(error instanceof ApiError);
        if (!unanswered || attempt >= writeTries) {
          const level = isNamespaceGone(error) ? "debug" : "warn";
          return log[level]("failed to write event", { ...about, error: String(error) });
        }
        this.#unanswered.resolve();
        this.#unanswered = Promise.withResolvers();
        await sleep(clock, retryMs, this.#wake.signal);
      }
    }
  }

  #subjectOf({ kind, namespace = "", name, uid = "", apiVersion, fieldPath = "" }: Regarding): string {
    const { component, host = "" } = this.#options;
    return [component, host, kind, namespace, name, fieldPath, uid, apiVersion].join("\0");
  }

  async #writeOnce(event: CoreEvent, { key, count }: CorrelatedEvent): Promise<void> {
    const { client } = this.#options;
    const written = count > 1 ? this.#written.get(key) : undefined;
    if (written) {
      const { lastTimestamp, message } = event;
      try {
        await client.patch(CoreEvent, written, { type: "strategic", body: { count, lastTimestamp, message } });
        return;
      } catch (error) {
        // Events expire after an hour: the next repeat is a new one.
        if (!isNotFound(error)) throw error;
        this.#correlator.restart(key);
      }
    }
    const created = written ? { ...event, count: 1 } : event;
    await client.create(CoreEvent, created).catch((error: unknown) => {
      // The same name in the same nanosecond, or a try whose answer was lost: it is there.
      if (!isAlreadyExists(error)) throw error;
    });
    const { name, namespace = "" } = event.metadata;
    this.#written.set(key, { name, namespace });
  }
}

const isNamespaceGone = (error: unknown): boolean =>
  error instanceof ApiError && (error.code === 404 || (error.code === 403 && /being terminated/.test(error.message)));

function referenceTo({ apiVersion = "", kind = "", metadata }: KubernetesObject, fieldPath?: string): Regarding {
  const { namespace, name, uid, resourceVersion } = metadata;
  return {
    kind,
    ...(namespace && { namespace }),
    name,
    ...(uid && { uid }),
    apiVersion,
    ...(resourceVersion && { resourceVersion }),
    ...(fieldPath && { fieldPath }),
  };
}
