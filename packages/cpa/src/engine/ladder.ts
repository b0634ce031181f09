import type { ClusterSize } from "./cluster-size.ts";

/** From this many nodes (or cores) on, that many replicas. */
export type Step = readonly [from: number, replicas: number];

/** Control mode `ladder`: steps in any order. */
export interface LadderParams {
  readonly coresToReplicas?: readonly Step[];
  readonly nodesToReplicas?: readonly Step[];
  readonly includeUnschedulableNodes?: boolean;
}

/** The larger of what the nodes and the cores ask for (`laddercontroller`). */
export function ladderReplicas(params: LadderParams, size: ClusterSize): number {
  const all = params.includeUnschedulableNodes ?? false;
  return Math.max(
    replicasAt(params.coresToReplicas ?? [], all ? size.totalCores : size.schedulableCores),
    replicasAt(params.nodesToReplicas ?? [], all ? size.totalNodes : size.schedulableNodes),
  );
}

/** The highest step that is reached; below the first step, the first one's. 0 without steps. */
function replicasAt(steps: readonly Step[], amount: number): number {
  const ascending = steps.toSorted(([a], [b]) => a - b);
  const reached = ascending.findLast(([from]) => from <= amount) ?? ascending[0];
  return reached?.[1] ?? 0;
}
