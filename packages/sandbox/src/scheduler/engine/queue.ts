import type { PodInfo } from "./pod-info.ts";

/** A pod that waits for a node. */
export interface QueuedPod {
  readonly pod: PodInfo;
  readonly attempts: number;
  /** When it came, milliseconds; keeps its place among equals over retries. */
  readonly addedAt: number;
  readonly failedAt: number;
  /** What rejected it the last time. */
  readonly plugins: ReadonlySet<string>;
  readonly order: number;
}

/** A pod is tried again at the earliest this long after it was rejected. Upstream backs off longer only when it is busy. */
const rejectedBackoffMs = 1_000;
/** After an error the wait doubles from one second to ten. */
const errorBackoffMs = { first: 1_000, most: 10_000 };
/** Pods that nothing woke are tried again after five minutes all the same. */
const forgottenAfterMs = 300_000;

type Place =
  | { readonly in: "active" }
  | { readonly in: "backoff"; readonly until: number }
  | { readonly in: "unschedulable"; readonly until: number }
  | { readonly in: "flight" };

interface Entry {
  queued: QueuedPod;
  place: Place;
}

/**
 * The pods that wait: active ones in order of priority, then of age; those in back-off; and those that wait for something in
 * the cluster to change. Instants are milliseconds.
 */
export class SchedulingQueue {
  readonly #entries = new Map<string, Entry>();
  readonly #active = new Heap<QueuedPod>(comesFirst);
  /** Wake-up instants; an entry that has moved since is skipped when it comes up. */
  readonly #timed = new Heap<{ uid: string; until: number; order: number }>(
    (a, b) => a.until < b.until || (a.until === b.until && a.order < b.order),
  );
  #order = 0;

  get size(): number {
    return this.#entries.size;
  }

  /** How many pods wait, and for what. */
  counts(): Record<Place["in"], number> {
    const counts = { active: 0, backoff: 0, unschedulable: 0, flight: 0 };
    for (const { place } of this.#entries.values()) counts[place.in]++;
    return counts;
  }

  has(uid: string): boolean {
    return this.#entries.has(uid);
  }

  /** Adds a pod, or replaces what is known of one; a change of an unschedulable pod itself (`changed`) tries it again. */
  set(pod: PodInfo, now: number, changed = false): void {
    const entry = this.#entries.get(pod.uid);
    if (!entry) {
      const queued = { pod, attempts: 0, addedAt: now, failedAt: 0, plugins: new Set<string>(), order: this.#order++ };
      this.#activate({ queued, place: { in: "active" } });
      return;
    }
    const active = entry.place.in === "active";
    entry.queued = { ...entry.queued, pod };
    if (active) this.#active.push(entry.queued);
    if (changed && entry.place.in === "unschedulable") this.#wakeEntry(entry, now);
  }

  delete(uid: string): void {
    this.#entries.delete(uid);
  }

  /** Takes the first active pod out to be scheduled; it stays known until it is deleted or put back. */
  pop(now: number): QueuedPod | undefined {
    this.#flush(now);
    for (let queued = this.#active.pop(); queued; queued = this.#active.pop()) {
      const entry = this.#entries.get(queued.pod.uid);
      if (entry?.place.in !== "active" || entry.queued !== queued) continue;
      entry.place = { in: "flight" };
      return queued;
    }
    return undefined;
  }

  /** Puts back a pod that no node can take: it waits for a change that may help against `plugins`. */
  rejected(uid: string, plugins: ReadonlySet<string>, now: number): void {
    this.#retry(uid, plugins, now, (queued) => ({ in: "unschedulable", until: queued.failedAt + forgottenAfterMs }));
  }

  /** Puts back a pod after a fault: it is tried again after a back-off. */
  failed(uid: string, now: number): void {
    this.#retry(uid, new Set(), now, ({ attempts, failedAt }) => ({
      in: "backoff",
      until: failedAt + Math.min(errorBackoffMs.most, errorBackoffMs.first * 2 ** Math.min(attempts - 1, 10)),
    }));
  }

  /** Tries again those unschedulable pods that a change may have helped. */
  wake(mayHelp: (queued: QueuedPod) => boolean, now: number): void {
    for (const entry of this.#entries.values()) {
      if (entry.place.in === "unschedulable" && mayHelp(entry.queued)) this.#wakeEntry(entry, now);
    }
  }

  /** When something becomes active by itself; undefined where nothing waits for time. */
  nextAt(): number | undefined {
    for (let top = this.#timed.peek(); top; top = this.#timed.peek()) {
      const place = this.#entries.get(top.uid)?.place;
      if (place && "until" in place && place.until === top.until) return top.until;
      this.#timed.pop();
    }
    return undefined;
  }

  #retry(uid: string, plugins: ReadonlySet<string>, now: number, placeOf: (queued: QueuedPod) => Place): void {
    const entry = this.#entries.get(uid);
    if (!entry) return;
    entry.queued = { ...entry.queued, attempts: entry.queued.attempts + 1, failedAt: now, plugins };
    this.#place(entry, placeOf(entry.queued));
  }

  #wakeEntry(entry: Entry, now: number): void {
    const until = entry.queued.failedAt + rejectedBackoffMs;
    if (until <= now) this.#activate(entry);
    else this.#place(entry, { in: "backoff", until });
  }

  #flush(now: number): void {
    for (let at = this.nextAt(); at !== undefined && at <= now; at = this.nextAt()) {
      const uid = this.#timed.pop()?.uid;
      const entry = uid === undefined ? undefined : this.#entries.get(uid);
      if (entry) this.#activate(entry);
    }
  }

  #activate(entry: Entry): void {
    entry.place = { in: "active" };
    this.#entries.set(entry.queued.pod.uid, entry);
    this.#active.push(entry.queued);
  }

  #place(entry: Entry, place: Place): void {
    entry.place = place;
    if ("until" in place) this.#timed.push({ uid: entry.queued.pod.uid, until: place.until, order: this.#order++ });
  }
}

function comesFirst(a: QueuedPod, b: QueuedPod): boolean {
  if (a.pod.priority !== b.pod.priority) return a.pod.priority > b.pod.priority;
  if (a.addedAt !== b.addedAt) return a.addedAt < b.addedAt;
  return a.order < b.order;
}

/** A binary heap; `before` is a strict order. */
class Heap<T> {
  readonly #items: T[] = [];
  readonly #before: (a: T, b: T) => boolean;

  constructor(before: (a: T, b: T) => boolean) {
    this.#before = before;
  }

  peek(): T | undefined {
    return this.#items[0];
  }

  push(item: T): void {
    const items = this.#items;
    let index = items.push(item) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#before(item, items[parent] as T)) break;
      items[index] = items[parent] as T;
      index = parent;
    }
    items[index] = item;
  }

  pop(): T | undefined {
    const items = this.#items;
    const top = items[0];
    const last = items.pop();
    if (last === undefined || items.length === 0) return top;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && this.#before(items[child + 1] as T, items[child] as T)) child++;
      if (!this.#before(items[child] as T, last)) break;
      items[index] = items[child] as T;
      index = child;
    }
    items[index] = last;
    return top;
  }
}
