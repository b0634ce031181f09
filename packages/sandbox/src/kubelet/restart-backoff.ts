import type { Instant } from "@bellows/kube";

const initialMs = 10_000;
const maxMs = 300_000;
/** A container that ran this long starts over with the shortest delay. */
const forgetAfterMs = 2 * maxMs;

/**
 * The delay before a container is started again: none at first, then 10 s, doubled each time up to 5 min
 * (client-go `flowcontrol.Backoff` as the kubelet uses it).
 */
export class RestartBackoff {
  #delayMs = 0;
  #updatedAt: Instant = 0;

  /** The delay that is in force for a container that finished at `finishedAt`; 0 where it may start at once. */
  delayMs(finishedAt: Instant): number {
    return this.#delayMs === 0 || finishedAt - this.#updatedAt > forgetAfterMs ? 0 : this.#delayMs;
  }

  /** A start that follows a finish: the next one waits longer. */
  started(finishedAt: Instant): void {
    this.#delayMs = this.delayMs(finishedAt) === 0 ? initialMs : Math.min(maxMs, this.#delayMs * 2);
    this.#updatedAt = finishedAt;
  }
}
