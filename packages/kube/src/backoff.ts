import type { Clock } from "./clock.ts";
import type { Random } from "./random.ts";

export interface BackoffOptions {
  readonly baseMs: number;
  readonly maxMs: number;
  readonly factor: number;
  /** Each wait is lengthened by up to this share of itself, by chance. */
  readonly jitter: number;
  /** Begins anew where the last failure is longer ago than this. */
  readonly resetAfterMs: number;
}

/** Waits that grow from failure to failure. */
export class Backoff {
  readonly #options: BackoffOptions;
  readonly #clock: Clock;
  readonly #random: Random;
  #nextMs: number;
  #lastAt = Number.NEGATIVE_INFINITY;

  constructor(options: BackoffOptions, clock: Clock, random: Random) {
    this.#options = options;
    this.#clock = clock;
    this.#random = random;
    this.#nextMs = options.baseMs;
  }

  /** What to wait after this failure. */
  nextMs(): number {
    const { baseMs, maxMs, factor, jitter, resetAfterMs } = this.#options;
    const now = this.#clock.now();
    const ms = now - this.#lastAt > resetAfterMs ? baseMs : this.#nextMs;
    this.#lastAt = now;
    this.#nextMs = Math.min(ms * factor, maxMs);
    return ms * (1 + jitter * this.#random.next());
  }

  reset(): void {
    this.#nextMs = this.#options.baseMs;
  }
}
