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
  ["currentReplicas", average("5"), { currentReplicas: 4 }, 20],
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
});

test("without ready pods a Value can't fall back", () => {
  const problem = { kind: "failed", problem: "error performing fallback" };
  expect(fallbackFor(anObject({}), "s0-m", whole("5"), { readyReplicas: 0 })).toEqual(problem);
  expect(fallbackFor(anObject({}), "s0-m", whole("5"), {})).toEqual(problem);
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
