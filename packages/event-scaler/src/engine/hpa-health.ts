import { condition, type HorizontalPodAutoscaler, type KedaCondition } from "@bellows/api";

/**
 * The HPAActive condition of a ScaledObject, from the ScalingActive condition of its HPA; undefined (leave it as it is)
 * where the HPA has not said anything yet.
 */
export function hpaHealth(hpa: HorizontalPodAutoscaler | undefined): KedaCondition | undefined {
  const seen = condition(hpa?.status?.conditions, "ScalingActive");
  if (!seen) return undefined;
  const { status, reason = "", message = "" } = seen;
  if (status === "True") return active("HPAActive", "HPA is actively scaling");
  // At zero replicas the HPA stands still: that is how scaling to zero is meant to be.
  if (reason === "ScalingDisabled") return active("ScalingDisabled", message);
  return {
    type: "HPAActive",
    status: "False",
    reason: reason || "HPAMetricsUnavailable",
    message: `HPA is not actively scaling: ${message}`,
  };
}

const active = (reason: string, message: string): KedaCondition => ({
  type: "HPAActive",
  status: "True",
  reason,
  message,
});
