import { condition, type Pod, tolerates } from "@bellows/api";
import type { Instant } from "@bellows/kube";

export const isTerminal = ({ status }: Pod): boolean => status?.phase === "Succeeded" || status?.phase === "Failed";
export const isTerminating = ({ metadata }: Pod): boolean => metadata.deletionTimestamp !== undefined;
export const isActive = (pod: Pod): boolean => !isTerminal(pod) && !isTerminating(pod);

const isOwnedBy =
  (kind: string) =>
  (pod: Pod): boolean =>
    pod.metadata.ownerReferences?.some((owner) => owner.kind === kind) ?? false;

export const isOwnedByDaemonSet = isOwnedBy("DaemonSet");
/** A static pod. */
export const isOwnedByNode = isOwnedBy("Node");
const isOwnedByStatefulSet = isOwnedBy("StatefulSet");

export const isBound = ({ spec }: Pod): boolean => Boolean(spec?.nodeName);

/** Whether the scheduler tried the pod and found no node. */
export function failedToSchedule({ status }: Pod): boolean {
  const scheduled = condition(status?.conditions, "PodScheduled");
  return scheduled?.status === "False" && scheduled.reason === "Unschedulable";
}

/** A pod that waits for a node of ours, as far as its scheduler has said. */
export const isProvisionable = (pod: Pod): boolean => couldWait(pod) && failedToSchedule(pod);

/** A pod that the scheduler has not got to yet. */
export const isUntried = (pod: Pod): boolean =>
  couldWait(pod) && !condition(pod.status?.conditions, "PodScheduled") && !pod.spec?.schedulingGates?.length;

const couldWait = (pod: Pod): boolean =>
  isActive(pod) && !isBound(pod) && !pod.status?.nominatedNodeName && !isOwnedByDaemonSet(pod) && !isOwnedByNode(pod);

/** A pod that needs another node when its own goes away. */
export const isReschedulable = (pod: Pod): boolean =>
  (isActive(pod) || (isOwnedByStatefulSet(pod) && isTerminating(pod) && !isTerminal(pod))) &&
  !isOwnedByDaemonSet(pod) &&
  !isOwnedByNode(pod);

/** A pod that takes room on its node. */
export const takesRoom = (pod: Pod): boolean => !isTerminal(pod);

const disruptedTaint = { key: "karpenter.sh/disrupted", effect: "NoSchedule" };

/** After this long beyond its grace period a pod that is still there will not go, and is not waited for. */
const stuckAfterMs = 60_000;

export function isStuckTerminating({ metadata }: Pod, now: Instant): boolean {
  return metadata.deletionTimestamp !== undefined && now - Date.parse(metadata.deletionTimestamp) > stuckAfterMs;
}

/** Whether draining has to do with the pod at all: it does not mind the disruption, or nothing would bring it away. */
export const isDrainable = (pod: Pod, now: Instant): boolean =>
  !pod.spec?.tolerations?.some((toleration) => tolerates(toleration, disruptedTaint)) &&
  !isStuckTerminating(pod, now) &&
  !isOwnedByNode(pod);

export const isWaitingEviction = (pod: Pod, now: Instant): boolean => !isTerminal(pod) && isDrainable(pod, now);
