import {
  type Deployment,
  type DeploymentCondition,
  type DeploymentStatus,
  type ReplicaSet,
  timestamp,
} from "@bellows/api";
import { type Instant, parseTimestamp } from "@bellows/kube";
import { maxUnavailable, replicasOf, sumOf } from "./sizes.ts";

type Conditions = readonly DeploymentCondition[];

/** "No deadline" is written as the largest int32. */
const noDeadline = 2_147_483_647;

export const hasDeadline = ({ spec }: Deployment): boolean =>
  spec?.progressDeadlineSeconds !== undefined && spec.progressDeadlineSeconds !== noDeadline;

export const find = (conditions: Conditions, type: string): DeploymentCondition | undefined =>
  conditions.find((condition) => condition.type === type);

export const without = (conditions: Conditions, type: string): Conditions =>
  conditions.filter((condition) => condition.type !== type);

/** Puts a condition in at the end; one that says the same already (status and reason) stays as it is. */
export function put(
  conditions: Conditions,
  type: string,
  status: string,
  reason: string,
  message: string,
  now: Instant,
): Conditions {
  const before = find(conditions, type);
  if (before?.status === status && before.reason === reason) return conditions;
  const at = timestamp(now);
  const lastTransitionTime = before?.status === status ? (before.lastTransitionTime ?? at) : at;
  return [...without(conditions, type), { type, status, reason, message, lastUpdateTime: at, lastTransitionTime }];
}

/** The counts of a Deployment, and whether enough of it is available. */
export function statusOf(
  deployment: Deployment,
  sets: readonly ReplicaSet[],
  newSet: ReplicaSet | undefined,
  conditions: Conditions,
  collisionCount: number | undefined,
  now: Instant,
): DeploymentStatus {
  const available = sumOf(sets, (set) => set.status?.availableReplicas);
  const unavailable = Math.max(0, sumOf(sets, replicasOf) - available);
  const ready = sumOf(sets, (set) => set.status?.readyReplicas);
  const actual = sumOf(sets, (set) => set.status?.replicas);
  const updated = newSet?.status?.replicas ?? 0;
  const terminatingKnown = sets.every((set) => set.status?.terminatingReplicas !== undefined);
  const enough = available >= replicasOf(deployment) - maxUnavailable(deployment);
  const availability = enough
    ? put(conditions, "Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.", now)
    : put(
        conditions,
        "Available",
        "False",
        "MinimumReplicasUnavailable",
        "Deployment does not have minimum availability.",
        now,
      );
  return {
    ...(available > 0 && { availableReplicas: available }),
    ...(collisionCount !== undefined && { collisionCount }),
    conditions: [...availability],
    observedGeneration: deployment.metadata.generation ?? 0,
    ...(ready > 0 && { readyReplicas: ready }),
    ...(actual > 0 && { replicas: actual }),
    ...(terminatingKnown && { terminatingReplicas: sumOf(sets, (set) => set.status?.terminatingReplicas) }),
    ...(unavailable > 0 && { unavailableReplicas: unavailable }),
    ...(updated > 0 && { updatedReplicas: updated }),
  };
}

/** All replicas are of the newest version, and available. */
export function isComplete(deployment: Deployment, status: DeploymentStatus): boolean {
  const desired = replicasOf(deployment);
  return (
    (status.updatedReplicas ?? 0) === desired &&
    (status.replicas ?? 0) === desired &&
    (status.availableReplicas ?? 0) === desired &&
    (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)
  );
}

function hasProgressed(before: DeploymentStatus, after: DeploymentStatus): boolean {
  const old = (status: DeploymentStatus) => (status.replicas ?? 0) - (status.updatedReplicas ?? 0);
  return (
    (after.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    old(after) < old(before) ||
    (after.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (after.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  );
}

/** Until when the rollout has to show progress; undefined where nothing is awaited. */
export function deadlineOf(deployment: Deployment, conditions: Conditions): Instant | undefined {
  const progressing = find(conditions, "Progressing");
  if (!hasDeadline(deployment) || !progressing) return undefined;
  if (progressing.reason === "NewReplicaSetAvailable" || progressing.reason === "ProgressDeadlineExceeded")
    return undefined;
  const since = parseTimestamp(progressing.lastUpdateTime) ?? 0;
  return since + (deployment.spec?.progressDeadlineSeconds ?? 0) * 1000;
}

/** The status with what the rollout has come to: Progressing, and a failure of a ReplicaSet (deployment `syncRolloutStatus`). */
export function withProgress(
  deployment: Deployment,
  status: DeploymentStatus,
  newSet: ReplicaSet | undefined,
  sets: readonly ReplicaSet[],
  now: Instant,
): DeploymentStatus {
  let conditions: Conditions = status.conditions ?? [];
  if (!hasDeadline(deployment)) conditions = without(conditions, "Progressing");
  const current = find(conditions, "Progressing");
  const settled =
    (status.replicas ?? 0) === (status.updatedReplicas ?? 0) && current?.reason === "NewReplicaSetAvailable";
  if (hasDeadline(deployment) && !settled) {
    const subject = newSet
      ? `ReplicaSet ${JSON.stringify(newSet.metadata.name)}`
      : `Deployment ${JSON.stringify(deployment.metadata.name)}`;
    const deadline = deadlineOf(deployment, conditions);
    if (isComplete(deployment, status)) {
      const message = `${subject} has successfully progressed.`;
      conditions = put(conditions, "Progressing", "True", "NewReplicaSetAvailable", message, now);
    } else if (hasProgressed(deployment.status ?? {}, status)) {
      // Written anew even where reason and status are the same: lastUpdateTime is when progress was last seen.
      const at = timestamp(now);
      const lastTransitionTime = current?.status === "True" ? (current.lastTransitionTime ?? at) : at;
      const message = `${subject} is progressing.`;
      const reason = "ReplicaSetUpdated";
      const progress = { type: "Progressing", status: "True", reason, message, lastUpdateTime: at, lastTransitionTime };
      conditions = [...without(conditions, "Progressing"), progress];
    } else if (deadline !== undefined && deadline < now) {
      const message = `${subject} has timed out progressing.`;
      conditions = put(conditions, "Progressing", "False", "ProgressDeadlineExceeded", message, now);
    }
  }
  return { ...status, conditions: [...withFailure(conditions, newSet, sets)] };
}

/** The failure of the new ReplicaSet, or else of any. */
function withFailure(conditions: Conditions, newSet: ReplicaSet | undefined, sets: readonly ReplicaSet[]): Conditions {
  const failureOf = (set: ReplicaSet) =>
    set.status?.conditions?.find((condition) => condition.type === "ReplicaFailure");
  const failure = (newSet && failureOf(newSet)) ?? sets.map(failureOf).find((found) => found !== undefined);
  if (!failure) return without(conditions, "ReplicaFailure");
  const at = failure.lastTransitionTime;
  return put(
    conditions,
    "ReplicaFailure",
    failure.status,
    failure.reason ?? "",
    failure.message ?? "",
    parseTimestamp(at) ?? 0,
  );
}
