import type { Instant } from "@bellows/kube";

/** Loops are not exact: a reading that comes a tenth of its interval early is the next one. */
const tolerance = 0.9;

/** Who reads a metric: the object's own polling, or its HPA. Each has its own pace, as each counts by itself upstream. */
type Reader = "poll" | "hpa";

/**
 * Which failed readings of an object's metrics count for its fallback. A threshold of failures is meant as a time, that
 * of so many rounds of the loops; but an HPA that is woken by its pods or a source that pushes reads several times a
 * second, and would have a short hiccup taken for an outage.
 */
export class FailurePace {
  /** When the last reading began whose failure was counted, by reader and metric. */
  #counted: Map<string, Instant> | undefined;

  /** Whether the failure of a reading that began then counts: not where one did less than an interval before. */
  of(reader: Reader, intervalMs: number): (metricName: string, startedAt: Instant) => boolean {
    return (metricName, startedAt) => {
      const key = `${reader} ${metricName}`;
      const last = this.#counted?.get(key);
      // A clock that was set back must not stop the counting.
      const isAgain = last !== undefined && startedAt >= last && startedAt - last < intervalMs * tolerance;
      if (isAgain) return false;
      this.#counted ??= new Map();
      this.#counted.set(key, startedAt);
      return true;
    };
  }
}
