import type { HPAScalingPolicy, HPAScalingRules } from "@bellows/api";
import type { History, ScaleEvent } from "./history.ts";

/** The count after limits, and the limit that changed it (or the statement that none did). */
export interface Limited {
  readonly replicas: number;
  readonly reason: "DesiredWithinRange" | "ScaleUpLimit" | "ScaleDownLimit" | "TooManyReplicas" | "TooFewReplicas";
  readonly message: string;
}

const messages: Record<Limited["reason"], string> = {
  DesiredWithinRange: "the desired count is within the acceptable range",
  ScaleUpLimit: "the desired replica count is increasing faster than the maximum scale rate",
  ScaleDownLimit: "the desired replica count is decreasing faster than the maximum scale rate",
  TooManyReplicas: "the desired replica count is more than the maximum replica count",
  TooFewReplicas: "the desired replica count is less than the minimum replica count",
};

const limited = (replicas: number, reason: Limited["reason"]): Limited => ({
  replicas,
  reason,
  message: messages[reason],
});

export interface Range {
  readonly min: number;
  readonly max: number;
}

/** Without a behavior: at most double the replicas, or 4 where that is more, in one step (`convertDesiredReplicasWithRules`). */
export function limitWithoutBehavior(desired: number, current: number, range: Range): Limited {
  const fastest = Math.max(2 * current, 4);
  const ceiling = Math.min(range.max, fastest);
  if (desired < range.min) return limited(range.min, "TooFewReplicas");
  if (desired > ceiling) return limited(ceiling, range.max > fastest ? "ScaleUpLimit" : "TooManyReplicas");
  return limited(desired, "DesiredWithinRange");
}

/** With a behavior: no faster than its policies allow (`convertDesiredReplicasWithBehaviorRate`). */
export function limitByPolicies(
  desired: number,
  current: number,
  range: Range,
  rules: { readonly up: HPAScalingRules; readonly down: HPAScalingRules },
  history: Pick<History, "scaleUps" | "scaleDowns">,
  now: number,
): Limited {
  if (desired > current) {
    const fastest = Math.max(current, scaleUpLimit(current, rules.up, history, now));
    const ceiling = Math.min(range.max, fastest);
    if (desired > ceiling) return limited(ceiling, range.max > fastest ? "ScaleUpLimit" : "TooManyReplicas");
  } else if (desired < current) {
    const fastest = Math.min(current, scaleDownLimit(current, rules.down, history, now));
    const floor = Math.max(range.min, fastest);
    if (desired < floor) return limited(floor, range.min < fastest ? "ScaleDownLimit" : "TooFewReplicas");
  }
  return limited(desired, "DesiredWithinRange");
}

function scaleUpLimit(
  current: number,
  rules: HPAScalingRules,
  history: Pick<History, "scaleUps" | "scaleDowns">,
  now: number,
) {
  if (rules.selectPolicy === "Disabled") return current;
  const proposals = (rules.policies ?? []).map((policy) => {
    const before = replicasAtPeriodStart(current, policy, history, now);
    // Rounded up: otherwise a small percentage of few replicas would never grow.
    return policy.type === "Percent" ? Math.ceil(before * (1 + policy.value / 100)) : before + policy.value;
  });
  return rules.selectPolicy === "Min" ? Math.min(...proposals) : Math.max(...proposals);
}

function scaleDownLimit(
  current: number,
  rules: HPAScalingRules,
  history: Pick<History, "scaleUps" | "scaleDowns">,
  now: number,
) {
  if (rules.selectPolicy === "Disabled") return current;
  const proposals = (rules.policies ?? []).map((policy) => {
    const before = replicasAtPeriodStart(current, policy, history, now);
    return policy.type === "Percent" ? Math.trunc(before * (1 - policy.value / 100)) : before - policy.value;
  });
  return rules.selectPolicy === "Min" ? Math.max(...proposals) : Math.min(...proposals);
}

function replicasAtPeriodStart(
  current: number,
  policy: HPAScalingPolicy,
  history: Pick<History, "scaleUps" | "scaleDowns">,
  now: number,
): number {
  const since = now - policy.periodSeconds * 1000;
  const changed = (events: readonly ScaleEvent[]) =>
    events.reduce((sum, event) => (event.at > since ? sum + event.change : sum), 0);
  return current - changed(history.scaleUps) + changed(history.scaleDowns);
}

/** The longest period of the rules' policies, in milliseconds: what history must reach back to. */
export const longestPeriodMs = (rules: HPAScalingRules | undefined): number =>
  Math.max(0, ...(rules?.policies ?? []).map((policy) => policy.periodSeconds)) * 1000;
