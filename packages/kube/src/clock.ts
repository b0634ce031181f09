/** An instant: milliseconds since the Unix epoch. */
export type Instant = number;

/** A pending call of {@link Clock.after}. Cancelling one that has run, or twice, does nothing. */
export interface Timer {
  cancel(): void;
}

/**
 * The clock seam: everything that asks for the time or waits for it goes through here, so that one program runs in
 * real, accelerated and virtual time.
 */
export interface Clock {
  now(): Instant;
  /** Runs `run` once, `ms` milliseconds of this clock from now (at the next turn for 0 or less). */
  after(ms: number, run: () => void): Timer;
}

/** Waits `ms` of `clock`. Resolves early, without an error, when `signal` aborts. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      timer.cancel();
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = clock.after(ms, done);
    signal?.addEventListener("abort", done, { once: true });
  });
}

/** The longest that the machine's timers can wait; they take more for 1 ms. */
const longestTimeoutMs = 2 ** 31 - 1;

/** A timer of the machine that may be further away than its own timers reach. Never, for infinity. */
class MachineTimer implements Timer {
  readonly #run: () => void;
  #handle: NodeJS.Timeout | undefined;

  constructor(ms: number, run: () => void) {
    this.#run = run;
    this.#wait(ms);
  }

  cancel(): void {
    clearTimeout(this.#handle);
  }

  #wait(leftMs: number): void {
    if (leftMs <= longestTimeoutMs) this.#handle = setTimeout(this.#run, Math.max(0, leftMs));
    else this.#handle = setTimeout(() => this.#wait(leftMs - longestTimeoutMs), longestTimeoutMs);
  }
}

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after: (ms, run) => new MachineTimer(ms, run),
};
