import type { Pod, PodDisruptionBudget } from "@bellows/api";
import { type Instant, parseTimestamp } from "@bellows/kube";
import { scaledValue } from "../int-or-percent.ts";
import { isReady, isTerminating } from "../pod-state.ts";

/** A pod that was approved for eviction and is still there counts as disrupted this long. */
const disruptionTimeoutMs = 120_000;

export interface Expectation {
  readonly expectedPods: number;
  readonly desiredHealthy: number;
}

/**
 * How many pods a budget expects and how many of them must stay healthy (disruption `getExpectedPodCount`, 1.35).
 * @param expectedScale  the replicas that the pods' controllers ask for, together
 */
export function expectation({ spec }: PodDisruptionBudget, podCount: number, expectedScale: number): Expectation {
  if (spec?.maxUnavailable !== undefined) {
    const unavailable = scaledValue(spec.maxUnavailable, expectedScale, "up");
    return { expectedPods: expectedScale, desiredHealthy: Math.max(0, expectedScale - unavailable) };
  }
  if (typeof spec?.minAvailable === "string") {
    return { expectedPods: expectedScale, desiredHealthy: scaledValue(spec.minAvailable, expectedScale, "up") };
  }
  return { expectedPods: podCount, desiredHealthy: spec?.minAvailable ?? 0 };
}

/** Whether a budget needs to know the scale of the pods' controllers. */
export const needsScale = ({ spec }: PodDisruptionBudget): boolean =>
  spec?.maxUnavailable !== undefined || typeof spec?.minAvailable === "string";

export interface Disrupted {
  readonly pods: Record<string, string>;
  /** When the next entry expires. */
  readonly recheckAt: Instant | undefined;
}

/** The entries of `status.disruptedPods` that still hold: the pod is there, not yet deleted, and the wait is not over. */
export function stillDisrupted({ status }: PodDisruptionBudget, pods: readonly Pod[], now: Instant): Disrupted {
  const kept: Record<string, string> = {};
  let recheckAt: Instant | undefined;
  for (const { metadata } of pods) {
    const since = status?.disruptedPods?.[metadata.name];
    if (since === undefined || metadata.deletionTimestamp) continue;
    const expiresAt = (parseTimestamp(since) ?? 0) + disruptionTimeoutMs;
    if (expiresAt < now) continue;
    kept[metadata.name] = since;
    recheckAt = Math.min(recheckAt ?? Number.POSITIVE_INFINITY, expiresAt + 1);
  }
  return { pods: kept, recheckAt };
}

export const countHealthy = (pods: readonly Pod[], disrupted: Readonly<Record<string, string>>): number =>
  pods.filter((pod) => !isTerminating(pod) && disrupted[pod.metadata.name] === undefined && isReady(pod)).length;

export function disruptionsAllowed(currentHealthy: number, { expectedPods, desiredHealthy }: Expectation): number {
  return expectedPods <= 0 ? 0 : Math.max(0, currentHealthy - desiredHealthy);
}
