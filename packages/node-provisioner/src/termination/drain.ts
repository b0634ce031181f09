import { type Node, Pod } from "@bellows/api";
import {
  ApiError,
  type ControllerContext,
  type Instant,
  isConflict,
  isNotFound,
  isTooManyRequests,
  keyOf,
  timestamp,
} from "@bellows/kube";
import { isActive, isOwnedByDaemonSet, isTerminating, isWaitingEviction } from "../cluster/pods.ts";
import type { ProvisionerMetrics } from "../metrics.ts";

const criticalClasses = ["system-cluster-critical", "system-node-critical"];
const severalBudgets =
  "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";

/**
 * Asks pods to leave a node, by the eviction API: ordinary ones first, then daemons, then critical ones, then critical
 * daemons. A group is only asked when the one before it is gone. Where the node must be gone by `deadline`, pods get what
 * is left of their grace period, and are deleted past their budgets.
 * @param pods  all pods of the node, read just now
 * @returns how many pods have still to go
 */
export async function drain(
  node: Node,
  pods: readonly Pod[],
  deadline: Instant | undefined,
  context: ControllerContext,
  metrics: ProvisionerMetrics,
): Promise<number> {
  const now = context.clock.now();
  const waiting = pods.filter((pod) => isWaitingEviction(pod, now));
  const overdue = waiting.filter((pod) => mustBeDeleted(pod, deadline, now));
  for (const pod of overdue) await deletePod(pod, deadline as Instant, context);
  const graceful = waiting.filter((pod) => !overdue.includes(pod));
  const group = groups(graceful).find((one) => one.length > 0) ?? [];
  for (const pod of group) if (isActive(pod) && !context.signal.aborted) await evict(pod, node, context, metrics);
  return waiting.length;
}

function groups(pods: readonly Pod[]): Pod[][] {
  const isCritical = (pod: Pod) => criticalClasses.includes(pod.spec?.priorityClassName ?? "");
  const of = (critical: boolean, daemon: boolean) =>
    pods.filter((pod) => isCritical(pod) === critical && isOwnedByDaemonSet(pod) === daemon);
  return [of(false, false), of(false, true), of(true, false), of(true, true)];
}

function mustBeDeleted(pod: Pod, deadline: Instant | undefined, now: Instant): boolean {
  if (deadline === undefined) return false;
  if (isTerminating(pod)) return Date.parse(pod.metadata.deletionTimestamp as string) > deadline;
  const graceMs = (pod.spec?.terminationGracePeriodSeconds ?? 0) * 1000;
  return now > deadline - graceMs;
}

async function evict(
  pod: Pod,
  node: Node,
  { client, events }: ControllerContext,
  metrics: ProvisionerMetrics,
): Promise<void> {
  const { name, namespace, uid } = pod.metadata;
  const eviction = {
    apiVersion: "policy/v1",
    kind: "Eviction",
    metadata: { name, namespace },
    deleteOptions: { preconditions: { uid } },
  };
  try {
    await client.createSub(Pod as never, keyOf(pod), "eviction", eviction);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const several = error.message === severalBudgets;
    metrics.evictionRequests.labels(String(error.code)).inc();
    if (isNotFound(error) || isConflict(error)) return;
    if (!several && !isTooManyRequests(error)) throw error;
    const why = several ? "eviction does not support multiple PDBs" : "evicting pod violates a PDB";
    events.record(node, {
      type: "Warning",
      reason: "FailedDraining",
      message: `Failed to drain node, ${why} (Pod=${namespace}/${name})`,
    });
    return;
  }
  metrics.evictionRequests.labels("200").inc();
  events.record(pod, { type: "Normal", reason: "Evicted", message: "Evicted pod: Forceful Termination" });
}

async function deletePod(pod: Pod, deadline: Instant, { client, clock, events }: ControllerContext): Promise<void> {
  const gracePeriodSeconds = Math.max(Math.floor((deadline - clock.now()) / 1000), 1);
  const { uid } = pod.metadata;
  events.record(pod, {
    type: "Normal",
    reason: "Disrupted",
    message:
      `Deleting the pod to accommodate the terminationTime ${timestamp(deadline)} of the node. The pod was granted ` +
      `${gracePeriodSeconds} seconds of grace-period of its ${pod.spec?.terminationGracePeriodSeconds ?? 0} ` +
      "terminationGracePeriodSeconds. This bypasses the PDB of the pod and the do-not-disrupt annotation.",
  });
  try {
    await client.delete(Pod, keyOf(pod), { gracePeriodSeconds, ...(uid && { preconditions: { uid } }) });
  } catch (error) {
    if (!isNotFound(error) && !isConflict(error)) throw error;
  }
}
