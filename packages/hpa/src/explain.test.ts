import type { HorizontalPodAutoscaler, MetricSpec, Pod } from "@bellows/api";
import { expect, test } from "vitest";
import { concludeSync } from "./engine/conclude.ts";
import { decideReplicas, defaultConfig, type Seen } from "./engine/decide.ts";
import { noHistory } from "./engine/history.ts";
import { type Reading, readingOfValues } from "./engine/metric.ts";
import { recordOf } from "./explain.ts";

const now = Date.parse("2026-01-01T00:00:00Z");
const long = "2025-12-31T00:00:00Z";
const cpu: MetricSpec = {
  type: "Resource",
  resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 50 } },
};
const external: MetricSpec = {
  type: "External",
  external: { metric: { name: "queue" }, target: { type: "AverageValue", averageValue: "5" } },
};

const podsUsing = (milli: readonly number[]): { pods: Pod[]; reading: Reading } => ({
  pods: milli.map((_, index) => ({
    metadata: { name: `web-${index}` },
    spec: { containers: [{ name: "main", resources: { requests: { cpu: "100m" } } }] },
    status: {
      phase: "Running",
      startTime: long,
      conditions: [{ type: "Ready", status: "True", lastTransitionTime: long }],
    },
  })),
  reading: {
    podMetrics: milli.map((each, index) => ({
      metadata: { name: `web-${index}` },
      timestamp: "2025-12-31T23:59:55Z",
      window: "15s",
      containers: [{ name: "main", usage: { cpu: `${each}m` } }],
    })),
  },
});

function explained(metric: MetricSpec, reading: Reading, pods: Pod[], more: Partial<Seen> = {}) {
  const hpa: HorizontalPodAutoscaler = {
    metadata: { namespace: "shop", name: "web" },
    spec: { scaleTargetRef: { kind: "Deployment", name: "web" }, minReplicas: 1, maxReplicas: 4, metrics: [metric] },
  };
  const seen: Seen = {
    scale: { specReplicas: pods.length, statusReplicas: pods.length, selector: "app=web" },
    pods,
    autoscalersOfPods: ["shop/web"],
    readings: [reading],
    ...more,
  };
  const decision = decideReplicas(hpa, seen, noHistory, defaultConfig, now);
  return recordOf(hpa, decision, concludeSync(hpa, decision, {}, now), seen, now, now);
}

test.each([
  { name: "above its target", milli: [80, 90], step: "cpu 85 % of 50 % over 2 pods -> 4" },
  { name: "of one pod", milli: [80], step: "cpu 80 % of 50 % over 1 pod -> 2" },
  { name: "within the tolerance", milli: [52, 52], step: "cpu 52 % of 50 % over 2 pods -> 2, within the tolerance" },
  { name: "just below its target, rounded up", milli: [40, 40], step: "cpu 40 % of 50 % over 2 pods -> 2" },
])("a metric $name is explained", ({ milli, step }) => {
  const { pods, reading } = podsUsing(milli);
  expect(explained(cpu, reading, pods).computed).toEqual([step]);
});

test("in a rollout the pods are those of a rollout", () => {
  const { pods, reading } = podsUsing([52, 52]);
  expect(explained(cpu, reading, pods, { isRollingOut: true }).computed).toEqual([
    "cpu 52 % of 50 % over 2 pods in a rollout -> 2, within the tolerance",
  ]);
});

test("a value of no pod is over none, and the limit that bit follows it", () => {
  const { pods } = podsUsing([1, 1]);
  const { computed, limits, action } = explained(external, readingOfValues([40]), pods);
  expect(computed).toEqual(["queue 20 of 5 -> 8"]);
  expect(limits).toEqual([{ reason: "TooManyReplicas", from: 8, to: 4 }]);
  expect(action).toEqual({ replicas: 4, reason: "external metric queue(nil) above target" });
});

test("a metric that could not be read asks for no count, and why is said", () => {
  const { pods } = podsUsing([1, 1]);
  const { computed, seen, action } = explained(external, { error: "the server is away" }, pods);
  expect(computed).toEqual(["queue unknown of 5 -> no count"]);
  expect(seen.error).toContain("the server is away");
  expect(action).toBeUndefined();
});
