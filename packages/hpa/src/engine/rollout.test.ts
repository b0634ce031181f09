import type { HorizontalPodAutoscaler, MetricSpec, Pod, PodMetrics } from "@bellows/api";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decideReplicas, defaultConfig, type Seen } from "./decide.ts";
import { noHistory } from "./history.ts";
import { type Reading, readingOfValues } from "./metric.ts";

const now = Date.parse("2026-01-01T12:00:00Z");

const autoscaler = (metric: MetricSpec, minReplicas = 1): HorizontalPodAutoscaler => ({
  metadata: { name: "web", namespace: "shop" },
  spec: {
    scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" },
    minReplicas,
    maxReplicas: 100,
    metrics: [metric],
    behavior: {
      scaleUp: {
        stabilizationWindowSeconds: 0,
        selectPolicy: "Max",
        policies: [{ type: "Percent", value: 900, periodSeconds: 15 }],
      },
      scaleDown: {
        stabilizationWindowSeconds: 0,
        selectPolicy: "Max",
        policies: [{ type: "Percent", value: 100, periodSeconds: 15 }],
      },
    },
  },
});

const halfOfCpu: MetricSpec = {
  type: "Resource",
  resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 50 } },
};
const external = (target: { value?: string; averageValue?: string }): MetricSpec => ({
  type: "External",
  external: { metric: { name: "queue" }, target: { type: target.value ? "Value" : "AverageValue", ...target } },
});

interface Group {
  readonly pods: number;
  /** Of 100m requested. */
  readonly cpuMilli?: number;
  readonly isReady?: boolean;
}

/** The pods of a rollout: each group with what each of its pods uses; those without a use have no sample. */
function rollout(replicas: number, groups: readonly Group[], reading?: Reading, isRollingOut = true): Seen {
  const pods: Pod[] = [];
  const podMetrics: PodMetrics[] = [];
  for (const [place, { pods: count, cpuMilli, isReady = true }] of groups.entries()) {
    for (let index = 0; index < count; index++) {
      const name = `web-${place}-${index}`;
      const status = isReady ? "True" : "False";
      const startTime = isReady ? "2026-01-01T08:00:00Z" : "2026-01-01T11:59:50Z";
      pods.push({
        metadata: { name, namespace: "shop", labels: { app: "web" } },
        spec: { containers: [{ name: "app", resources: { requests: { cpu: "100m" } } }] },
        status: {
          phase: "Running",
          startTime,
          conditions: [{ type: "Ready", status, lastTransitionTime: startTime }],
        },
      });
      if (cpuMilli === undefined) continue;
      podMetrics.push({
        metadata: { name, namespace: "shop" },
        timestamp: "2026-01-01T11:59:55Z",
        window: "15s",
        containers: [{ name: "app", usage: { cpu: `${cpuMilli}m` } }],
      });
    }
  }
  return {
    scale: { specReplicas: replicas, statusReplicas: pods.length, selector: "app=web" },
    pods,
    autoscalersOfPods: ["shop/web"],
    readings: [reading ?? { podMetrics }],
    isRollingOut,
  };
}

const wanted = (hpa: HorizontalPodAutoscaler, seen: Seen): number => {
  const current = "error" in seen.scale ? 0 : seen.scale.specReplicas;
  return decideReplicas(hpa, seen, noHistory, defaultConfig, now).rescaleTo ?? current;
};

describe("a rollout of ten replicas with five more pods", () => {
  test.each([
    {
      name: "pods below their target ask for no more, however many there are",
      metric: halfOfCpu,
      groups: [{ pods: 15, cpuMilli: 40 }],
      upstream: 12,
      here: 10,
    },
    {
      name: "pods above their target ask for the ratio of the replicas, not of the pods",
      metric: halfOfCpu,
      groups: [{ pods: 15, cpuMilli: 60 }],
      upstream: 18,
      here: 12,
    },
    {
      name: "a load that more pods have thinned out keeps the replicas",
      metric: halfOfCpu,
      groups: [{ pods: 15, cpuMilli: 33 }],
      upstream: 10,
      here: 10,
    },
    {
      name: "a load that is gone still shrinks it",
      metric: halfOfCpu,
      groups: [{ pods: 15, cpuMilli: 10 }],
      upstream: 3,
      here: 3,
    },
    {
      name: "replacements that start beside busy pods don't hide that these need help",
      metric: halfOfCpu,
      groups: [
        { pods: 10, cpuMilli: 75 },
        { pods: 5, cpuMilli: 0, isReady: false },
      ],
      upstream: 10,
      here: 15,
    },
    {
      name: "a queue that is shared as it should be stays so",
      metric: external({ averageValue: "10" }),
      groups: [{ pods: 15 }],
      reading: readingOfValues([148]),
      upstream: 15,
      here: 15,
    },
    {
      name: "a queue that ten can take asks for no more",
      metric: external({ averageValue: "10" }),
      groups: [{ pods: 11 }],
      reading: readingOfValues([100]),
      upstream: 11,
      here: 10,
    },
    {
      name: "a whole above its target asks for the ratio of the replicas",
      metric: external({ value: "100" }),
      groups: [{ pods: 15 }],
      reading: readingOfValues([120]),
      upstream: 18,
      here: 12,
    },
    {
      name: "a whole below its target asks for no more",
      metric: external({ value: "100" }),
      groups: [{ pods: 15 }],
      reading: readingOfValues([85]),
      upstream: 13,
      here: 10,
    },
  ])("$name", ({ metric, groups, reading, upstream, here }) => {
    expect(wanted(autoscaler(metric), rollout(10, groups, reading, false))).toBe(upstream);
    expect(wanted(autoscaler(metric), rollout(10, groups, reading))).toBe(here);
  });
});

test("a rollout that runs on pods that are there in spite of no load never climbs, whatever the surge", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 0, max: 100 }),
      fc.integer({ min: 0, max: 54 }),
      (replicas, surgePercent, cpuMilli) => {
        let current = replicas;
        for (let turn = 0; turn < 5; turn++) {
          const pods = current + Math.ceil((current * surgePercent) / 100);
          current = wanted(autoscaler(halfOfCpu), rollout(current, [{ pods, cpuMilli }]));
        }
        return current <= replicas;
      },
    ),
  );
});

test("once no old pod is left, everything is as upstream", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 0, max: 200 }),
      (replicas, cpuMilli) =>
        wanted(autoscaler(halfOfCpu), rollout(replicas, [{ pods: replicas, cpuMilli }])) ===
        wanted(autoscaler(halfOfCpu), rollout(replicas, [{ pods: replicas, cpuMilli }], undefined, false)),
    ),
  );
});
