import { isConditionTrue, type Node, Quantity, quantityOf } from "@bellows/api";

/** What replicas are proportional to. */
export interface ClusterSize {
  readonly totalNodes: number;
  /** Ready and not cordoned. */
  readonly schedulableNodes: number;
  /** Allocatable CPU, whole cores rounded up. */
  readonly totalCores: number;
  readonly schedulableCores: number;
}

/** Counts nodes and cores (`GetClusterStatus` of cluster-proportional-autoscaler). */
export function clusterSize(nodes: Iterable<Node>): ClusterSize {
  let totalNodes = 0;
  let schedulableNodes = 0;
  let total = Quantity.zero;
  let schedulable = Quantity.zero;
  for (const node of nodes) {
    const cores = quantityOf(node.status?.allocatable?.["cpu"] ?? "0");
    totalNodes++;
    total = total.add(cores);
    if (node.spec?.unschedulable || !isConditionTrue(node.status?.conditions, "Ready")) continue;
    schedulableNodes++;
    schedulable = schedulable.add(cores);
  }
  return { totalNodes, schedulableNodes, totalCores: total.value(), schedulableCores: schedulable.value() };
}
