import type { Cluster } from "./cluster.ts";
import type { NodeInfo } from "./node-info.ts";
import type { PodInfo } from "./pod-info.ts";

/** Why a node (or all of them) cannot take a pod. */
export interface Rejection {
  readonly plugin: string;
  readonly reasons: readonly string[];
  /** Whether taking pods away from the node could help (Unschedulable rather than UnschedulableAndUnresolvable). */
  readonly preemptible: boolean;
}

/** A filter made ready for one pod. Its counts follow pods that a dry run adds and removes, so that a run can be undone. */
export interface NodeFilter {
  check(node: NodeInfo): Rejection | undefined;
  podAdded?(pod: PodInfo, node: NodeInfo): void;
  podRemoved?(pod: PodInfo, node: NodeInfo): void;
}

export interface FilterPlugin {
  readonly name: string;
  /** Makes the filter ready; undefined where this pod has nothing to check, a rejection where no node can ever do. */
  prepare(pod: PodInfo, cluster: Cluster): NodeFilter | Rejection | undefined;
}

export interface NodeScore {
  score(node: NodeInfo): number;
  /** Turns the raw scores of the feasible nodes into 0 to 100, in place. Left out: they are that already. */
  normalize?(scores: number[], nodes: readonly NodeInfo[]): void;
}

export interface ScorePlugin {
  readonly name: string;
  readonly weight: number;
  prepare(pod: PodInfo, feasible: readonly NodeInfo[], cluster: Cluster): NodeScore | undefined;
}

export const isRejection = (prepared: NodeFilter | Rejection): prepared is Rejection => "reasons" in prepared;

/** The highest score of a node. */
export const maxScore = 100;

/** Scales to 0..100 by the largest; `reverse` makes the largest 0 (helper `DefaultNormalizeScore`). */
export function scaleScores(scores: number[], reverse: boolean): void {
  const most = scores.reduce((max, score) => Math.max(max, score), 0);
  for (let index = 0; index < scores.length; index++) {
    const scaled = most === 0 ? 0 : Math.trunc((maxScore * (scores[index] as number)) / most);
    scores[index] = reverse ? maxScore - scaled : scaled;
  }
}
