import type { ScaledObject } from "@bellows/api";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  adaptivePollingAnnotation,
  adaptivePollingProblem,
  currentInterval,
  intervalOfLevel,
  levelOfInterval,
  nextPollingLevel,
  type PolledMetric,
  pollingBoundsOf,
} from "./adaptive-polling.ts";
import { nextPollAt } from "./polling.ts";

const annotated = (text?: string): ScaledObject => ({
  apiVersion: "keda.sh/v1alpha1",
  kind: "ScaledObject",
  metadata: { name: "web", ...(text !== undefined && { annotations: { [adaptivePollingAnnotation]: text } }) },
  spec: { scaleTargetRef: { name: "web" }, triggers: [] },
});

describe("the annotation", () => {
  test.each([
    [undefined, undefined],
    ["5s..2m", { shortestMs: 5_000, longestMs: 120_000 }],
    ["1s..1s", { shortestMs: 1_000, longestMs: 1_000 }],
    ["1m30s..24h", { shortestMs: 90_000, longestMs: 86_400_000 }],
  ])("%j asks for bounds", (text, bounds) => {
    expect(pollingBoundsOf(annotated(text))).toEqual(bounds);
    expect(adaptivePollingProblem(annotated(text))).toBeUndefined();
  });

  test.each(["", "true", "5s", "5s..", "5..30", "2m..5s", "100ms..1m", "5s..25h", "5s..1m..2m", "-5s..1m"])(
    "%j asks for none, and is told of",
    (text) => {
      expect(pollingBoundsOf(annotated(text))).toBeUndefined();
      expect(adaptivePollingProblem(annotated(text))).toBe(
        `metadata.annotations[event-scaler.bellows.dev/adaptive-polling]: ${JSON.stringify(text)}, expected two durations of 1s to 24h, the shortest first, such as 5s..2m`,
      );
    },
  );
});

const bounds = { shortestMs: 5_000, longestMs: 120_000 };

test.each([
  [1_000, 0],
  [5_000, 0],
  [9_999, 0],
  [10_000, 1],
  [30_000, 2],
  [79_999, 3],
  [80_000, 4],
  [120_000, 4],
  [1e9, 4],
])("an interval of %i ms has level %i", (intervalMs, level) => {
  expect(levelOfInterval(bounds, intervalMs)).toBe(level);
});

const metric = (before: number | undefined, value: number | undefined, active = true): PolledMetric => ({
  before,
  value,
  active,
  target: 10,
});

test.each<[string, PolledMetric[], number]>([
  ["nothing to read", [], 3],
  ["a first value", [metric(undefined, 50)], 3],
  ["the same value", [metric(50, 50)], 4],
  ["nothing, as before", [metric(0, 0, false)], 4],
  ["next to nothing", [metric(50, 50.9)], 4],
  ["a noticeable change", [metric(50, 51)], 2],
  ["a noticeable change down", [metric(50, 49)], 2],
  ["a replica's worth", [metric(50, 60)], 0],
  ["a replica's worth less", [metric(50, 0)], 0],
  ["a little more of what is not enough to be active", [metric(3, 3.1, false)], 0],
  ["less of what is not enough to be active", [metric(3.1, 3, false)], 4],
  ["one that changes among others", [metric(1, 1), metric(50, 60), metric(2, 2)], 0],
  ["one that can't be read among others", [metric(50, 60), metric(50, undefined)], 2],
  ["any change of what has no target", [{ ...metric(50, 50.1), target: 0 }], 0],
])("after %s", (_, metrics, level) => {
  expect(nextPollingLevel(bounds, 3, 30_000, metrics)).toBe(level);
});

test("the longest intervals are not exceeded, nor those of bounds that were narrower", () => {
  expect(nextPollingLevel(bounds, 4, 30_000, [metric(1, 1)])).toBe(4);
  expect(nextPollingLevel(bounds, 9, 30_000, [metric(undefined, 1)])).toBe(4);
});

test("before the first poll it is the longest interval within the ordinary one", () => {
  expect(currentInterval(bounds, undefined, 30_000)).toBe(20_000);
  expect(nextPollingLevel(bounds, undefined, 30_000, [metric(undefined, 1)])).toBe(2);
  expect(currentInterval(undefined, undefined, 30_000)).toBe(30_000);
});

const anyBounds = fc
  .tuple(fc.integer({ min: 1_000, max: 60_000 }), fc.integer({ min: 1_000, max: 3_600_000 }))
  .map(([a, b]) => ({ shortestMs: Math.min(a, b), longestMs: Math.max(a, b) }));
const anyMetric: fc.Arbitrary<PolledMetric> = fc.record({
  value: fc.option(fc.nat(100), { nil: undefined }),
  before: fc.option(fc.nat(100), { nil: undefined }),
  target: fc.nat(20),
  active: fc.boolean(),
});

test("whatever the metrics do, polls are within the bounds, and as far apart as they say", () => {
  fc.assert(
    fc.property(
      anyBounds,
      fc.integer({ min: 1, max: 3_600 }),
      fc.string(),
      fc.array(fc.array(anyMetric, { maxLength: 3 }), { minLength: 1, maxLength: 30 }),
      (given, ordinarySeconds, key, polls) => {
        let level = levelOfInterval(given, ordinarySeconds * 1000);
        let at = nextPollAt(key, intervalOfLevel(given, level), 1_000_000);
        for (const metrics of polls) {
          level = nextPollingLevel(given, level, ordinarySeconds * 1000, metrics);
          const next = nextPollAt(key, intervalOfLevel(given, level), at + 1);
          expect(intervalOfLevel(given, level)).toBeLessThanOrEqual(given.longestMs);
          expect(next - at).toBeLessThanOrEqual(intervalOfLevel(given, level));
          expect(next - at).toBeGreaterThanOrEqual(given.shortestMs);
          at = next;
        }
      },
    ),
  );
});

test("what is quiet is polled at the longest intervals after a while, what moves at the shortest", () => {
  let level = 0;
  for (let poll = 0; poll < 20; poll++) level = nextPollingLevel(bounds, level, 30_000, [metric(7, 7)]);
  expect(intervalOfLevel(bounds, level)).toBe(80_000);
  level = nextPollingLevel(bounds, level, 30_000, [metric(7, 100)]);
  expect(intervalOfLevel(bounds, level)).toBe(5_000);
});
