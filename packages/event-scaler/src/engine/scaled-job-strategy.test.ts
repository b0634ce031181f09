import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decideJobs, limitsOf, type ScaledJobSpec, strategyOf } from "./scaled-job-strategy.ts";

type ScalingStrategy = NonNullable<ScaledJobSpec["scalingStrategy"]>;

const spec = (fields: Partial<ScaledJobSpec> = {}): ScaledJobSpec => ({
  jobTargetRef: { template: {} },
  triggers: [],
  ...fields,
});
const custom = (deduction: number | undefined, share: string | undefined): ScalingStrategy => ({
  strategy: "custom",
  ...(deduction !== undefined && { customScalingQueueLengthDeduction: deduction }),
  ...(share !== undefined && { customScalingRunningJobPercentage: share }),
});

describe("limits", () => {
  test.each([
    { name: "none given", of: {}, is: { minJobs: 0, maxJobs: 100 } },
    {
      name: "the minimum is part of the maximum",
      of: { minReplicaCount: 3, maxReplicaCount: 10 },
      is: { minJobs: 3, maxJobs: 7 },
    },
    {
      name: "a minimum above the maximum is the maximum",
      of: { minReplicaCount: 12, maxReplicaCount: 10 },
      is: { minJobs: 10, maxJobs: 10 },
    },
    {
      name: "without a maximum the minimum is not taken off",
      of: { minReplicaCount: 3 },
      is: { minJobs: 3, maxJobs: 100 },
    },
  ])("$name", ({ of, is }) => expect(limitsOf(spec(of))).toEqual(is));
});

describe("strategies", () => {
  const missing = (
    scalingStrategy: ScalingStrategy,
    [maxScale, runningJobs, pendingJobs, maxJobs]: readonly [number, number, number, number],
  ) => strategyOf(spec({ scalingStrategy })).strategy({ maxScale, runningJobs, pendingJobs, maxJobs, scaleTo: 1 });

  test.each([
    { of: [3, 2, 0, 5], is: 1 },
    { of: [2, 0, 0, 5], is: 2 },
    { of: [2, 5, 0, 5], is: -3 },
  ] as const)("default: $of makes $is", ({ of, is }) => {
    expect(missing({ strategy: "default" }, of).maxScale).toBe(is);
    expect(missing({}, of).maxScale).toBe(is);
  });

  test.each([
    { deduction: 1, share: "0.5", of: [3, 2, 0, 5], is: 1 },
    { deduction: 1, share: "0.5", of: [10, 0, 0, 10], is: 9 },
    { deduction: 2, share: "0", of: [3, 2, 0, 5], is: 1 },
    { deduction: -2, share: "0", of: [3, 2, 0, 4], is: 4 },
    { deduction: undefined, share: "0.5", of: [10, 2, 0, 100], is: 9 },
    { deduction: undefined, share: "0.5", of: [10, 0, 0, 100], is: 10 },
    { deduction: 0, share: "0.5", of: [10, 3, 0, 100], is: 9 },
  ] as const)("custom less $deduction and $share of the running: $of makes $is", ({ deduction, share, of, is }) => {
    expect(missing(custom(deduction, share), of).maxScale).toBe(is);
  });

  test.each([undefined, "", "half", " 0.5", "50%"])("custom with a share of %j is default", (share) => {
    expect(strategyOf(spec({ scalingStrategy: custom(10, share) })).name).toBe("default");
    expect(missing(custom(10, share), [3, 2, 0, 5]).maxScale).toBe(1);
  });

  test.each([
    { of: [3, 2, 0, 5], is: 3 },
    { of: [5, 2, 0, 5], is: 3 },
    { of: [3, 4, 2, 10], is: 1 },
    { of: [5, 4, 2, 5], is: 1 },
    { of: [3, 3, 3, 5], is: 0 },
    { of: [15, 15, 15, 20], is: 0 },
    { of: [10, 10, 10, 15], is: 0 },
    { of: [20, 15, 10, 20], is: 5 },
  ] as const)("accurate: $of makes $is", ({ of, is }) => {
    expect(missing({ strategy: "accurate" }, of).maxScale).toBe(is);
  });

  test.each([
    { of: [4, 3, 0, 10], is: 4 },
    { of: [4, 0, 3, 10], is: 4 },
    { of: [4, 7, 0, 10], is: 3 },
    { of: [4, 1, 6, 10], is: 3 },
    { of: [15, 0, 0, 10], is: 10 },
  ] as const)("eager: $of makes $is, and aims at the limit", ({ of, is }) => {
    expect(missing({ strategy: "eager" }, of)).toEqual({ maxScale: is, scaleTo: 10 });
  });
});

describe("the decision", () => {
  const demand = (queueLength: number, jobs = queueLength, active = true) => ({ active, queueLength, jobs });
  test.each([
    {
      name: "fills up to the minimum, however empty the queue",
      of: { minReplicaCount: 2 },
      demand: demand(0),
      running: 0,
      create: 2,
    },
    { name: "counts what runs of the minimum", of: { minReplicaCount: 2 }, demand: demand(0), running: 1, create: 1 },
    {
      name: "makes Jobs for the queue beyond the minimum",
      of: { minReplicaCount: 1 },
      demand: demand(2),
      running: 1,
      create: 2,
    },
    { name: "makes no more Jobs than the queue is long", of: {}, demand: demand(1, 5), running: 0, create: 1 },
    { name: "makes none while no trigger is active", of: {}, demand: demand(4, 4, false), running: 0, create: 0 },
    { name: "makes none where enough run", of: {}, demand: demand(3), running: 5, create: 0 },
    { name: "makes none beyond the maximum", of: { maxReplicaCount: 3 }, demand: demand(50, 3), running: 3, create: 0 },
  ])("$name", ({ of, demand, running, create }) => {
    expect(decideJobs(spec(of), demand, { running, pending: 0 }).create).toBe(create);
  });

  test("never makes more than the maximum run with accurate and eager", () => {
    const limit = fc.integer({ min: 1, max: 50 });
    const strategies = fc.constantFrom("accurate" as const, "eager" as const);
    fc.assert(
      fc.property(limit, strategies, fc.nat(200), fc.nat(50), fc.nat(50), (max, strategy, queue, running, pending) => {
        const of = spec({ maxReplicaCount: max, scalingStrategy: { strategy } });
        const counts = { running, pending: Math.min(running, pending) };
        const { create } = decideJobs(of, demand(queue, Math.min(queue, max)), counts);
        expect(create).toBeLessThanOrEqual(Math.max(0, max - running));
      }),
    );
  });
});
