import { Event, type Node, type Pod } from "@bellows/api";
import { type Client, type Clock, type Instant, type Logger, timestamp } from "@bellows/kube";

export interface EventText {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
}

/** Events whose repeats are counted; beyond this many the oldest are forgotten and would be written anew. */
const maxRemembered = 4096;
/** A repeat within this time raises the count of the Event already written (client-go's default aggregation window). */
const repeatWindowMs = 600_000;

interface Remembered {
  readonly name: string;
  count: number;
  at: Instant;
  /** The write in progress, so that a repeat never overtakes it. */
  written: Promise<void>;
}

/**
 * The Events of all kubelets of a process. They name the node as their source and a container by `fieldPath`. Writes go
 * out on their own: a kubelet never waits for one, and one that fails is logged and given up.
 */
export class KubeletEvents {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #remembered = new Map<string, Remembered>();
  #sequence = 0;

  constructor(client: Client, clock: Clock, log: Logger) {
    this.#client = client;
    this.#clock = clock;
    this.#log = log;
  }

  /** About a pod, or one of its containers (`fieldPath`: `spec.containers{name}`). */
  pod(pod: Pod, host: string, event: EventText, fieldPath?: string): void {
    const { name, namespace, uid, resourceVersion } = pod.metadata;
    this.#record(
      { kind: "Pod", name, namespace, uid, apiVersion: "v1", resourceVersion, ...(fieldPath && { fieldPath }) },
      host,
      event,
    );
  }

  /** About a node; its uid is the node's name, as kubelets have it. */
  node(node: Node, event: EventText): void {
    const { name } = node.metadata;
    this.#record({ kind: "Node", name, uid: name, apiVersion: "v1" }, name, event);
  }

  #record(involvedObject: Event["involvedObject"], host: string, event: EventText): void {
    const now = this.#clock.now();
    const key = [involvedObject.uid, involvedObject.fieldPath, event.type, event.reason, event.message].join("\u0000");
    const known = this.#remembered.get(key);
    if (known && now - known.at < repeatWindowMs) {
      known.count++;
      known.at = now;
      known.written = known.written.then(() => this.#repeat(involvedObject.namespace ?? "default", known));
      return;
    }
    const namespace = involvedObject.namespace ?? "default";
    const name = `${involvedObject.name}.${this.#suffix(now)}`;
    const at = timestamp(now);
    const created: Event = {
      apiVersion: "v1",
      kind: "Event",
      metadata: { name, namespace },
      involvedObject,
      ...event,
      source: { component: "kubelet", host },
      firstTimestamp: at,
      lastTimestamp: at,
      count: 1,
      reportingComponent: "kubelet",
      reportingInstance: host,
    };
    this.#remembered.delete(key);
    this.#remembered.set(key, {
      name,
      count: 1,
      at: now,
      written: this.#attempt(() => this.#client.create(Event, created)),
    });
    if (this.#remembered.size > maxRemembered) {
      const oldest = this.#remembered.keys().next().value;
      if (oldest !== undefined) this.#remembered.delete(oldest);
    }
  }

  #repeat(namespace: string, { name, count, at }: Remembered): Promise<void> {
    const body = { count, lastTimestamp: timestamp(at) };
    return this.#attempt(() => this.#client.patch(Event, { namespace, name }, { type: "merge", body }));
  }

  async #attempt(write: () => Promise<unknown>): Promise<void> {
    try {
      await write();
    } catch (error) {
      this.#log.debug("event was not written", { error });
    }
  }

  /** Nanoseconds in hexadecimal, as client-go names Events; a counter stands for what the clock does not resolve. */
  #suffix(now: Instant): string {
    this.#sequence = (this.#sequence + 1) % 1_000_000;
    return (BigInt(now) * 1_000_000n + BigInt(this.#sequence)).toString(16);
  }
}
