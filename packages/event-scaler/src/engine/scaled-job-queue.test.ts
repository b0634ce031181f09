import type { MetricSpec } from "@bellows/api";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { combineQueues, type QueueReading, readQueue, targetOf } from "./scaled-job-queue.ts";

const spec = (averageValue: string | undefined, name = "s0-queue"): MetricSpec => ({
  type: "External",
  external: { metric: { name }, target: { type: "AverageValue", ...(averageValue && { averageValue }) } },
});

describe("the target of a trigger", () => {
  test.each([
    { name: "is zero without metrics", targets: [], is: 0 },
    { name: "is that of all when they agree", targets: ["1", "1"], is: 1 },
    { name: "is the average of several", targets: ["5", "5", "3"], is: 13 / 3 },
    { name: "is not rounded", targets: ["5", "5", "4"], is: 14 / 3 },
    { name: "counts one without averageValue as zero", targets: ["4", undefined], is: 2 },
    { name: "may be a fraction", targets: ["500m"], is: 0.5 },
  ])("$name", ({ targets, is }) => {
    expect(targetOf(targets.map((target) => spec(target)))).toBeCloseTo(is, 12);
  });
});

describe("the queue of a trigger", () => {
  test.each([
    { name: "is divided by what one Job takes", value: 12, target: "5", max: 100, queueLength: 12, jobs: 2.4 },
    { name: "asks for no more Jobs than the limit", value: 500, target: "5", max: 7, queueLength: 500, jobs: 7 },
    {
      name: "asks for nothing with a target of zero",
      value: 12,
      target: undefined,
      max: 100,
      queueLength: 12,
      jobs: 0,
    },
    { name: "has three decimals", value: 1.23456, target: "1", max: 100, queueLength: 1.234, jobs: 1.234 },
  ])("$name", ({ value, target, max, queueLength, jobs }) => {
    expect(readQueue([{ metricName: "s0-queue", value }], [spec(target)], max)).toEqual({ queueLength, jobs });
  });

  test("is the sum of the values of its first metric", () => {
    const values = [
      { metricName: "s0-queue", value: 2 },
      { metricName: "s0-other", value: 90 },
      { metricName: "s0-queue", value: 3 },
    ];
    expect(readQueue(values, [spec("1"), spec("1", "s0-other")], 100).queueLength).toBe(5);
  });
});

describe("several triggers", () => {
  const reading = (queueLength: number, jobs: number, active = true): QueueReading => ({ queueLength, jobs, active });
  const idle = (queueLength: number, jobs: number) => reading(queueLength, jobs, false);
  const limits = { minJobs: 0, maxJobs: 10 };
  const mixed = [reading(20, 4), reading(12, 6), idle(100, 9)];

  test.each([
    { name: "max: the longest active queue", calculation: "max", of: mixed, is: { queueLength: 20, jobs: 4 } },
    { name: "max is the default", calculation: undefined, of: mixed, is: { queueLength: 20, jobs: 4 } },
    { name: "min: the shortest active queue", calculation: "min", of: mixed, is: { queueLength: 12, jobs: 6 } },
    { name: "avg: the average of the active ones", calculation: "avg", of: mixed, is: { queueLength: 16, jobs: 5 } },
    { name: "avg rounds up", calculation: "avg", of: [reading(1, 1), reading(2, 2)], is: { queueLength: 2, jobs: 2 } },
    { name: "sum: all active ones", calculation: "sum", of: mixed, is: { queueLength: 32, jobs: 10 } },
    {
      name: "sum is limited",
      calculation: "sum",
      of: [reading(9, 9), reading(9, 9)],
      is: { queueLength: 18, jobs: 10 },
    },
    {
      name: "a fraction of a Job is a Job",
      calculation: "max",
      of: [reading(1, 0.2)],
      is: { queueLength: 1, jobs: 1 },
    },
    {
      name: "min: an empty queue gives way",
      calculation: "min",
      of: [reading(0, 0), reading(5, 5)],
      is: { queueLength: 5, jobs: 5 },
    },
  ])("$name", ({ calculation, of, is }) => {
    expect(combineQueues(of, calculation, limits)).toEqual({ active: true, ...is });
  });

  // Four triggers: their queues, what one Job takes, and that the last one is not active.
  const four = [
    [20, 1, true],
    [10, 2, true],
    [5, 3, true],
    [7, 4, false],
  ] as const;

  test.each([
    { calculation: "max", maxJobs: 100, queueLength: 20, jobs: 20 },
    { calculation: "min", maxJobs: 100, queueLength: 5, jobs: 2 },
    { calculation: "avg", maxJobs: 100, queueLength: 12, jobs: 9 },
    { calculation: "sum", maxJobs: 100, queueLength: 35, jobs: 27 },
    { calculation: "sum", maxJobs: 25, queueLength: 35, jobs: 25 },
  ])("$calculation of four triggers, at most $maxJobs: $jobs Jobs", ({ calculation, maxJobs, queueLength, jobs }) => {
    const readings = four.map(([value, target, active]) => ({
      ...readQueue([{ metricName: "s0-queue", value }], [spec(String(target))], maxJobs),
      active,
    }));
    const demand = combineQueues(readings, calculation, { minJobs: 0, maxJobs });
    expect(demand).toEqual({ active: true, queueLength, jobs });
  });

  test.each(["max", "min", "avg", "sum"])("%s: without an active trigger nothing is asked for", (calculation) => {
    expect(combineQueues([idle(7, 7)], calculation, limits)).toEqual({ active: false, queueLength: 0, jobs: 0 });
    expect(combineQueues([], calculation, limits)).toEqual({ active: false, queueLength: 0, jobs: 0 });
  });

  test("max: an active trigger whose queue is empty does not count", () => {
    expect(combineQueues([reading(0, 0)], "max", limits).active).toBe(false);
    expect(combineQueues([reading(0, 0)], "sum", limits).active).toBe(true);
  });

  test("a minimum keeps a ScaledJob active", () => {
    expect(combineQueues([], "max", { minJobs: 1, maxJobs: 10 })).toEqual({ active: true, queueLength: 0, jobs: 0 });
  });

  test("more in a queue never asks for fewer Jobs in sum and avg", () => {
    const readings = fc.array(
      fc.nat(1000).map((length) => reading(length, length / 5)),
      { minLength: 1, maxLength: 4 },
    );
    fc.assert(
      fc.property(readings, fc.constantFrom("sum", "avg"), (before, calculation) => {
        const more = before.map((one, index) => (index === 0 ? reading(one.queueLength + 5, one.jobs + 1) : one));
        expect(combineQueues(more, calculation, limits).jobs).toBeGreaterThanOrEqual(
          combineQueues(before, calculation, limits).jobs,
        );
      }),
    );
  });
});
