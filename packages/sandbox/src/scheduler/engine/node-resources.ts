import type { NodeInfo } from "./node-info.ts";
import { type FilterPlugin, maxScore, type Rejection, type ScorePlugin } from "./plugin.ts";
import type { PodInfo } from "./pod-info.ts";

const known = new Map<string, Rejection>();

/** Rejections repeat over thousands of nodes: one value for each combination. */
function insufficient(reasons: readonly string[], preemptible: boolean): Rejection {
  const key = `${preemptible} ${reasons.join()}`;
  let rejection = known.get(key);
  if (!rejection) {
    if (known.size > 1000) known.clear();
    known.set(key, (rejection = { plugin: "NodeResourcesFit", reasons, preemptible }));
  }
  return rejection;
}

/** What a pod lacks on a node, in the order cpu, memory, ephemeral-storage, then as requested. */
export function lacking(pod: PodInfo, node: NodeInfo): Rejection | undefined {
  let reasons: string[] | undefined;
  let preemptible = true;
  if (node.pods.size + 1 > node.allowedPods) reasons = ["Too many pods"];
  for (const [resource, wanted] of pod.requests) {
    if (wanted === 0) continue;
    const capacity = node.allocatable.get(resource) ?? 0;
    if (wanted <= capacity - (node.requested.get(resource) ?? 0)) continue;
    reasons ??= [];
    reasons.push(`Insufficient ${resource}`);
    if (wanted > capacity) preemptible = false;
  }
  return reasons && insufficient(reasons, preemptible);
}

export const nodeResourcesFit: FilterPlugin = {
  name: "NodeResourcesFit",
  prepare: (pod) => ({ check: (node) => lacking(pod, node) }),
};

const scored = ["cpu", "memory"] as const;

/** More left over is better: the mean over cpu and memory of the free share after placing the pod. */
export const leastAllocated: ScorePlugin = {
  name: "NodeResourcesFit",
  weight: 1,
  prepare: (pod) => ({
    score(node) {
      let sum = 0;
      let counted = 0;
      for (const resource of scored) {
        const capacity = node.allocatable.get(resource) ?? 0;
        if (capacity === 0) continue;
        const requested = (node.scoredRequested.get(resource) ?? 0) + (pod.scoredRequests.get(resource) ?? 0);
        if (requested <= capacity) sum += Math.floor(((capacity - requested) * maxScore) / capacity);
        counted++;
      }
      return counted === 0 ? 0 : Math.floor(sum / counted);
    },
  }),
};

/** Cpu and memory filled to the same share is better. A pod that requests neither has no say. */
export const balancedAllocation: ScorePlugin = {
  name: "NodeResourcesBalancedAllocation",
  weight: 1,
  prepare(pod) {
    if (scored.every((resource) => !pod.requests.get(resource))) return undefined;
    const share = (node: NodeInfo, resource: string) => {
      const capacity = node.allocatable.get(resource) ?? 0;
      if (capacity === 0) return undefined;
      return Math.min(1, ((node.requested.get(resource) ?? 0) + (pod.requests.get(resource) ?? 0)) / capacity);
    };
    return {
      score(node) {
        const cpu = share(node, "cpu");
        const memory = share(node, "memory");
        const deviation = cpu === undefined || memory === undefined ? 0 : Math.abs((cpu - memory) / 2);
        return Math.trunc((1 - deviation) * maxScore);
      },
    };
  },
};
