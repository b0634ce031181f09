import type { MetricSpec, ScaledObject } from "@bellows/api";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  fallbackCondition,
  fallbackFor,
  fallbackNeeds,
  hasValidFallback,
  isPastThreshold,
  nextHealth,
} from "./fallback.ts";

type Spec = NonNullable<ScaledObject["spec"]>;
type Fallback = NonNullable<Spec["fallback"]>;
type Modifiers = NonNullable<NonNullable<Spec["advanced"]>["scalingModifiers"]>;

const anObject = (fallback: Partial<Fallback> | undefined, modifiers?: Modifiers): ScaledObject => ({
  metadata: { name: "so", namespace: "default" },
  spec: {
    scaleTargetRef: { name: "web" },
    triggers: [{ type: "cron", metadata: {} }],
    ...(fallback && { fallback: { failureThreshold: 3, replicas: 10, behavior: "static", ...fallback } }),
    ...(modifiers && { advanced: { scalingModifiers: modifiers } }),
  },
});

const average = (averageValue: string): MetricSpec => ({
  type: "External",
  external: { metric: { name: "m" }, target: { type: "AverageValue", averageValue } },
});
const whole = (value: string): MetricSpec => ({
  type: "External",
  external: { metric: { name: "m" }, target: { type: "Value", value } },
});

test.each([
  [undefined, undefined, false],
  [{}, undefined, true],
  [{ failureThreshold: 0, replicas: 0 }, undefined, true],
  [{ failureThreshold: -1 }, undefined, false],
  [{ replicas: -1 }, undefined, false],
  [{}, { formula: "a", target: "2" }, true],
  [{}, { formula: "a", target: "2.5" }, false],
  [{}, { formula: "a", target: "-2" }, false],
  [{}, { formula: "a" }, false],
] as const)("fallback %o with modifiers %o is valid: %s", (fallback, modifiers, valid) => {
  expect(hasValidFallback(anObject(fallback, modifiers))).toBe(valid);
});

test("failures are counted until a reading succeeds", () => {
  const first = nextHealth(undefined, "failed");
  expect(first).toEqual({ numberOfFailures: 1, status: "Failing" });
  expect(nextHealth(first, "failed").numberOfFailures).toBe(2);
  expect(nextHealth(first, "succeeded")).toEqual({ numberOfFailures: 0, status: "Happy" });
});

test("a failure soon after another one adds nothing, but the first after a success is a failure", () => {
  expect(nextHealth({ numberOfFailures: 2, status: "Failing" }, "failed again").numberOfFailures).toBe(2);
  const first = { numberOfFailures: 1, status: "Failing" };
  expect(nextHealth({ numberOfFailures: 0, status: "Happy" }, "failed again")).toEqual(first);
});

test("the fallback takes over after more failures than the threshold", () => {
  const object = anObject({ failureThreshold: 3 });
  expect(isPastThreshold(object, { numberOfFailures: 3, status: "Failing" })).toBe(false);
  expect(isPastThreshold(object, { numberOfFailures: 4, status: "Failing" })).toBe(true);
  expect(isPastThreshold(object, { numberOfFailures: 4, status: "Happy" })).toBe(false);
  expect(isPastThreshold(object, undefined)).toBe(false);
});

test("the condition is about all metrics", () => {
  const object = anObject({});
  const failing = { numberOfFailures: 9, status: "Failing" };
  const happy = { numberOfFailures: 0, status: "Happy" };
  expect(fallbackCondition(object, { a: happy, b: failing })).toMatchObject({
    status: "True",
    reason: "FallbackExists",
    message: "At least one trigger is falling back on this scaled object",
  });
  expect(fallbackCondition(object, { a: happy })).toMatchObject({
    status: "False",
    reason: "NoFallbackFound",
    message: "No fallbacks are active on this scaled object",
  });
  expect(fallbackCondition(anObject(undefined), { a: failing })).toBeUndefined();
});

test.each([
  ["static", average("5"), {}, 50],
  ["static", average("500m"), {}, 5],
  ["static", whole("5"), { readyReplicas: 5 }, 10],
  ["static", whole("5"), { readyReplicas: 3 }, 16.666],
  // Of static nothing else is looked at.
  ["static", average("10"), { currentReplicas: 15 }, 100],
  ["currentReplicas", average("5"), { currentReplicas: 4 }, 20],
  ["currentReplicas", average("5"), { currentReplicas: 0 }, 0],
  ["currentReplicas", whole("10"), { currentReplicas: 6, readyReplicas: 3 }, 20],
  ["currentReplicasIfHigher", average("5"), { currentReplicas: 4 }, 50],
  ["currentReplicasIfHigher", average("5"), { currentReplicas: 14 }, 70],
  ["currentReplicasIfLower", average("5"), { currentReplicas: 4 }, 20],
  ["currentReplicasIfLower", average("5"), { currentReplicas: 14 }, 50],
] as const)("behavior %s with a target of %o and %o gives %d", (behavior, metric, replicas, value) => {
  expect(fallbackFor(anObject({ behavior }), "s0-m", metric, replicas)).toEqual({
    kind: "values",
    values: [{ metricName: "s0-m", value }],
  });
});

