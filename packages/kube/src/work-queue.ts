import type { ObjectKey } from "./client.ts";
import type { Clock, Instant, Timer } from "./clock.ts";
import { keyText } from "./informer.ts";

export interface WorkQueueOptions {
  readonly clock: Clock;
  /** Works on one key. A throw is tried again with back-off; a returned instant is when to look again. */
  readonly work: (key: ObjectKey, slot: number) => Promise<Instant | undefined>;
  /** Keys at work at the same time; default 1. */
  readonly concurrency?: number;
  /** First and longest wait after a failure, doubled in between; default 5 ms and 1000 s, as client-go's. */
  readonly backoffBaseMs?: number;
  readonly backoffMaxMs?: number;
  /** Most keys held, waiting or at work; default 1,000,000. A key beyond it is refused. */
  readonly maxKeys?: number;
  readonly observer?: WorkQueueObserver;
}

/** What is measured of a queue. */
export interface WorkQueueObserver {
  added(): void;
  retried(): void;
  /** A key was taken, after waiting so long. */
  started(waitedMs: number): void;
  finished(workedMs: number): void;
  depth(ready: number): void;
}

/** A queue of keys. Adding a key that waits already changes nothing; one at work is worked on once more afterwards. */
export interface WorkQueue {
  /** @returns false where the queue is full and the key was refused */
  add(key: ObjectKey): boolean;
  /** Adds the key at an instant. Of several instants the earliest counts; a run in between cancels them. */
  addAt(key: ObjectKey, at: Instant): boolean;
  /** Keys ready to be worked on. */
  readonly depth: number;
  /** Takes no more keys; resolves when those at work are done. */
  stop(): Promise<void>;
}

interface Entry {
  readonly key: ObjectKey;
  readonly text: string;
  state: "delayed" | "ready" | "working" | "working-and-dirty";
  failures: number;
  readyAt: Instant;
  dueAt: Instant;
  timer: Timer | undefined;
}

/** After so many keys in a row the worker lets the rest of the process have a turn. */
const keysPerTurn = 256;

export function createWorkQueue(options: WorkQueueOptions): WorkQueue {
  return new KeyQueue(options);
}

class KeyQueue implements WorkQueue {
  readonly #options: WorkQueueOptions;
  readonly #entries = new Map<string, Entry>();
  /** First in, first out; `#head` is the next. */
  #ready: Entry[] = [];
  #head = 0;
  readonly #idleSlots: number[];
  #working = 0;
  #pumping = false;
  #sinceTurn = 0;
  #stopped: PromiseWithResolvers<void> | undefined;

  constructor(options: WorkQueueOptions) {
    this.#options = options;
    this.#idleSlots = Array.from({ length: options.concurrency ?? 1 }, (_, index) => index).reverse();
  }

  get depth(): number {
    return this.#ready.length - this.#head;
  }

  add(key: ObjectKey): boolean {
    const entry = this.#entry(key);
    if (!entry) return false;
    if (entry.state === "ready" || entry.state === "working-and-dirty") return true;
    this.#options.observer?.added();
    if (entry.state === "working") entry.state = "working-and-dirty";
    else this.#makeReady(entry);
    return true;
  }

  addAt(key: ObjectKey, at: Instant): boolean {
    if (at <= this.#options.clock.now()) return this.add(key);
    const entry = this.#entry(key);
    if (entry) this.#delay(entry, at);
    return entry !== undefined;
  }

  stop(): Promise<void> {
    if (!this.#stopped) {
      this.#stopped = Promise.withResolvers();
      for (const entry of this.#entries.values()) entry.timer?.cancel();
      this.#entries.clear();
      this.#ready = [];
      this.#head = 0;
      if (this.#working === 0) this.#stopped.resolve();
    }
    return this.#stopped.promise;
  }

  /** The entry of a key, made where there is none; undefined where it may not be made. */
  #entry(key: ObjectKey): Entry | undefined {
    if (this.#stopped) return undefined;
    const text = keyText(key);
    const known = this.#entries.get(text);
    if (known) return known;
    if (this.#entries.size >= (this.#options.maxKeys ?? 1_000_000)) return undefined;
    const entry: Entry = { key, text, state: "delayed", failures: 0, readyAt: 0, dueAt: Infinity, timer: undefined };
    this.#entries.set(text, entry);
    return entry;
  }

  #delay(entry: Entry, at: Instant): void {
    if (at >= entry.dueAt) return;
    entry.timer?.cancel();
    entry.dueAt = at;
    entry.timer = this.#options.clock.after(at - this.#options.clock.now(), () => {
      entry.timer = undefined;
      entry.dueAt = Number.POSITIVE_INFINITY;
      this.add(entry.key);
    });
  }

  #makeReady(entry: Entry): void {
    entry.state = "ready";
    entry.readyAt = this.#options.clock.now();
    this.#ready.push(entry);
    this.#options.observer?.depth(this.depth);
    this.#pump();
  }

  /** In a microtask, so that the wake-ups of one turn are merged before the first is answered. */
  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    queueMicrotask(() => {
      this.#pumping = false;
      this.#startReady();
    });
  }

  #startReady(): void {
    while (this.depth > 0 && this.#idleSlots.length > 0 && !this.#stopped) {
      if (++this.#sinceTurn > keysPerTurn) {
        // Work that needs no I/O would otherwise keep the process from all else, as one long chain of microtasks.
        this.#pumping = true;
        this.#options.clock.after(0, () => {
          this.#sinceTurn = 0;
          this.#pumping = false;
          this.#startReady();
        });
        return;
      }
      void this.#work(this.#take(), this.#idleSlots.pop() as number);
    }
  }

  #take(): Entry {
    const entry = this.#ready[this.#head++] as Entry;
    if (this.#head > 1024 && this.#head * 2 > this.#ready.length) {
      this.#ready = this.#ready.slice(this.#head);
      this.#head = 0;
    }
    this.#options.observer?.depth(this.depth);
    return entry;
  }

  async #work(entry: Entry, slot: number): Promise<void> {
    const { clock, observer } = this.#options;
    const startedAt = clock.now();
    observer?.started(startedAt - entry.readyAt);
    entry.timer?.cancel();
    entry.timer = undefined;
    entry.dueAt = Number.POSITIVE_INFINITY;
    entry.state = "working";
    this.#working++;
    let next: Instant | undefined;
    try {
      next = await this.#options.work(entry.key, slot);
      entry.failures = 0;
    } catch {
      next = clock.now() + this.#backoffMs(entry.failures++);
      observer?.retried();
    }
    this.#working--;
    this.#idleSlots.push(slot);
    observer?.finished(clock.now() - startedAt);
    this.#settle(entry, next);
  }

  #settle(entry: Entry, next: Instant | undefined): void {
    if (this.#stopped) {
      if (this.#working === 0) this.#stopped.resolve();
      return;
    }
    const dirty = (entry.state as Entry["state"]) === "working-and-dirty";
    entry.state = "delayed";
    if (next !== undefined) this.#delay(entry, next);
    if (dirty || (next !== undefined && next <= this.#options.clock.now())) this.#makeReady(entry);
    else if (entry.timer === undefined) this.#entries.delete(entry.text);
    if (this.depth > 0) this.#pump();
  }

  #backoffMs(failures: number): number {
    const { backoffBaseMs = 5, backoffMaxMs = 1_000_000 } = this.#options;
    return Math.min(backoffBaseMs * 2 ** failures, backoffMaxMs);
  }
}
