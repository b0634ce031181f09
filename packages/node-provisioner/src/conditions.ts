import { condition, setCondition } from "@bellows/api";
import type { Instant } from "@bellows/kube";

/** A condition as Karpenter's kinds hold it. */
export interface StatusCondition {
  type: string;
  status: "True" | "False" | "Unknown";
  reason: string;
  message: string;
  lastTransitionTime: string;
  observedGeneration?: number;
}

/** The conditions that `Ready` sums up, in the order in which they are told of. */
export interface ConditionSet {
  readonly dependents: readonly string[];
}

export interface ConditionChange {
  readonly type: string;
  readonly status: "True" | "False" | "Unknown";
  readonly reason?: string;
  readonly message?: string;
}

/** A condition that holds gives its own type as the reason. */
export const isTrue = (type: string): ConditionChange => ({ type, status: "True" });

const awaiting = {
  status: "Unknown",
  reason: "AwaitingReconciliation",
  message: "object is awaiting reconciliation",
} as const;

/**
 * The conditions after `changes`, with every dependent there and `Ready` summing them up, in the words of Karpenter's
 * status library. The same list where nothing changed.
 */
export function withConditions(
  before: readonly object[] | undefined,
  changes: readonly ConditionChange[],
  { dependents }: ConditionSet,
  generation: number | undefined,
  now: Instant,
): readonly StatusCondition[] {
  const first = (before ?? []) as readonly StatusCondition[];
  const changed = new Map(changes.map((change) => [change.type, change]));
  let conditions = first;
  const set = ({ type, status, reason = type, message = "" }: ConditionChange) => {
    const observed = generation === undefined ? {} : { observedGeneration: generation };
    conditions = setCondition(conditions, { type, status, reason, message, lastTransitionTime: "", ...observed }, now);
  };
  for (const type of dependents) {
    const change = changed.get(type);
    if (change) set(change);
    else if (!condition(conditions, type)) set({ type, ...awaiting });
  }
  for (const change of changes) if (!dependents.includes(change.type)) set(change);
  set(readiness(conditions, dependents));
  return conditions;
}

function readiness(conditions: readonly StatusCondition[], dependents: readonly string[]): ConditionChange {
  const unhealthy = dependents.flatMap((type) => {
    const one = condition(conditions, type);
    return one && one.status !== "True" ? [one] : [];
  });
  if (unhealthy.length === 0) return { type: "Ready", status: "True" };
  const isFalse = unhealthy.some((one) => one.status === "False");
  return {
    type: "Ready",
    status: isFalse ? "False" : "Unknown",
    reason: isFalse ? "UnhealthyDependents" : "ReconcilingDependents",
    message: unhealthy.map((one) => `${one.type}=${one.status}`).join(", "),
  };
}
