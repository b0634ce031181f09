import type { Clock, Instant, Timer } from "./clock.ts";
import { VirtualClock } from "./virtual-clock.ts";

interface Pending {
  readonly at: Instant;
  readonly run: () => void;
  timer: Timer;
}

/**
 * A clock that is virtual at first and then becomes another one: a world is driven through its past as fast as it can
 * compute, and goes on live from there. Timers that are still to come move over with what is left of their time.
 */
export class HandoverClock implements Clock {
  readonly virtual: VirtualClock;
  readonly #pending = new Set<Pending>();
  #live: Clock | undefined;

  constructor(startAt: Instant) {
    this.virtual = new VirtualClock(startAt);
  }

  now(): Instant {
    return (this.#live ?? this.virtual).now();
  }

  after(ms: number, run: () => void): Timer {
    if (this.#live) return this.#live.after(ms, run);
    const pending: Pending = {
      at: this.virtual.now() + Math.max(0, Math.ceil(ms)),
      run: () => {
        this.#pending.delete(pending);
        run();
      },
      timer: { cancel() {} },
    };
    pending.timer = this.virtual.after(ms, pending.run);
    this.#pending.add(pending);
    return {
      cancel: () => {
        this.#pending.delete(pending);
        pending.timer.cancel();
      },
    };
  }

  /** From now on this clock is `clock`, whose time must not be before the virtual one's. */
  goLive(clock: Clock): void {
    this.#live = clock;
    for (const pending of [...this.#pending].sort((a, b) => a.at - b.at)) {
      pending.timer.cancel();
      pending.timer = clock.after(pending.at - clock.now(), pending.run);
    }
  }
}
