import { currentInterval, nextPollingLevel, type PolledMetric, pollingBoundsOf } from "../engine/adaptive-polling.ts";
import { pollingIntervalMs } from "../engine/polling.ts";
import type { SpecifiedScaledJob } from "../engine/scaled-job-strategy.ts";
import type { JobLoop } from "./job-loops.ts";
import type { QueueReadings } from "./read-queues.ts";

/** How long it is from one poll to the next. */
export const pollingInterval = (scaledJob: SpecifiedScaledJob, { pollingLevel }: JobLoop): number =>
  currentInterval(pollingBoundsOf(scaledJob), pollingLevel, pollingIntervalMs(scaledJob.spec.pollingInterval));

/** Polls sooner or later from now on as the queues go, where that is asked for. */
export function adaptPolling(scaledJob: SpecifiedScaledJob, loop: JobLoop, { readings, errors }: QueueReadings): void {
  const bounds = pollingBoundsOf(scaledJob);
  const { lastJobs } = loop;
  loop.lastJobs = errors.length > 0 ? undefined : readings.map(({ jobs }) => jobs);
  if (!bounds) {
    loop.pollingLevel = undefined;
    return;
  }
  const metrics = readings.map(
    ({ jobs, active }, index): PolledMetric => ({ value: jobs, before: lastJobs?.[index], target: 1, active }),
  );
  const failed: PolledMetric = { value: undefined, before: undefined, target: 1, active: false };
  const ordinaryMs = pollingIntervalMs(scaledJob.spec.pollingInterval);
  loop.pollingLevel = nextPollingLevel(bounds, loop.pollingLevel, ordinaryMs, errors.length > 0 ? [failed] : metrics);
}
