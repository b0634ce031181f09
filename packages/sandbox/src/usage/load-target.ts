import { type LoadProfile, type Pod, type Service, selectorOf, selectorOfLabels } from "@bellows/api";
import { parseTimestamp } from "@bellows/kube";

/** Whether a profile is about a pod. For a Service: also pods that are not ready; the caller tells them apart. */
export function isTargeted(
  profile: LoadProfile,
  pod: Pod,
  serviceOf: (namespace: string, name: string) => Service | undefined,
): boolean {
  const { selector, owner, service } = profile.spec.target;
  const labels = pod.metadata.labels ?? {};
  if (profile.metadata.namespace !== pod.metadata.namespace) return false;
  if (selector) return selectorOf(selector).matches(labels);
  if (owner) return isOwned(pod, owner.kind, owner.name);
  const behind = service && serviceOf(pod.metadata.namespace ?? "", service)?.spec?.selector;
  return behind ? selectorOfLabels(behind).matches(labels) : false;
}

/** Owned by the workload, or by a ReplicaSet or Job that it owns (known by its name, which the workload gave it). */
function isOwned(pod: Pod, kind: string, name: string): boolean {
  const owner = pod.metadata.ownerReferences?.find((reference) => reference.controller);
  if (!owner) return false;
  if (owner.kind === kind && owner.name === name) return true;
  const hash = pod.metadata.labels?.["pod-template-hash"];
  if (kind === "Deployment") return owner.kind === "ReplicaSet" && owner.name === `${name}-${hash}`;
  return kind === "CronJob" && owner.kind === "Job" && owner.name.startsWith(`${name}-`);
}

/** Of several profiles for one pod the oldest counts: by creation, then by name. */
export const byAge = (left: LoadProfile, right: LoadProfile): number =>
  (parseTimestamp(left.metadata.creationTimestamp) ?? 0) - (parseTimestamp(right.metadata.creationTimestamp) ?? 0) ||
  (left.metadata.name < right.metadata.name ? -1 : 1);
