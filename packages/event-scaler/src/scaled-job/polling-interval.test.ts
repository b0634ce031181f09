import { expect, test } from "vitest";
import type { QueueReading } from "../engine/scaled-job-queue.ts";
import type { SpecifiedScaledJob } from "../engine/scaled-job-strategy.ts";
import { JobLoops } from "./job-loops.ts";
import { adaptPolling, pollingInterval } from "./polling-interval.ts";

const key = { namespace: "shop", name: "worker" };

const aScaledJob = (bounds?: string) =>
  ({
    apiVersion: "keda.sh/v1alpha1",
    kind: "ScaledJob",
    metadata: { ...key, ...(bounds && { annotations: { "event-scaler.bellows.dev/adaptive-polling": bounds } }) },
    spec: { pollingInterval: 30, jobTargetRef: {}, triggers: [] },
  }) as unknown as SpecifiedScaledJob;

/** What the interval is after each poll that found so many Jobs to make; undefined for one that failed. */
function intervals(scaledJob: SpecifiedScaledJob, polls: readonly (number | undefined)[]): number[] {
  const loops = new JobLoops();
  loops.start(key, "u", 1);
  const loop = loops.get(key);
  if (!loop) throw new Error("no loop");
  return polls.map((jobs) => {
    const readings: QueueReading[] = jobs === undefined ? [] : [{ queueLength: jobs, jobs, active: jobs > 0 }];
    const errors = jobs === undefined ? ["down"] : [];
    adaptPolling(scaledJob, loop, { readings, errors, metricNames: [], activeTriggers: [] });
    return pollingInterval(scaledJob, loop);
  });
}

test("the interval stays where it is not to adapt", () => {
  expect(intervals(aScaledJob(), [0, 0, 9, undefined])).toEqual([30_000, 30_000, 30_000, 30_000]);
});

test("an idle queue is asked ever less, one that moves at once more often, one that fails as ever", () => {
  expect(intervals(aScaledJob("5s..2m"), [0, 0, 0, 0, 1, 1.5, 1.5, undefined, 7, 7])).toEqual([
    20_000, 40_000, 80_000, 80_000, 5_000, 5_000, 10_000, 20_000, 20_000, 40_000,
  ]);
});
