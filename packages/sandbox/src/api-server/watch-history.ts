import type { ApiObject } from "./api-object.ts";

/** One change of one object. */
export interface StoredEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly key: string;
  /** The object after the change; for a deletion its last state under the version of the deletion. */
  readonly object: ApiObject;
  readonly before: ApiObject | undefined;
  readonly revision: number;
}

/**
 * The last changes of a resource, oldest first: what watches replay, and what lists at an earlier version are undone
 * with. Holds at most `capacity` and at least half of it once filled.
 */
export class WatchHistory {
  readonly #capacity: number;
  #events: StoredEvent[] = [];
  /** The version up to which changes have been forgotten: a watch from here or later misses nothing. */
  #compacted: number;

  constructor(capacity: number, compacted: number) {
    this.#capacity = Math.max(2, capacity);
    this.#compacted = compacted;
  }

  get compacted(): number {
    return this.#compacted;
  }

  add(event: StoredEvent): void {
    this.#events.push(event);
    if (this.#events.length <= this.#capacity) return;
    const dropped = this.#events.length - (this.#capacity >> 1);
    this.#compacted = (this.#events[dropped - 1] as StoredEvent).revision;
    this.#events = this.#events.slice(dropped);
  }

  /** Forgets everything up to now. */
  compact(revision: number): void {
    this.#events = this.#events.filter((event) => event.revision > revision);
    this.#compacted = Math.max(this.#compacted, revision);
  }

  /** The changes after `revision`, oldest first; undefined where some of them have been forgotten. */
  since(revision: number): readonly StoredEvent[] | undefined {
    if (revision < this.#compacted) return undefined;
    let low = 0;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#events[middle] as StoredEvent).revision <= revision) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? this.#events : this.#events.slice(low);
  }
}
