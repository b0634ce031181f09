import type { ClusterSize } from "./cluster-size.ts";

/** Control mode `linear`. At least one of the two ratios is above 0. */
export interface LinearParams {
  readonly coresPerReplica?: number;
  readonly nodesPerReplica?: number;
  /** Default 1. */
  readonly min?: number;
  /** 0 or left out: no upper bound. */
  readonly max?: number;
  /** At least 2 replicas where there is more than one node. */
  readonly preventSinglePointFailure?: boolean;
  readonly includeUnschedulableNodes?: boolean;
}

/** The larger of what the nodes and the cores ask for (`linearcontroller`). */
export function linearReplicas(params: LinearParams, size: ClusterSize): number {
  const all = params.includeUnschedulableNodes ?? false;
  const nodes = all ? size.totalNodes : size.schedulableNodes;
  const byCores = share(all ? size.totalCores : size.schedulableCores, params.coresPerReplica ?? 0, params);
  const byNodes = share(nodes, params.nodesPerReplica ?? 0, params);
  const spread = params.preventSinglePointFailure && nodes > 1 ? 2 : 0;
  return Math.max(byCores, byNodes, spread);
}

function share(amount: number, perReplica: number, { min, max }: LinearParams): number {
  // A ratio that is not used asks for one replica, whatever the bounds are.
  if (perReplica === 0) return 1;
  const replicas = Math.ceil(amount / perReplica);
  return Math.max(min || 1, max ? Math.min(max, replicas) : replicas);
}
