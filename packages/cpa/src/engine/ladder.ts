import type { ClusterSize } from "./cluster-size.ts";
import { larger, type Proportion } from "./proportion.ts";

/** From this many nodes (or cores) on, that many replicas. */
export type Step = readonly [from: number, replicas: number];

/** Control mode `ladder`: steps in any order. */
export interface LadderParams {
  readonly coresToReplicas?: readonly Step[];
  readonly nodesToReplicas?: readonly Step[];
  readonly includeUnschedulableNodes?: boolean;
}

/** The larger of what the nodes and the cores ask for (`laddercontroller`). */
export function ladderReplicas(params: LadderParams, size: ClusterSize): Proportion {
  const all = params.includeUnschedulableNodes ?? false;
  return larger(
    replicasAt("cores", params.coresToReplicas ?? [], all ? size.totalCores : size.schedulableCores),
    replicasAt("nodes", params.nodesToReplicas ?? [], all ? size.totalNodes : size.schedulableNodes),
  );
}

/** The highest step that is reached; below the first step, the first one's. 0 without steps. */
function replicasAt(of: string, steps: readonly Step[], amount: number): Proportion {
  const ascending = steps.toSorted(([a], [b]) => a - b);
  const step = ascending.findLast(([from]) => from <= amount) ?? ascending[0];
  if (!step) return { replicas: 0, computed: [], limits: [] };
  const [from, replicas] = step;
  return { replicas, computed: [`${amount} ${of}, the step from ${from} on -> ${replicas}`], limits: [] };
}