test("with modifiers the composite metric is given, by its own target", () => {
  const object = anObject({}, { formula: "a", target: "3" });
  expect(fallbackFor(object, "s0-m", average("5"), {})).toEqual({
    kind: "values",
    values: [{ metricName: "composite-metric", value: 30 }],
  });
  const compared = anObject({}, { formula: "a", target: "3", metricType: "Value" });
  expect(fallbackFor(compared, "s0-m", average("5"), { readyReplicas: 2 })).toMatchObject({ values: [{ value: 15 }] });
});

test("behavior scalingModifiers leaves it to the formula", () => {
  const object = anObject({ behavior: "scalingModifiers" }, { formula: "a ?? 1", target: "3" });
  expect(fallbackFor(object, "s0-m", average("5"), {}).kind).toBe("nil");
  expect(fallbackNeeds(object, whole("5"))).toEqual({ currentReplicas: false, readyReplicas: false });
  const withoutFormula = anObject({ behavior: "scalingModifiers" });
  expect(fallbackFor(withoutFormula, "s0-m", average("5"), {})).toEqual({ kind: "failed" });
});

test("without ready pods a Value can't fall back", () => {
  const problem = { kind: "failed", problem: "error performing fallback" };
  expect(fallbackFor(anObject({}), "s0-m", whole("5"), { readyReplicas: 0 })).toEqual(problem);
  expect(fallbackFor(anObject({}), "s0-m", whole("5"), {})).toEqual(problem);
  const compared = anObject({}, { formula: "a", target: "3", metricType: "Value" });
  expect(fallbackFor(compared, "s0-m", average("5"), {})).toEqual(problem);
});

test.each(["currentReplicas", "currentReplicasIfHigher", "currentReplicasIfLower"] as const)(
  "%s without the replicas of the target is no fallback: what the source said stands",
  (behavior) => {
    expect(fallbackFor(anObject({ behavior }), "s0-m", average("5"), {})).toEqual({ kind: "failed" });
    // Not that the pods could not be counted.
    expect(fallbackFor(anObject({ behavior }), "s0-m", whole("5"), {})).toEqual({ kind: "failed" });
  },
);

const happy = (numberOfFailures: number) => ({ numberOfFailures, status: "Happy" });
const failing = (numberOfFailures: number) => ({ numberOfFailures, status: "Failing" });

test.each([
  { name: "a first reading makes a health", before: undefined, reading: "succeeded", after: happy(0), past: false },
  { name: "a success forgets the failures", before: failing(5), reading: "succeeded", after: happy(0), past: false },
  { name: "a failure counts", before: happy(0), reading: "failed", after: failing(1), past: false },
  { name: "the threshold is not past itself", before: failing(2), reading: "failed", after: failing(3), past: false },
  { name: "one more is past it", before: happy(3), reading: "failed", after: failing(4), past: true },
] as const)("of a threshold of three: $name", ({ before, reading, after, past }) => {
  const health = nextHealth(before, reading);
  expect(health).toEqual(after);
  const object = anObject({ failureThreshold: 3 });
  expect(isPastThreshold(object, health)).toBe(past);
  expect(fallbackCondition(object, { m: health })?.status).toBe(past ? "True" : "False");
  // Another metric that is past it is enough for the condition, and a fallback that can't be used has none.
  expect(fallbackCondition(object, { m: health, other: failing(6) })?.status).toBe("True");
  expect(fallbackCondition(anObject({ failureThreshold: -3 }), { m: health, other: failing(6) })).toBeUndefined();
});

test("only what is needed has to be looked up", () => {
  expect(fallbackNeeds(anObject({}), average("5"))).toEqual({ currentReplicas: false, readyReplicas: false });
  expect(fallbackNeeds(anObject({ behavior: "currentReplicas" }), whole("5"))).toEqual({
    currentReplicas: true,
    readyReplicas: true,
  });
});

test("an HPA that divides by the target arrives at the replicas", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 0, max: 500 }), (target, replicas) => {
      const found = fallbackFor(anObject({ replicas }), "s0-m", average(String(target)), {});
      expect(found.kind === "values" && found.values[0]?.value).toBe(target * replicas);
    }),
  );
});
