import type { Deployment, ReplicaSet } from "@bellows/api";
import { scaledValue } from "../int-or-percent.ts";

export const desiredAnnotation = "deployment.kubernetes.io/desired-replicas";
export const maxAnnotation = "deployment.kubernetes.io/max-replicas";

export const replicasOf = (object: ReplicaSet | Deployment): number => object.spec?.replicas ?? 1;
export const isRolling = ({ spec }: Deployment): boolean =>
  (spec?.strategy?.type ?? "RollingUpdate") === "RollingUpdate";

export const sumOf = (sets: readonly ReplicaSet[], count: (set: ReplicaSet) => number | undefined): number =>
  sets.reduce((sum, set) => sum + (count(set) ?? 0), 0);

/** Pods above the desired count that a rolling update may have; never both this and {@link maxUnavailable} are 0. */
export function maxSurge(deployment: Deployment): number {
  if (!isRolling(deployment)) return 0;
  return scaledValue(deployment.spec?.strategy?.rollingUpdate?.maxSurge ?? "25%", replicasOf(deployment), "up");
}

export function maxUnavailable(deployment: Deployment): number {
  const replicas = replicasOf(deployment);
  if (!isRolling(deployment) || replicas === 0) return 0;
  const stated = scaledValue(deployment.spec?.strategy?.rollingUpdate?.maxUnavailable ?? "25%", replicas, "down");
  const resolved = stated === 0 && maxSurge(deployment) === 0 ? 1 : stated;
  return Math.min(resolved, replicas);
}

/** How large the new ReplicaSet may be now. */
export function newSetReplicas(deployment: Deployment, sets: readonly ReplicaSet[], current: number): number {
  const desired = replicasOf(deployment);
  if (!isRolling(deployment)) return desired;
  const room = desired + maxSurge(deployment) - sumOf(sets, replicasOf);
  return room <= 0 ? current : current + Math.min(room, desired - current);
}

/** A new size for a ReplicaSet, by name. */
export interface Resize {
  readonly set: ReplicaSet;
  readonly replicas: number;
}

/** Scales old ReplicaSets down: first what is unhealthy there, then as far as availability allows. Oldest first. */
export function shrinkOldSets(deployment: Deployment, oldSets: readonly ReplicaSet[], newSet: ReplicaSet): Resize[] {
  const minAvailable = replicasOf(deployment) - maxUnavailable(deployment);
  const unavailableNew = replicasOf(newSet) - (newSet.status?.availableReplicas ?? 0);
  const total = sumOf(oldSets, replicasOf) + replicasOf(newSet);
  const sizes = new Map(oldSets.map((set) => [set, replicasOf(set)]));
  const ordered = [...oldSets].sort(byAge);

  let unhealthyLeft = total - minAvailable - unavailableNew;
  if (unhealthyLeft <= 0) return [];
  for (const set of ordered) {
    const unhealthy = replicasOf(set) - (set.status?.availableReplicas ?? 0);
    const count = Math.max(0, Math.min(unhealthyLeft, unhealthy));
    sizes.set(set, replicasOf(set) - count);
    unhealthyLeft -= count;
  }
  let healthyLeft = sumOf([...oldSets, newSet], (set) => set.status?.availableReplicas) - minAvailable;
  for (const set of ordered) {
    const size = sizes.get(set) ?? 0;
    const count = Math.max(0, Math.min(healthyLeft, size));
    sizes.set(set, size - count);
    healthyLeft -= count;
  }
  return ordered
    .map((set) => ({ set, replicas: sizes.get(set) ?? 0 }))
    .filter(({ set, replicas }) => replicas !== replicasOf(set));
}

/**
 * New sizes when the Deployment is scaled in the middle of a rollout: every active ReplicaSet by its share, so that a bad
 * version does not grow faster than a good one. What rounding leaves goes to the largest (deployment `scale`, 1.35).
 */
export function proportionalSizes(deployment: Deployment, active: readonly ReplicaSet[]): Resize[] {
  const desired = replicasOf(deployment);
  const allowed = desired > 0 ? desired + maxSurge(deployment) : 0;
  const toAdd = allowed - sumOf(active, replicasOf);
  const newer = (a: ReplicaSet, b: ReplicaSet) => (toAdd > 0 ? byAge(b, a) : byAge(a, b));
  const ordered = [...active].sort((a, b) => replicasOf(b) - replicasOf(a) || newer(a, b));
  let added = 0;
  const sizes = ordered.map((set) => {
    const share = toAdd === 0 ? 0 : shareOf(set, deployment, toAdd, added);
    added += share;
    return replicasOf(set) + share;
  });
  if (toAdd !== 0 && sizes[0] !== undefined) sizes[0] = Math.max(0, sizes[0] + toAdd - added);
  return ordered.map((set, index) => ({ set, replicas: sizes[index] as number }));
}

function shareOf(set: ReplicaSet, deployment: Deployment, toAdd: number, added: number): number {
  const size = replicasOf(set);
  if (size === 0 || toAdd === added) return 0;
  const left = toAdd - added;
  const fraction = fractionOf(set, deployment, size);
  return toAdd > 0 ? Math.min(fraction, left) : Math.max(fraction, left);
}

function fractionOf(set: ReplicaSet, deployment: Deployment, size: number): number {
  if (replicasOf(deployment) === 0) return -size;
  const before = Number(set.metadata.annotations?.[maxAnnotation]) || (deployment.status?.replicas ?? 0);
  if (before === 0) return 0;
  const exact = (size * (replicasOf(deployment) + maxSurge(deployment))) / before;
  return Math.sign(exact) * Math.round(Math.abs(exact)) - size;
}

/** Oldest first, then by name. */
export function byAge(a: ReplicaSet, b: ReplicaSet): number {
  const [left, right] = [a.metadata.creationTimestamp ?? "", b.metadata.creationTimestamp ?? ""];
  if (left !== right) return left < right ? -1 : 1;
  return a.metadata.name < b.metadata.name ? -1 : 1;
}
