import type { Limit } from "@bellows/api";
import type { ClusterSize } from "./cluster-size.ts";
import { larger, type Proportion } from "./proportion.ts";

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
export function linearReplicas(params: LinearParams, size: ClusterSize): Proportion {
  const all = params.includeUnschedulableNodes ?? false;
  const nodes = all ? size.totalNodes : size.schedulableNodes;
  const cores = all ? size.totalCores : size.schedulableCores;
  const most = larger(
    share("cores", cores, params.coresPerReplica ?? 0, params),
    share("nodes", nodes, params.nodesPerReplica ?? 0, params),
  );
  if (!params.preventSinglePointFailure || nodes <= 1 || most.replicas >= 2) return most;
  const limit: Limit = { reason: "preventSinglePointFailure", from: most.replicas, to: 2 };
  return { ...most, replicas: 2, limits: [...most.limits, limit] };
}

function share(of: string, amount: number, perReplica: number, { min, max }: LinearParams): Proportion {
  // A ratio that is not used asks for one replica, whatever the bounds are.
  if (perReplica === 0) return { replicas: 1, computed: [], limits: [] };
  const wanted = Math.ceil(amount / perReplica);
  const capped = max ? Math.min(max, wanted) : wanted;
  const replicas = Math.max(min || 1, capped);
  const bounds: Limit[] = [
    { reason: "max", from: wanted, to: capped },
    { reason: "min", from: capped, to: replicas },
  ];
  return {
    replicas,
    computed: [`${amount} ${of}, ${perReplica} for each replica -> ${wanted}`],
    limits: bounds.filter(({ from, to }) => from !== to),
  };
}
