import type { HorizontalPodAutoscaler } from "@bellows/api";
import { expect, test } from "vitest";
import { hpaHealth } from "./hpa-health.ts";

const anHpa = (status: string, reason: string, message: string) =>
  ({
    metadata: { name: "h" },
    status: { conditions: [{ type: "ScalingActive", status, reason, message }] },
  }) as unknown as HorizontalPodAutoscaler;

test.each([
  [anHpa("True", "ValidMetricFound", "found"), ["True", "HPAActive", "HPA is actively scaling"]],
  [anHpa("False", "ScalingDisabled", "zero replicas"), ["True", "ScalingDisabled", "zero replicas"]],
  [
    anHpa("False", "FailedGetExternalMetric", "no"),
    ["False", "FailedGetExternalMetric", "HPA is not actively scaling: no"],
  ],
  [
    anHpa("False", "FailedGetExternalMetric", ""),
    ["False", "FailedGetExternalMetric", "HPA is not actively scaling: "],
  ],
  [anHpa("Unknown", "FailedGetScale", "no"), ["False", "FailedGetScale", "HPA is not actively scaling: no"]],
  [anHpa("False", "", "no"), ["False", "HPAMetricsUnavailable", "HPA is not actively scaling: no"]],
])("%o", (hpa, [status, reason, message]) => {
  expect(hpaHealth(hpa)).toEqual({ type: "HPAActive", status, reason, message });
});

test("an HPA that says nothing changes nothing", () => {
  expect(hpaHealth(undefined)).toBeUndefined();
  expect(hpaHealth({ metadata: { name: "h" } })).toBeUndefined();
  const able = { type: "AbleToScale", status: "True", reason: "ReadyForNewScale", message: "able" };
  expect(hpaHealth({ metadata: { name: "h" }, status: { conditions: [able] } } as never)).toBeUndefined();
});
