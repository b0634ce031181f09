import type { Instant } from "@bellows/kube";

export interface BatchWindow {
  /** How long nothing new must have come. */
  readonly idleMs: number;
  /** How long to wait for that at most. */
  readonly maxMs: number;
}

/** Gathers what comes together, so that it is decided together: one node for five pods, not five nodes. */
export class Batch {
  readonly #window: BatchWindow;
  #startedAt: Instant | undefined;
  #lastAt: Instant = 0;

  constructor(window: BatchWindow) {
    this.#window = window;
  }

  trigger(now: Instant): void {
    this.#startedAt ??= now;
    this.#lastAt = now;
  }

  /** When to decide; undefined where nothing has come. */
  get dueAt(): Instant | undefined {
    if (this.#startedAt === undefined) return undefined;
    return Math.min(this.#lastAt + this.#window.idleMs, this.#startedAt + this.#window.maxMs);
  }

  /** What comes from now on is for the next decision. */
  close(): void {
    this.#startedAt = undefined;
  }
}
