import type { Clock, Timer } from "@bellows/kube";
import type { ApiObject } from "./api-object.ts";
import type { Collection } from "./store.ts";
import type { StoredEvent } from "./watch-history.ts";

/** kube-apiserver's `--event-ttl`. Each write of an Event begins its hour anew. */
const eventTtlMs = 60 * 60 * 1000;

interface Expiry {
  readonly key: string;
  /** The version that expires: a later one has an entry of its own. */
  readonly resourceVersion: string | undefined;
  readonly at: number;
}

/**
 * Deletes Events an hour after they were last written. Every Event lives equally long, so that the order of writes is
 * the order of expiry: one queue and one timer do, however many Events there are.
 */
export class EventExpiry {
  readonly #events: Collection;
  readonly #clock: Clock;
  #queue: Expiry[] = [];
  #head = 0;
  #timer: Timer | undefined;

  constructor(events: Collection, clock: Clock) {
    this.#events = events;
    this.#clock = clock;
    this.#queue = events.list().map(restored).sort(byTime);
    events.subscribe({ event: (event) => this.#written(event), gone: () => this.#timer?.cancel() }, 0);
    this.#wait();
  }

  #written({ type, key, object }: StoredEvent): void {
    if (type === "DELETED") return;
    const { resourceVersion } = object.metadata;
    this.#queue.push({ key, resourceVersion, at: this.#clock.now() + eventTtlMs });
    if (!this.#timer) this.#wait();
  }

  #wait(): void {
    this.#timer = undefined;
    const next = this.#queue[this.#head];
    if (next) this.#timer = this.#clock.after(Math.max(0, next.at - this.#clock.now()), () => this.#expire());
  }

  #expire(): void {
    const now = this.#clock.now();
    for (let next = this.#queue[this.#head]; next && next.at <= now; next = this.#queue[++this.#head]) {
      if (this.#events.get(next.key)?.metadata.resourceVersion === next.resourceVersion) this.#events.remove(next.key);
    }
    this.#queue = this.#queue.slice(this.#head);
    this.#head = 0;
    this.#wait();
  }
}

/** When a saved Event was written is not known: it is as old as what it tells of. */
function restored(event: ApiObject): Expiry {
  const { metadata, lastTimestamp, series, eventTime } = event as ApiObject & {
    readonly lastTimestamp?: string | null;
    readonly eventTime?: string | null;
    readonly series?: { readonly lastObservedTime?: string };
  };
  const told = series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? "";
  const { namespace, name, resourceVersion } = metadata;
  return { key: `${namespace}/${name}`, resourceVersion, at: (Date.parse(told) || 0) + eventTtlMs };
}

const byTime = (a: Expiry, b: Expiry) => a.at - b.at || (a.key < b.key ? -1 : 1);
