import type { DecisionId } from "@bellows/api";
import type { Instant } from "@bellows/kube";

interface Written {
  readonly decisionId: DecisionId;
  /** When the same count was last written once more, since somebody else had changed it. */
  readonly correctedAt?: Instant;
}

/** Targets that are remembered; beyond it the oldest may be put right once more at once. */
const mostTargets = 10_000;

/**
 * Keeps from fighting at the pace of events: what somebody else does to a target is undone at once, but if they do it
 * again, once a period. A decision that changes is carried out at once.
 */
export class Corrections {
  readonly #periodMs: number;
  readonly #written = new Map<string, Written>();

  constructor(periodMs: number) {
    this.#periodMs = periodMs;
  }

  /** When a target may be given the count of a decision: at the latest a period after it was put right. */
  allowedAt(target: string, decisionId: DecisionId, now: Instant): Instant {
    const last = this.#written.get(target);
    if (last?.decisionId !== decisionId || last.correctedAt === undefined) return now;
    return Math.max(now, last.correctedAt + this.#periodMs);
  }

  /** The count of a decision was written. */
  wrote(target: string, decisionId: DecisionId, now: Instant): void {
    const again = this.#written.get(target)?.decisionId === decisionId;
    this.#written.delete(target);
    this.#written.set(target, { decisionId, ...(again && { correctedAt: now }) });
    if (this.#written.size > mostTargets) this.#written.delete(this.#written.keys().next().value as string);
  }
}
