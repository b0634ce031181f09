import type { HorizontalPodAutoscaler, Pod, PodMetrics } from "@bellows/api";
import fc from "fast-check";
import { expect, test } from "vitest";
import { concludeSync } from "./conclude.ts";
import { decideReplicas, defaultConfig, type Seen } from "./decide.ts";
import { noHistory } from "./history.ts";

const now = Date.parse("2026-01-01T12:00:00Z");

const anAutoscaler = (spec: Partial<HorizontalPodAutoscaler["spec"]> = {}): HorizontalPodAutoscaler => ({
  metadata: { name: "web", namespace: "shop" },
  spec: {
    scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" },
    minReplicas: 1,
    maxReplicas: 10,
    metrics: [{ type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 50 } } }],
    ...spec,
  },
});

const aPod = (index: number): Pod => ({
  metadata: { name: `web-${index}`, namespace: "shop", labels: { app: "web" } },
  spec: { containers: [{ name: "app", resources: { requests: { cpu: "200m" } } }] },
  status: {
    phase: "Running",
    startTime: "2026-01-01T08:00:00Z",
    conditions: [{ type: "Ready", status: "True", lastTransitionTime: "2026-01-01T08:00:05Z" }],
  },
});

const usage = (index: number, millis: number): PodMetrics => ({
  metadata: { name: `web-${index}`, namespace: "shop" },
  timestamp: "2026-01-01T11:59:55Z",
  window: "15s",
  containers: [{ name: "app", usage: { cpu: `${millis}m` } }],
});

const seeing = (millis: readonly number[]): Seen => ({
  scale: { specReplicas: millis.length, statusReplicas: millis.length, selector: "app=web" },
  pods: millis.map((_, index) => aPod(index)),
  autoscalersOfPods: ["shop/web"],
  readings: [{ podMetrics: millis.map((each, index) => usage(index, each)) }],
});

const decide = (hpa: HorizontalPodAutoscaler, seen: Seen) => decideReplicas(hpa, seen, noHistory, defaultConfig, now);

test("two pods at their limits of 250 % grow to four, the most that one step without a behavior allows", () => {
  const decision = decide(anAutoscaler(), seeing([500, 500]));
  expect(decision.rescaleTo).toBe(4);
  const { status } = concludeSync(anAutoscaler(), decision, {}, now);
  expect(status.conditions?.map(({ type, status: value, reason }) => [type, value, reason])).toEqual([
    ["AbleToScale", "True", "SucceededRescale"],
    ["ScalingActive", "True", "ValidMetricFound"],
    ["ScalingLimited", "True", "ScaleUpLimit"],
  ]);
  expect(status.currentMetrics).toEqual([
    { type: "Resource", resource: { name: "cpu", current: { averageUtilization: 250, averageValue: "500m" } } },
  ]);
});

test("within the tolerance nothing changes", () => {
  expect(decide(anAutoscaler(), seeing([108, 102])).rescaleTo).toBeUndefined();
});

test("a target that two autoscalers claim is left alone, and says whose it is", () => {
  const decision = decide(anAutoscaler(), { ...seeing([500]), autoscalersOfPods: ["shop/other", "shop/web"] });
  expect(decision.rescaleTo).toBeUndefined();
  expect(decision.events[0]).toMatchObject({
    reason: "AmbiguousSelector",
    message: expect.stringContaining("[shop/other shop/web]"),
  });
});

test.each([{ bounds: { minReplicas: 1, maxReplicas: 2 } }, { bounds: { minReplicas: 5, maxReplicas: 9 } }])(
  "also where its replicas are outside of the bounds $bounds, which another autoscaler may have wanted",
  ({ bounds }) => {
    const seen = { ...seeing([50, 50, 50]), autoscalersOfPods: ["shop/other", "shop/web"] };
    const decision = decide(anAutoscaler(bounds), seen);
    expect(decision.rescaleTo).toBeUndefined();
    expect(decision.conditions.at(-1)).toMatchObject({ type: "ScalingActive", reason: "AmbiguousSelector" });
    expect(decide(anAutoscaler(bounds), seeing([50, 50, 50])).rescaleTo).toBeDefined();
  },
);

test("a failed write of the scale keeps the desired count that was there", () => {
  const hpa = { ...anAutoscaler(), status: { desiredReplicas: 2, currentReplicas: 2 } };
  const conclusion = concludeSync(hpa, decide(hpa, seeing([500, 500])), { error: "the server refused" }, now);
  expect(conclusion.status.desiredReplicas).toBe(2);
  expect(conclusion.events.at(-1)).toEqual({
    type: "Warning",
    reason: "FailedRescale",
    message:
      "New size: 4; reason: cpu resource utilization (percentage of request) above target; error: the server refused",
  });
});

test("a metric whose selector is no selector becomes a condition", () => {
  const selector = { matchExpressions: [{ key: "team", operator: "Near", values: ["a"] }] };
  const external = { metric: { name: "queue", selector }, target: { type: "Value", value: "5" } };
  const hpa = anAutoscaler({ metrics: [{ type: "External", external }] });
  const decision = decide(hpa, { ...seeing([100]), readings: [{ valuesMilli: [9000n] }] });
  expect(decision.rescaleTo).toBeUndefined();
  expect(decision.conditions.at(-1)).toMatchObject({
    type: "ScalingActive",
    status: "False",
    reason: "FailedGetExternalMetric",
    message: 'the HPA was unable to compute the replica count: "Near" is not a valid label selector operator',
  });
});

const anyUsage = fc.array(fc.integer({ min: 0, max: 2000 }), { minLength: 1, maxLength: 20 });

test("never acts outside [minReplicas, maxReplicas], whatever was seen", () => {
  fc.assert(
    fc.property(
      anyUsage,
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 8, max: 30 }),
      (millis, minReplicas, maxReplicas) => {
        const { rescaleTo } = decide(anAutoscaler({ minReplicas, maxReplicas }), seeing(millis));
        return rescaleTo === undefined || (rescaleTo >= minReplicas && rescaleTo <= maxReplicas);
      },
    ),
  );
});

test("more load never means fewer replicas", () => {
  fc.assert(
    fc.property(anyUsage, fc.integer({ min: 1, max: 500 }), (millis, more) => {
      const wanted = (loads: number[]) => decide(anAutoscaler(), seeing(loads)).rescaleTo ?? loads.length;
      return wanted(millis.map((each) => each + more)) >= wanted(millis);
    }),
  );
});

test("the order of the pods does not matter", () => {
  fc.assert(
    fc.property(anyUsage, (millis) => {
      const seen = seeing(millis);
      const shuffled = { ...seen, pods: seen.pods.toReversed() };
      expect(decide(anAutoscaler(), shuffled).rescaleTo).toBe(decide(anAutoscaler(), seen).rescaleTo);
    }),
  );
});
