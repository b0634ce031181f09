import { type KedaCondition, type MetricSpec, quantityOf, type ScaledObject } from "@bellows/api";
import { compositeMetricName, usesModifiers } from "./scaling-modifiers.ts";

/** `status.health` of one metric. */
export interface MetricHealth {
  readonly numberOfFailures?: number | undefined;
  readonly status?: string | undefined;
}

/** The values that stand for a metric that can't be read. `value` as in `MetricValue`: three decimals count. */
export interface FallbackValue {
  readonly metricName: string;
  readonly value: number;
}

/** What the replicas of a fallback are computed from. */
export interface FallbackReplicas {
  /** `spec.replicas` of the target, where it could be read; needed by the currentReplicas behaviours. */
  readonly currentReplicas?: number;
  /** Running pods of the target that are ready, where they could be counted; needed where the metric's target is a Value. */
  readonly readyReplicas?: number;
}

export const fallbackActivated = {
  type: "Normal",
  reason: "ScaledObjectFallbackActivated",
  message: "ScaledObject fallback is active",
} as const;
export const fallbackDeactivated = {
  type: "Normal",
  reason: "ScaledObjectFallbackDeactivated",
  message: "ScaledObject fallback is no longer active",
} as const;

/** Whether a ScaledObject has a fallback that can be used; only then is the health of its metrics kept. */
export function hasValidFallback({ spec }: ScaledObject): boolean {
  const { fallback, advanced } = spec ?? {};
  if (!fallback || fallback.failureThreshold < 0 || fallback.replicas < 0) return false;
  if (!usesModifiers(spec)) return true;
  // Upstream reads whole numbers here, though a formula's target may have decimals: such an object has no fallback.
  const target = advanced?.scalingModifiers?.target ?? "";
  return /^[+-]?\d+$/.test(target) && Number(target) > 0;
}

/** What one reading of a metric means for its health. */
export type HealthReading =
  | "succeeded"
  | "failed"
  /** So soon after another failure that it says nothing new. */
  | "failed again";

/** The health of a metric after one more reading. The first failure after a success always counts. */
export function nextHealth(before: MetricHealth | undefined, reading: HealthReading): Required<MetricHealth> {
  if (reading === "succeeded") return { numberOfFailures: 0, status: "Happy" };
  const known = before?.numberOfFailures ?? 0;
  return { numberOfFailures: reading === "failed" ? known + 1 : Math.max(known, 1), status: "Failing" };
}

/** Whether a metric of this health has failed so often that the fallback takes over. */
export const isPastThreshold = ({ spec }: ScaledObject, health: MetricHealth | undefined): boolean =>
  health?.status === "Failing" && (health.numberOfFailures ?? 0) > (spec?.fallback?.failureThreshold ?? 0);

/** The Fallback condition, from the health of all metrics; undefined where the ScaledObject has no valid fallback. */
export function fallbackCondition(
  scaledObject: ScaledObject,
  health: Readonly<Record<string, MetricHealth>>,
): KedaCondition | undefined {
  if (!hasValidFallback(scaledObject)) return undefined;
  return Object.values(health).some((one) => isPastThreshold(scaledObject, one))
    ? {
        type: "Fallback",
        status: "True",
        reason: "FallbackExists",
        message: "At least one trigger is falling back on this scaled object",
      }
    : {
        type: "Fallback",
        status: "False",
        reason: "NoFallbackFound",
        message: "No fallbacks are active on this scaled object",
      };
}

/** What {@link fallbackValue} has to be told about the target. */
export function fallbackNeeds(
  { spec }: ScaledObject,
  metric: MetricSpec,
): { readonly currentReplicas: boolean; readonly readyReplicas: boolean } {
  const behavior = spec?.fallback?.behavior ?? "static";
  if (behavior === "scalingModifiers") return { currentReplicas: false, readyReplicas: false };
  return { currentReplicas: behavior !== "static", readyReplicas: comparesValue(spec, metric) };
}

export type Fallback =
  /** The values to give to the HPA, which then arrives at the fallback's replicas. */
  | { readonly kind: "values"; readonly values: readonly FallbackValue[] }
  /** The formula is to see nil for this metric (behavior scalingModifiers). */
  | { readonly kind: "nil"; readonly values: readonly FallbackValue[] }
  /** There is none, for this reason; left out where the reading's own error says it. */
  | { readonly kind: "failed"; readonly problem?: string };

/** What stands for a metric past its threshold. */
export function fallbackFor(
  { spec }: ScaledObject,
  metricName: string,
  metric: MetricSpec,
  { currentReplicas, readyReplicas }: FallbackReplicas,
): Fallback {
  const { behavior = "static", replicas: wanted = 0 } = spec?.fallback ?? {};
  if (behavior === "scalingModifiers") {
    // Minus one is never seen: the formula gets nil instead. Without a formula an HPA would see it.
    const hasFormula = Boolean(spec?.advanced?.scalingModifiers?.formula);
    return hasFormula ? { kind: "nil", values: [{ metricName, value: -1 }] } : { kind: "failed" };
  }
  let replicas = wanted;
  if (behavior !== "static") {
    if (currentReplicas === undefined) return { kind: "failed" };
    if (behavior === "currentReplicas") replicas = currentReplicas;
    if (behavior === "currentReplicasIfHigher") replicas = Math.max(currentReplicas, wanted);
    if (behavior === "currentReplicasIfLower") replicas = Math.min(currentReplicas, wanted);
  }

  // A Value is compared as it is, so that the HPA multiplies by the ready pods: divide by them first.
  if (comparesValue(spec, metric)) {
    if (!readyReplicas) return { kind: "failed", problem: "error performing fallback" };
    replicas /= readyReplicas;
  }
  const modifiers = usesModifiers(spec);
  const target = modifiers ? Number(spec?.advanced?.scalingModifiers?.target) : targetOf(metric);
  const milli = Math.trunc(target * 1000 * replicas);
  return {
    kind: "values",
    values: [{ metricName: modifiers ? compositeMetricName : metricName, value: milli / 1000 }],
  };
}

const comparesValue = (spec: ScaledObject["spec"], { external }: MetricSpec): boolean =>
  (usesModifiers(spec) ? spec?.advanced?.scalingModifiers?.metricType : external?.target.type) === "Value";

function targetOf({ external }: MetricSpec): number {
  const { type, averageValue, value } = external?.target ?? { type: "" };
  const target = type === "AverageValue" ? averageValue : type === "Value" ? value : undefined;
  return target === undefined ? 0 : quantityOf(target).toNumber();
}
