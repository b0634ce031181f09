import type { ScaledObject } from "@bellows/api";
import type { Trigger } from "@bellows/triggers";
import { expect, test } from "vitest";
import { adaptPolling, nextDueAt } from "./polling-interval.ts";
import type { MetricResult } from "./read-metrics.ts";
import { ScaleLoops } from "./scale-loops.ts";

const key = { namespace: "shop", name: "web" };

const anObject = (bounds?: string): ScaledObject => ({
  apiVersion: "keda.sh/v1alpha1",
  kind: "ScaledObject",
  metadata: { ...key, ...(bounds && { annotations: { "event-scaler.bellows.dev/adaptive-polling": bounds } }) },
  spec: { scaleTargetRef: { name: "web" }, pollingInterval: 30, triggers: [] },
});

const result = (value: number, more: Partial<MetricResult> = {}): MetricResult => ({
  scaler: { index: 0, declared: { type: "redis", metadata: {} }, trigger: {} as Trigger },
  metricName: "m",
  spec: { type: "External", external: { metric: { name: "m" }, target: { type: "AverageValue", averageValue: "5" } } },
  values: [{ metricName: "m", value }],
  active: value > 0,
  isFallback: false,
  isNil: false,
  ...more,
});

/** How far apart the polls of an object are that reads these, one after the other. */
function intervals(object: ScaledObject, readings: readonly MetricResult[]): number[] {
  const loops = new ScaleLoops();
  loops.start(key, "u", 1);
  const loop = loops.get(key);
  if (!loop) throw new Error("no loop");
  let startedAt = nextDueAt(object, loop, 0);
  let before: readonly MetricResult[] = [];
  return readings.map((reading) => {
    loop.dueAt = nextDueAt(object, loop, startedAt);
    adaptPolling(object, loop, { results: [reading], before, startedAt });
    before = [reading];
    const interval = loop.dueAt - startedAt;
    startedAt = loop.dueAt;
    return interval;
  });
}

const idle = Array.from({ length: 12 }, () => result(0));

test("the interval stays where it is not to adapt", () => {
  expect(new Set(intervals(anObject(), [...idle, result(9), result(90)]))).toEqual(new Set([30_000]));
  expect(new Set(intervals(anObject("nonsense"), [...idle, result(9)]))).toEqual(new Set([30_000]));
});

test("an idle source is asked ever less, one that moves at once more often", () => {
  const object = anObject("5s..2m");
  expect(intervals(object, idle).at(-1)).toBe(80_000);
  expect(intervals(object, [...idle, result(9), result(90), result(180)]).slice(-2)).toEqual([5_000, 5_000]);
});

test("a source that fails, or that a fallback stands in for, is asked as ever", () => {
  const object = anObject("5s..2m");
  const failed = result(0, { values: [], error: "down" });
  expect(intervals(object, [result(1), result(90), failed, failed]).slice(-1)).toEqual([20_000]);
  const covered = result(50, { isFallback: true });
  expect(intervals(object, [...idle, covered, covered]).slice(-1)).toEqual([20_000]);
});
