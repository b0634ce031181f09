import { type Clock, type Instant, systemClock, type Timer } from "./clock.ts";
import { VirtualClock } from "./virtual-clock.ts";

/** What a machine has not got round to for longer than this is not caught up with: time has then passed more slowly. */
const mostLagMs = 1000;

/**
 * A clock that starts at the machine's time and runs `speed` times as fast. A machine that can't keep up slows it down;
 * it never skips: timers fire one after the other, each at its own instant, however late. So nobody is taken for silent
 * whose timer is due as well.
 * @param machine  the clock to run ahead of
 */
export function acceleratedClock(speed: number, machine: Clock = systemClock): Clock {
  if (!(speed > 0)) throw new RangeError(`speed: ${speed}, expected a number above 0`);
  return new AcceleratedClock(speed, machine);
}

class AcceleratedClock implements Clock {
  readonly #speed: number;
  readonly #machine: Clock;
  readonly #virtual: VirtualClock;
  /** Two instants at the same time: this clock's and the machine's. */
  #here: Instant;
  #there: Instant;
  #wakeUp: { readonly at: Instant; readonly timer: Timer } | undefined;
  #isFiring = false;

  constructor(speed: number, machine: Clock) {
    this.#speed = speed;
    this.#machine = machine;
    this.#here = machine.now();
    this.#there = this.#here;
    this.#virtual = new VirtualClock(this.#here);
  }

  now(): Instant {
    if (this.#isFiring) return this.#virtual.now();
    return Math.max(this.#virtual.now(), Math.min(this.#target(), this.#virtual.nextAt));
  }

  after(ms: number, run: () => void): Timer {
    const at = this.now() + Math.max(0, ms);
    const timer = this.#virtual.after(at - this.#virtual.now(), run);
    this.#arm();
    return {
      cancel: () => {
        timer.cancel();
        this.#arm();
      },
    };
  }

  /** Where time would be if nothing was late. */
  #target(): Instant {
    return Math.floor(this.#here + (this.#machine.now() - this.#there) * this.#speed);
  }

  /** Wakes up for the next timer, and for nothing else. */
  #arm(): void {
    const at = this.#virtual.nextAt;
    if (this.#isFiring || at === this.#wakeUp?.at) return;
    this.#wakeUp?.timer.cancel();
    this.#wakeUp = undefined;
    if (at === Number.POSITIVE_INFINITY) return;
    const ms = Math.ceil((at - this.#target()) / this.#speed);
    this.#wakeUp = { at, timer: this.#machine.after(Math.max(0, ms), () => void this.#fire()) };
  }

  /** All that is due; between two instants the machine's input and output have their turn. */
  async #fire(): Promise<void> {
    this.#wakeUp = undefined;
    this.#isFiring = true;
    try {
      for (let at = this.#virtual.nextAt; at <= this.#target(); at = this.#virtual.nextAt) {
        this.#forgetLag(at);
        await this.#virtual.runNext();
      }
    } finally {
      this.#isFiring = false;
    }
    this.#arm();
  }

  #forgetLag(at: Instant): void {
    const most = mostLagMs * this.#speed;
    if (this.#target() - at <= most) return;
    this.#here = at + most;
    this.#there = this.#machine.now();
  }
}
