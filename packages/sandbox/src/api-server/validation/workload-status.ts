import type { FieldErrors } from "./field-errors.ts";

type Counts = Readonly<Record<string, unknown>>;

const numberIn = (status: Counts, field: string): number => {
  const value = status[field];
  return typeof value === "number" ? value : 0;
};

/** Counts that no controller could have made: below zero, or parts greater than the whole. */
interface StatusRules {
  readonly nonNegative: readonly string[];
  /** Of these none is greater than `replicas`. */
  readonly atMostReplicas?: readonly string[];
  /** How the message names `readyReplicas`, which what is available does not exceed. */
  readonly readyIsCalled?: string;
}

const deployment: StatusRules = {
  nonNegative: [
    ...["observedGeneration", "replicas", "updatedReplicas", "readyReplicas", "availableReplicas"],
    ...["unavailableReplicas", "terminatingReplicas", "collisionCount"],
  ],
  atMostReplicas: ["updatedReplicas", "readyReplicas", "availableReplicas"],
  readyIsCalled: "readyReplicas",
};
const replicaSet: StatusRules = {
  nonNegative: [
    ...["replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas", "observedGeneration"],
    "terminatingReplicas",
  ],
  atMostReplicas: ["fullyLabeledReplicas", "readyReplicas", "availableReplicas"],
  readyIsCalled: "readyReplicas",
};
const statefulSet: StatusRules = {
  nonNegative: [
    ...["replicas", "readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas"],
    ...["observedGeneration", "collisionCount"],
  ],
  atMostReplicas: ["readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas"],
  readyIsCalled: "status.readyReplicas",
};
const daemonSet: StatusRules = {
  nonNegative: [
    ...["currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady", "observedGeneration"],
    ...["updatedNumberScheduled", "numberAvailable", "numberUnavailable", "collisionCount"],
  ],
};
const disruptionBudget: StatusRules = {
  nonNegative: ["disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"],
};

type WithStatus = { readonly status?: unknown };

const by =
  ({ nonNegative, atMostReplicas = [], readyIsCalled }: StatusRules) =>
  (errors: FieldErrors, { status: given }: WithStatus, { status: old }: WithStatus): void => {
    const status = (given ?? {}) as Counts;
    const counts = (field: string) => numberIn(status, field);
    for (const field of nonNegative) errors.nonNegative(`status.${field}`, counts(field));
    for (const field of atMostReplicas)
      if (counts(field) > counts("replicas"))
        errors.invalid(`status.${field}`, counts(field), "cannot be greater than status.replicas");
    if (readyIsCalled && counts("availableReplicas") > counts("readyReplicas"))
      errors.invalid(
        "status.availableReplicas",
        counts("availableReplicas"),
        `cannot be greater than ${readyIsCalled}`,
      );
    if (
      nonNegative.includes("collisionCount") &&
      counts("collisionCount") < numberIn((old ?? {}) as Counts, "collisionCount")
    )
      errors.invalid("status.collisionCount", counts("collisionCount"), "cannot be decremented");
  };

export const validateDeploymentStatus = by(deployment);
export const validateReplicaSetStatus = by(replicaSet);
export const validateStatefulSetStatus = by(statefulSet);
export const validateDaemonSetStatus = by(daemonSet);
export const validateDisruptionBudgetStatus = by(disruptionBudget);
