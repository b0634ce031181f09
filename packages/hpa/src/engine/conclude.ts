import { type HorizontalPodAutoscaler, type HorizontalPodAutoscalerStatus, timestamp } from "@bellows/api";
import { Conditions } from "./conditions.ts";
import type { HpaDecision, HpaEvent } from "./decide.ts";
import { type History, remember } from "./history.ts";
import { longestPeriodMs } from "./scaling-policy.ts";

/** What became of the write of spec.replicas. */
export type RescaleOutcome = { readonly error?: string };

export interface HpaConclusion {
  readonly status: HorizontalPodAutoscalerStatus;
  readonly events: readonly HpaEvent[];
  readonly error: string | undefined;
  readonly history: History;
}

/** Completes a decision once its rescale (if it wanted one) was tried: the status to write, and what to remember. */
export function concludeSync(
  hpa: HorizontalPodAutoscaler,
  decision: HpaDecision,
  outcome: RescaleOutcome,
  now: number,
): HpaConclusion {
  const { rescaleTo, currentReplicas: current } = decision;
  const conditions = new Conditions(decision.conditions, now);
  const statusWith = (desired: number, rescaled: boolean): HorizontalPodAutoscalerStatus => ({
    ...(current !== 0 && { currentReplicas: current }),
    desiredReplicas: desired,
    ...(decision.metricStatuses && { currentMetrics: [...decision.metricStatuses] }),
    conditions: [...conditions.list],
    ...(rescaled
      ? { lastScaleTime: timestamp(now) }
      : hpa.status?.lastScaleTime && { lastScaleTime: hpa.status.lastScaleTime }),
  });
  const keptDesired = hpa.status?.desiredReplicas ?? 0;
  if (decision.failed) {
    return {
      status: statusWith(keptDesired, false),
      events: decision.events,
      error: decision.error,
      history: decision.history,
    };
  }
  if (rescaleTo === undefined) {
    return {
      status: statusWith(current, false),
      events: decision.events,
      error: decision.error,
      history: decision.history,
    };
  }
  const size = `New size: ${rescaleTo}; reason: ${decision.rescaleReason}`;
  if (outcome.error !== undefined) {
    conditions.set(
      "AbleToScale",
      "False",
      "FailedUpdateScale",
      `the HPA controller was unable to update the target scale: ${outcome.error}`,
    );
    const event: HpaEvent = { type: "Warning", reason: "FailedRescale", message: `${size}; error: ${outcome.error}` };
    return {
      status: statusWith(keptDesired, false),
      events: [...decision.events, event],
      error: `failed to rescale: ${outcome.error}`,
      history: decision.history,
    };
  }
  conditions.set(
    "AbleToScale",
    "True",
    "SucceededRescale",
    `the HPA controller was able to update the target scale to ${rescaleTo}`,
  );
  return {
    status: statusWith(rescaleTo, true),
    events: [...decision.events, { type: "Normal", reason: "SuccessfulRescale", message: size }],
    error: decision.error,
    history: withScaleEvent(hpa, decision.history, rescaleTo - current, now),
  };
}

/** Only a behavior looks at past changes, so only then are they kept (`storeScaleEvent`). */
function withScaleEvent(hpa: HorizontalPodAutoscaler, history: History, change: number, now: number): History {
  const behavior = hpa.spec?.behavior;
  if (!behavior) return history;
  const grew = change > 0;
  const since = now - longestPeriodMs(grew ? behavior.scaleUp : behavior.scaleDown);
  const event = { change: Math.abs(change), at: now };
  return grew
    ? { ...history, scaleUps: remember(history.scaleUps, event, (each) => each.at < since) }
    : { ...history, scaleDowns: remember(history.scaleDowns, event, (each) => each.at < since) };
}
