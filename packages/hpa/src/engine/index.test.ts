import type { HorizontalPodAutoscaler } from "@bellows/api";
import { expect, test } from "vitest";
import { concludeSync, decideReplicas, defaultConfig, noHistory, readingOfValues } from "./index.ts";

const now = Date.parse("2026-01-01T12:00:00Z");
const hpa: HorizontalPodAutoscaler = {
  metadata: { name: "worker", namespace: "shop" },
  spec: {
    scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "worker" },
    minReplicas: 0,
    maxReplicas: 10,
    metrics: [
      {
        type: "External",
        external: { metric: { name: "queue" }, target: { type: "AverageValue", averageValue: "5" } },
      },
    ],
  },
};
const seen = (replicas: number, values: (string | number)[]) => ({
  scale: { specReplicas: replicas, statusReplicas: replicas, selector: "app=worker" },
  pods: [],
  autoscalersOfPods: ["shop/worker"],
  readings: [readingOfValues(values)],
});

test("pushed values are summed and shared among replicas, also from zero", () => {
  const decision = decideReplicas(hpa, seen(0, ["12500m", 7]), noHistory, defaultConfig, now);
  expect(decision.rescaleTo).toBe(4);
  expect(concludeSync(hpa, decision, {}, now).events).toEqual([
    { type: "Normal", reason: "SuccessfulRescale", message: expect.stringContaining("New size: 4") },
  ]);
});

test("a value that is no number is refused before it can decide anything", () => {
  expect(() => readingOfValues([Number.NaN])).toThrow();
  expect(() => readingOfValues([Number.POSITIVE_INFINITY])).toThrow();
});
