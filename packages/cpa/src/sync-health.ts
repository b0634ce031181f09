import type { Clock } from "@bellows/kube";

export interface SyncHealthOptions {
  readonly clock: Clock;
  readonly pollPeriodMs: number;
  /** Consecutive failures before `giveUp` is called; 0: never. */
  readonly maxFailures: number;
  readonly giveUp: (reason: string) => void;
}

/** How the last syncs went: what `/last-poll` answers, and when upstream's process would end itself. */
export interface SyncHealth {
  record(problem: string | undefined): void;
  /** What went wrong at the last sync. */
  readonly lastProblem: string | undefined;
}

/** Failures within one poll period count once: a sync that an event brought forward is no further attempt. */
export function syncHealth({ clock, pollPeriodMs, maxFailures, giveUp }: SyncHealthOptions): SyncHealth {
  let lastProblem: string | undefined;
  let failures = 0;
  let countedAt = Number.NEGATIVE_INFINITY;
  return {
    record(problem) {
      lastProblem = problem;
      const now = clock.now();
      if (problem === undefined) {
        failures = 0;
        countedAt = Number.NEGATIVE_INFINITY;
        return;
      }
      if (now - countedAt < pollPeriodMs) return;
      countedAt = now;
      failures++;
      if (maxFailures > 0 && failures === maxFailures) giveUp(`${failures} syncs failed in a row: ${problem}`);
    },
    get lastProblem() {
      return lastProblem;
    },
  };
}
