import { expect, test } from "vitest";
import { FailurePace } from "./failure-pace.ts";

/** How many failures of one metric count, at these seconds. */
const counted = (counts: (metricName: string, startedAt: number) => boolean, seconds: readonly number[]) =>
  seconds.filter((second) => counts("s0-queue", second * 1000)).length;

test("failures at the pace of a loop all count, though it is not exact", () => {
  expect(counted(new FailurePace().of("hpa", 15_000), [0, 15, 30.2, 44.9, 60])).toBe(5);
  expect(counted(new FailurePace().of("poll", 1_000), [0, 1, 1.95, 3])).toBe(4);
});

test("those of a reader that comes more often count once an interval", () => {
  const eachSecond = Array.from({ length: 46 }, (_, second) => second);
  expect(counted(new FailurePace().of("hpa", 15_000), eachSecond)).toBe(4);
});

test("each reader and each metric has its own pace", () => {
  const pace = new FailurePace();
  expect(pace.of("hpa", 15_000)("s0-queue", 0)).toBe(true);
  expect(pace.of("poll", 15_000)("s0-queue", 1_000)).toBe(true);
  expect(pace.of("hpa", 15_000)("s1-queue", 2_000)).toBe(true);
  expect(pace.of("hpa", 15_000)("s0-queue", 3_000)).toBe(false);
});

test("a clock that is set back doesn't stop the counting", () => {
  expect(counted(new FailurePace().of("hpa", 15_000), [3_600, 0, 15])).toBe(3);
});
