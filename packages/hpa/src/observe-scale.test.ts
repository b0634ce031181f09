import type { HorizontalPodAutoscaler, MetricSpec } from "@bellows/api";
import type { Client } from "@bellows/kube";
import { expect, test } from "vitest";
import { decideReplicas, defaultConfig } from "./engine/decide.ts";
import { noHistory } from "./engine/history.ts";
import { readingOfValues } from "./engine/metric.ts";
import { readScale } from "./observe-scale.ts";

const queue: MetricSpec = {
  type: "External",
  external: { metric: { name: "queue" }, target: { type: "AverageValue", averageValue: "1" } },
};

/** What an autoscaler of a shared metric makes of a target in the middle of a canary. */
async function desired(apiVersion: string, kind: string, replicas: number, pods: number, value: string) {
  const client = {
    getScale: async () => ({ spec: { replicas }, status: { replicas: pods, selector: "app=web" }, metadata: {} }),
  } as unknown as Client;
  const target = { namespace: "shop", apiVersion, kind, name: "web" };
  const scale = await readScale(client, target);
  const hpa: HorizontalPodAutoscaler = {
    metadata: { name: "web", namespace: "shop" },
    spec: { scaleTargetRef: target, maxReplicas: 100, metrics: [queue] },
  };
  const seen = { scale, pods: [], autoscalersOfPods: ["shop/web"], readings: [readingOfValues([value])] };
  return decideReplicas(hpa, seen, noHistory, defaultConfig, 0).rescaleTo ?? replicas;
}

test.each<[string, number, string, number]>([
  ["one canary more", 11, "10", 10],
  ["a canary for each", 20, "19", 19],
  ["canaries, and a load within the tolerance", 11, "10500m", 10],
])(
  "an Argo Rollout of 10 with %s is no reason for more replicas than its metric asks for",
  async (_, pods, value, replicas) => {
    expect(await desired("argoproj.io/v1alpha1", "Rollout", 10, pods, value)).toBe(replicas);
  },
);

test("of other kinds the scale says among how many a metric is shared", async () => {
  expect(await desired("example.com/v1", "Rollout", 10, 11, "10")).toBe(11);
});
