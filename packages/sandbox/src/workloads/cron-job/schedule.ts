import type { CronJob, CronSchedule } from "@bellows/api";
import { type Instant, parseTimestamp } from "@bellows/kube";

/** Starts missed beyond this many are reported (`TooManyMissedTimes`). */
const manyMissed = 100;

export interface Due {
  /** The latest start that is due and not later than now; undefined where none is. */
  readonly at: Instant | undefined;
  readonly missedMany: boolean;
}

/** Since when starts count: the last one, or creation, or the starting deadline before now. */
function earliest({ metadata, status, spec }: CronJob, now: Instant, honorsDeadline: boolean): Instant {
  const since = parseTimestamp(status?.lastScheduleTime) ?? parseTimestamp(metadata.creationTimestamp) ?? 0;
  const deadline = spec?.startingDeadlineSeconds;
  return honorsDeadline && deadline !== undefined ? Math.max(since, now - deadline * 1000) : since;
}

export function dueStart(cronJob: CronJob, schedule: CronSchedule, now: Instant): Due {
  const first = schedule.next(earliest(cronJob, now, true));
  if (first === undefined || first > now) return { at: undefined, missedMany: false };
  let at = first;
  let missed = 0;
  for (let next = schedule.next(at); next !== undefined && next <= now; next = schedule.next(at)) {
    at = next;
    // The latest of very many is found from the other end.
    if (++missed > manyMissed) return { at: schedule.previous(now) ?? at, missedMany: true };
  }
  return { at, missedMany: false };
}

/** When to look again: the next start after now. */
export const nextStart = (schedule: CronSchedule, now: Instant): Instant | undefined => schedule.next(now);

/** Jobs are named by the minute of their start, so that one start makes one Job, whatever is retried. */
export const jobName = ({ metadata }: CronJob, at: Instant): string => `${metadata.name}-${Math.floor(at / 60_000)}`;
