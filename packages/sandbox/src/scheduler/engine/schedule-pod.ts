import type { Cluster } from "./cluster.ts";
import { fitMessage, noNodesMessage } from "./fit-error.ts";
import type { NodeInfo } from "./node-info.ts";
import { isRejection, type NodeFilter, type Rejection } from "./plugin.ts";
import type { PodInfo } from "./pod-info.ts";
import type { Profile } from "./profile.ts";
import { pinnedNodes } from "./required-node.ts";

export type Decision =
  | { readonly node: NodeInfo; readonly feasible: number; readonly evaluated: number; readonly failure?: undefined }
  | { readonly node?: undefined; readonly failure: Failure };

/** Why no node will do. */
export interface Failure {
  readonly message: string;
  readonly plugins: ReadonlySet<string>;
  /** By node name; empty where the pod failed before any node was looked at. */
  readonly rejections: ReadonlyMap<string, Rejection>;
  /** The pod can't run on any node, whatever happens to the nodes. */
  readonly ofEveryNode: boolean;
}

/** What a decision depends on besides the pod: who is nominated where, where to start looking, and chance for ties. */
export interface DecisionInput {
  readonly cluster: Cluster;
  readonly profile: Profile;
  /** Pods that wait for a node to be cleared for them. */
  readonly nominated: (nodeName: string) => readonly PodInfo[];
  /** Where in the order of nodes the search starts; the caller moves it on by what was evaluated. */
  readonly startIndex: number;
  /** An integer in [0, below). */
  readonly pick: (below: number) => number;
}

const minFeasible = 100;

/** How many feasible nodes are enough: all up to 100, then a share that falls from 50 % to 5 % as clusters grow. */
export function feasibleEnough(nodeCount: number): number {
  if (nodeCount < minFeasible) return nodeCount;
  const percentage = Math.max(5, 50 - Math.trunc(nodeCount / 125));
  return Math.max(minFeasible, Math.trunc((nodeCount * percentage) / 100));
}

/** Prepares the filters for a pod; a rejection where one of them rules out every node. */
export function prepareFilters(pod: PodInfo, { cluster, profile }: DecisionInput): NodeFilter[] | Rejection {
  const filters: NodeFilter[] = [];
  for (const plugin of profile.filters) {
    const prepared = plugin.prepare(pod, cluster);
    if (!prepared) continue;
    if (isRejection(prepared)) return prepared;
    filters.push(prepared);
  }
  return filters;
}

export function checkNode(filters: readonly NodeFilter[], node: NodeInfo): Rejection | undefined {
  for (const filter of filters) {
    const rejection = filter.check(node);
    if (rejection) return rejection;
  }
  return undefined;
}

/** Checks a node as it is, and also as it will be once the pods nominated to it (of no less priority) are there. */
export function checkWithNominated(
  pod: PodInfo,
  filters: readonly NodeFilter[],
  node: NodeInfo,
  nominated: readonly PodInfo[],
): Rejection | undefined {
  const ahead = nominated.filter((other) => other.uid !== pod.uid && other.priority >= pod.priority);
  if (ahead.length === 0) return checkNode(filters, node);
  const later = node.copy();
  for (const other of ahead) {
    later.addPod(other);
    for (const filter of filters) filter.podAdded?.(other, later);
  }
  const rejection = checkNode(filters, later);
  for (const other of ahead) for (const filter of filters) filter.podRemoved?.(other, later);
  return rejection ?? checkNode(filters, node);
}

/** Finds the node for a pod: the feasible one with the highest score, ties by chance. Changes nothing. O(nodes). */
export function decideNode(pod: PodInfo, input: DecisionInput): Decision {
  const nodes = input.cluster.nodes();
  if (nodes.length === 0) return failed(noNodesMessage, [], new Map(), true);
  const filters = prepareFilters(pod, input);
  if (!Array.isArray(filters)) {
    const message = fitMessage(nodes.length, [], filters.reasons.join(", "));
    return failed(message, [filters.plugin], new Map(), true);
  }

  const nominatedNode = pod.pod.status?.nominatedNodeName;
  const cleared = nominatedNode ? input.cluster.node(nominatedNode) : undefined;
  if (cleared && !checkWithNominated(pod, filters, cleared, input.nominated(cleared.name))) {
    return { node: cleared, feasible: 1, evaluated: 0 };
  }

  const { feasible, rejections, evaluated } = findFeasible(pod, filters, nodes, input);
  const best = feasible.length > 1 ? highest(pod, feasible, input) : feasible[0];
  if (best) return { node: best, feasible: feasible.length, evaluated };
  const plugins = new Set([...rejections.values()].map((rejection) => rejection.plugin));
  return failed(fitMessage(nodes.length, rejections.values()), plugins, rejections, false);
}

function failed(
  message: string,
  plugins: Iterable<string>,
  rejections: ReadonlyMap<string, Rejection>,
  ofEveryNode: boolean,
): Decision {
  return { failure: { message, plugins: new Set(plugins), rejections, ofEveryNode } };
}

function findFeasible(pod: PodInfo, filters: readonly NodeFilter[], nodes: readonly NodeInfo[], input: DecisionInput) {
  const pinned = pinnedNodes(pod.pod);
  const feasible: NodeInfo[] = [];
  const rejections = new Map<string, Rejection>();
  const candidates = pinned ? nodes.filter((node) => pinned.has(node.name)) : nodes;
  const enough = feasibleEnough(candidates.length);
  let evaluated = 0;
  for (; evaluated < candidates.length && feasible.length < enough; evaluated++) {
    const node = candidates[(input.startIndex + evaluated) % candidates.length] as NodeInfo;
    const rejection = checkWithNominated(pod, filters, node, input.nominated(node.name));
    if (rejection) rejections.set(node.name, rejection);
    else feasible.push(node);
  }
  if (pinned) {
    const unasked: Rejection = {
      plugin: "NodeAffinity",
      reasons: ["node(s) didn't satisfy plugin(s) [NodeAffinity]"],
      preemptible: false,
    };
    for (const node of nodes) if (!pinned.has(node.name)) rejections.set(node.name, unasked);
  }
  return { feasible, rejections, evaluated };
}

/** The weighted sum of the scores of each node, in the order of `nodes`. */
export function scoreNodes(pod: PodInfo, nodes: readonly NodeInfo[], { cluster, profile }: DecisionInput): number[] {
  const totals = new Array<number>(nodes.length).fill(0);
  for (const plugin of profile.scores) {
    const prepared = plugin.prepare(pod, nodes, cluster);
    if (!prepared) continue;
    const scores = nodes.map((node) => prepared.score(node));
    prepared.normalize?.(scores, nodes);
    for (let index = 0; index < totals.length; index++) {
      totals[index] = (totals[index] as number) + (scores[index] as number) * plugin.weight;
    }
  }
  return totals;
}

function highest(pod: PodInfo, feasible: readonly NodeInfo[], input: DecisionInput): NodeInfo | undefined {
  const totals = scoreNodes(pod, feasible, input);
  const most = totals.reduce((max, total) => Math.max(max, total), Number.NEGATIVE_INFINITY);
  const best = feasible.filter((_, index) => totals[index] === most);
  return best.length > 1 ? best[input.pick(best.length)] : best[0];
}
