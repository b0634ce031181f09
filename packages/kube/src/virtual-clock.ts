import type { Clock, Instant, Timer } from "./clock.ts";

interface Entry {
  readonly at: Instant;
  readonly order: number;
  run: (() => void) | undefined;
}

/**
 * Time that moves only when told to. Timers fire in the order of their instants, ties in the order they were set.
 * Between two timers every promise that can settle without outside I/O settles, so that a run is deterministic as long
 * as nothing in it waits for the outside world.
 */
export class VirtualClock implements Clock {
  #now: Instant;
  #order = 0;
  /** A binary min-heap by (at, order). */
  #heap: Entry[] = [];
  /** Entries of the heap that will not run. They are kept until due, or until they are the most of it. */
  #cancelled = 0;

  constructor(startAt: Instant) {
    this.#now = startAt;
  }

  now(): Instant {
    return this.#now;
  }

  after(ms: number, run: () => void): Timer {
    const entry: Entry = { at: this.#now + Math.max(0, Math.ceil(ms)), order: this.#order++, run };
    this.#push(entry);
    return {
      cancel: () => {
        if (!entry.run) return;
        entry.run = undefined;
        this.#cancelled++;
        if (this.#cancelled > 1000 && this.#cancelled * 2 > this.#heap.length) this.#dropCancelled();
      },
    };
  }

  /** Timers that are set; an upper bound, since some of them may be cancelled. */
  get pending(): number {
    return this.#heap.length;
  }

  /** Moves time forward by `ms`, firing every timer that falls due, and settles what they started. */
  async run(ms: number): Promise<void> {
    const until = this.#now + ms;
    await this.runUntil(() => this.nextAt > until);
    this.#now = until;
    await settle();
  }

  /**
   * Fires timers one instant at a time until `done` holds (asked before each instant), no timer is left, or `stopAt`
   * would be passed.
   * @returns whether `done` held
   */
  async runUntil(done: () => boolean | Promise<boolean>, stopAt: Instant = Number.POSITIVE_INFINITY): Promise<boolean> {
    await settle();
    for (;;) {
      if (await done()) return true;
      const at = this.nextAt;
      if (at === Number.POSITIVE_INFINITY || at > stopAt) return false;
      await this.runNext();
    }
  }

  /** Moves to the instant of the next timer, fires what is due then, and settles what that started. */
  async runNext(): Promise<void> {
    const at = this.nextAt;
    if (at === Number.POSITIVE_INFINITY) return;
    this.#now = at;
    while (this.nextAt === at) {
      const entry = this.#pop() as Entry;
      const run = entry.run;
      // It has run: cancelling it changes nothing any more.
      entry.run = undefined;
      run?.();
      await settle();
    }
  }

  /** Waits for a promise in the time of this clock, at most until `stopAt`; then it is the caller's to wait for. */
  async settled<T>(promise: Promise<T>, stopAt?: Instant): Promise<T> {
    let isSettled = false;
    const end = () => {
      isSettled = true;
    };
    promise.then(end, end);
    await this.runUntil(() => isSettled, stopAt);
    return promise;
  }

  /** The instant of the next timer; infinity where none is set. */
  get nextAt(): Instant {
    while (this.#heap[0] && !this.#heap[0].run) {
      this.#pop();
      this.#cancelled--;
    }
    return this.#heap[0]?.at ?? Number.POSITIVE_INFINITY;
  }

  /** A timer that is set anew again and again, far ahead, would otherwise fill the memory of a long run. */
  #dropCancelled(): void {
    const live = this.#heap.filter((entry) => entry.run).sort((a, b) => (before(a, b) ? -1 : 1));
    // A sorted array is a heap.
    this.#heap = live;
    this.#cancelled = 0;
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let index = heap.push(entry) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!before(entry, heap[parent] as Entry)) break;
      heap[index] = heap[parent] as Entry;
      index = parent;
    }
    heap[index] = entry;
  }

  #pop(): Entry | undefined {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop();
    if (!last || heap.length === 0) return top;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1] as Entry, heap[child] as Entry)) child++;
      if (!before(heap[child] as Entry, last)) break;
      heap[index] = heap[child] as Entry;
      index = child;
    }
    heap[index] = last;
    return top;
  }
}

const before = (a: Entry, b: Entry) => a.at < b.at || (a.at === b.at && a.order < b.order);

/** Lets every pending microtask run, however many they start: a macrotask only begins when none is left. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
