import type { ScaledObject } from "@bellows/api";
import { describe, expect, test } from "vitest";
import type { Scaler } from "../scalers/index.ts";
import type { MetricResult } from "./read-metrics.ts";
import { startReplicas } from "./start-replicas.ts";
import { stateOf } from "./state.ts";

type Spec = NonNullable<ScaledObject["spec"]>;

const aScaledObject = (spec: Partial<Spec> = {}): ScaledObject => ({
  metadata: { name: "web", namespace: "shop" },
  spec: { scaleTargetRef: { name: "web" }, triggers: [{ type: "redis", metadata: {} }], ...spec },
});

function aResult(index: number, value: number, more: Partial<MetricResult> = {}, name = `t${index}`): MetricResult {
  const metricName = `s${index}-redis`;
  return {
    scaler: { index, declared: { type: "redis", name, metadata: {} } } as unknown as Scaler,
    metricName,
    spec: {
      type: "External",
      external: { metric: { name: metricName }, target: { type: "AverageValue", averageValue: "5" } },
    },
    values: [{ metricName, value }],
    active: value > 0,
    isFallback: false,
    isNil: false,
    ...more,
  };
}

const failed = (index: number): MetricResult => aResult(index, 0, { values: [], active: false, error: "down" });

describe("what the triggers of an object say together", () => {
  test("one that is active is enough, and is named", () => {
    const state = stateOf(aScaledObject(), [aResult(0, 0), aResult(1, 3)], []);
    expect(state).toMatchObject({ active: true, failing: false, activeTriggers: ["s1-redis"] });
  });

  test("one that fails leaves the others as they are", () => {
    expect(stateOf(aScaledObject(), [failed(0), aResult(1, 3)], [])).toMatchObject({ active: true, failing: true });
    expect(stateOf(aScaledObject(), [failed(0)], [])).toMatchObject({ active: false, failing: true, errors: ["down"] });
  });

  test("cpu and memory alone are always active, since nothing could wake the target", () => {
    const triggers = [{ type: "cpu", metadata: {} }];
    expect(stateOf(aScaledObject({ triggers }), [], [])).toMatchObject({ active: true, failing: false });
    expect(stateOf(aScaledObject(), [], [])).toMatchObject({ active: false });
  });

  const modifiers = (formula: string, activationTarget = "10") => ({
    triggers: [
      { type: "redis", name: "t0", metadata: {} },
      { type: "redis", name: "t1", metadata: {} },
    ],
    advanced: { scalingModifiers: { formula, target: "2", activationTarget } },
  });

  test("a formula makes one value of all, which decides alone", () => {
    const object = aScaledObject(modifiers("t0 + t1"));
    expect(stateOf(object, [aResult(0, 4), aResult(1, 5)], [])).toMatchObject({
      active: false,
      values: [{ metricName: "composite-metric", value: 9 }],
    });
    expect(stateOf(object, [aResult(0, 4), aResult(1, 7)], [])).toMatchObject({
      active: true,
      activeTriggers: ["composite-metric"],
    });
  });

  test("a formula sees the metric of each trigger by its name, whatever else a source tells", () => {
    const values = [
      { metricName: "s0-redis", value: 2 },
      { metricName: "s1-redis", value: 5 },
    ];
    const results = [aResult(0, 0, { values, active: true }), aResult(1, 0, { values, active: true })];
    expect(stateOf(aScaledObject(modifiers("t0 + t1")), results, []).values).toEqual([
      { metricName: "composite-metric", value: 7 },
    ]);
  });

  test("a target without a formula leaves the metrics as they are", () => {
    const { advanced, ...triggers } = modifiers("", "3");
    const results = [aResult(0, 2), aResult(1, 4)];
    expect(stateOf(aScaledObject({ ...triggers, advanced }), results, [])).toMatchObject({
      active: true,
      activeTriggers: ["s1-redis"],
      values: [
        { metricName: "s0-redis", value: 2 },
        { metricName: "s1-redis", value: 4 },
      ],
    });
  });

  test.each([
    { name: "of one, the other is seen", nil: [0], formula: "t0 ?? t1", is: 5 },
    { name: "of both, the fallback's replicas stand for it", nil: [0, 1], formula: "t0 ?? t1", is: 14 },
    { name: "of both, a constant goes before the fallback", nil: [0, 1], formula: "t0 ?? t1 ?? 3", is: 3 },
    { name: "of none, the first is seen", nil: [], formula: "t0 ?? t1", is: 2 },
  ])("a formula sees nil past the threshold: $name", ({ nil, formula, is }) => {
    const fallback = { failureThreshold: 3, replicas: 7, behavior: "scalingModifiers" } as const;
    const results = [2, 5].map((value, index) =>
      nil.includes(index) ? aResult(index, -1, { isNil: true }) : aResult(index, value),
    );
    const state = stateOf(aScaledObject({ ...modifiers(formula), fallback }), results, []);
    expect(state.values).toEqual([{ metricName: "composite-metric", value: is }]);
    expect(state).toMatchObject({ failing: false, isFallback: false });
  });

  test("a formula over a trigger that fails gives nothing", () => {
    const state = stateOf(aScaledObject(modifiers("t0 + t1")), [aResult(0, 99), failed(1)], []);
    expect(state).toMatchObject({ active: false, failing: true, values: [] });
  });

  test("a fallback goes before the formula", () => {
    const fallback = aResult(1, 20, { isFallback: true, values: [{ metricName: "composite-metric", value: 20 }] });
    expect(stateOf(aScaledObject(modifiers("t0 + t1")), [aResult(0, 1), fallback], []).values).toEqual([
      { metricName: "composite-metric", value: 20 },
    ]);
  });
});

describe("the replicas that a target starts with", () => {
  const start = (results: readonly MetricResult[], spec: Partial<Spec> = {}) => {
    const object = aScaledObject(spec);
    return startReplicas(object, results, stateOf(object, results, []));
  };

  test("are the most that a metric asks for, rounded up, within the maximum", () => {
    expect(start([aResult(0, 11), aResult(1, 26)])).toBe(6);
    expect(start([aResult(0, 11), aResult(1, 26)], { maxReplicaCount: 4 })).toBe(4);
  });

  test("are left to upstream's rule where metrics don't say or the user sets a pace", () => {
    const target = { type: "Value", value: "5" };
    const spec = { type: "External", external: { metric: { name: "s0-redis" }, target } };
    expect(start([aResult(0, 100, { spec })])).toBeUndefined();
    expect(start([failed(0)])).toBeUndefined();
    const behavior = { scaleUp: { stabilizationWindowSeconds: 60 } };
    expect(start([aResult(0, 100)], { advanced: { horizontalPodAutoscalerConfig: { behavior } } })).toBeUndefined();
  });
});
