import type { Pod } from "@bellows/api";
import { type Instant, parseTimestamp } from "@bellows/kube";
import { isReady, readySince } from "./pod-state.ts";

const deletionCostAnnotation = "controller.kubernetes.io/pod-deletion-cost";
const phaseOrder: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 };

/**
 * The order in which a ReplicaSet gives up pods (controller `ActivePodsWithRanks`, 1.35): not assigned, pending, not ready,
 * cheap, on a crowded node, ready or created for a shorter time (ages compared by their logarithm, so that the choice does not
 * always fall on the newest), often restarted; then by uid.
 * @param crowding  ready pods of the same owner on a node
 */
export function compareForDeletion(now: Instant, crowding: (nodeName: string) => number): (a: Pod, b: Pod) => number {
  return (a, b) => {
    const nodes = [a.spec?.nodeName ?? "", b.spec?.nodeName ?? ""] as const;
    if (nodes[0] !== nodes[1] && (nodes[0] === "" || nodes[1] === "")) return nodes[0] === "" ? -1 : 1;
    const byPhase = (phaseOrder[a.status?.phase ?? ""] ?? 0) - (phaseOrder[b.status?.phase ?? ""] ?? 0);
    if (byPhase !== 0) return byPhase;
    if (isReady(a) !== isReady(b)) return isReady(a) ? 1 : -1;
    const byCost = deletionCost(a) - deletionCost(b);
    if (byCost !== 0) return byCost;
    const byCrowding = crowding(nodes[1]) - crowding(nodes[0]);
    if (byCrowding !== 0) return byCrowding;
    const byReadiness = compareAges(readySince(a), readySince(b), now, a, b);
    if (byReadiness !== 0) return byReadiness;
    const byRestarts = restarts(b) - restarts(a);
    if (byRestarts !== 0) return byRestarts;
    const created = [
      parseTimestamp(a.metadata.creationTimestamp),
      parseTimestamp(b.metadata.creationTimestamp),
    ] as const;
    return compareAges(created[0], created[1], now, a, b) || compareUids(a, b);
  };
}

/** Younger first; equal logarithms of age are decided by uid, equal instants not at all. */
function compareAges(left: Instant | undefined, right: Instant | undefined, now: Instant, a: Pod, b: Pod): number {
  if (left === undefined || right === undefined || left === right) return 0;
  const rank = (since: Instant) => (since >= now ? -1 : Math.floor(Math.log2((now - since) * 1e6)));
  return rank(left) - rank(right) || compareUids(a, b);
}

const compareUids = (a: Pod, b: Pod): number => ((a.metadata.uid ?? "") < (b.metadata.uid ?? "") ? -1 : 1);

const deletionCost = ({ metadata }: Pod): number => {
  const cost = metadata.annotations?.[deletionCostAnnotation];
  return cost !== undefined && /^-?\d+$/.test(cost) ? Number(cost) : 0;
};

const restarts = ({ status }: Pod): number =>
  (status?.containerStatuses ?? []).reduce((most, { restartCount }) => Math.max(most, restartCount), 0);

/** The first `count` of `pods` in the order of deletion. `siblings` are all active pods of the owner's kind for this workload. */
export function podsToDelete(
  pods: readonly Pod[],
  siblings: readonly Pod[],
  count: number,
  now: Instant,
): readonly Pod[] {
  if (count >= pods.length) return pods;
  const onNode = new Map<string, number>();
  for (const pod of siblings) {
    const node = pod.spec?.nodeName;
    if (node && isReady(pod)) onNode.set(node, (onNode.get(node) ?? 0) + 1);
  }
  return [...pods].sort(compareForDeletion(now, (node) => onNode.get(node) ?? 0)).slice(0, count);
}
