import type { Cluster } from "./cluster.ts";
import type { NodeInfo } from "./node-info.ts";
import { type FilterPlugin, maxScore, type Rejection, type ScorePlugin } from "./plugin.ts";
import { type AffinityTerm, type PodInfo, termMatches } from "./pod-info.ts";

const rejection = (reason: string, preemptible: boolean): Rejection => ({
  plugin: "InterPodAffinity",
  reasons: [reason],
  preemptible,
});
const noAffinity = rejection("node(s) didn't match pod affinity rules", false);
const noAntiAffinity = rejection("node(s) didn't match pod anti-affinity rules", true);
const existingAntiAffinity = rejection("node(s) didn't satisfy existing pods anti-affinity rules", true);

/** Counts by topology key, then by its value on a node. Pairs that fall to zero are gone. */
class TopologyCounts {
  readonly #byKey = new Map<string, Map<string, number>>();

  add(key: string, node: NodeInfo, by: number): void {
    const value = node.labels[key];
    if (value === undefined) return;
    let values = this.#byKey.get(key);
    if (!values) this.#byKey.set(key, (values = new Map()));
    const count = (values.get(value) ?? 0) + by;
    if (count === 0) values.delete(value);
    else values.set(value, count);
    if (values.size === 0) this.#byKey.delete(key);
  }

  at(key: string, node: NodeInfo): number {
    const value = node.labels[key];
    return value === undefined ? 0 : (this.#byKey.get(key)?.get(value) ?? 0);
  }

  get empty(): boolean {
    return this.#byKey.size === 0;
  }

  /** The sum over all keys of what a node's own values have. */
  sum(node: NodeInfo): number {
    let sum = 0;
    for (const [key, values] of this.#byKey) sum += values.get(node.labels[key] as string) ?? 0;
    return sum;
  }
}

/** The state of the filter for one incoming pod. */
class AffinityFilter {
  readonly #existingAnti = new TopologyCounts();
  readonly #affinity = new TopologyCounts();
  readonly #anti = new TopologyCounts();
  readonly #pod: PodInfo;
  readonly #matches: (term: AffinityTerm, pod: PodInfo) => boolean;

  constructor(pod: PodInfo, cluster: Cluster) {
    this.#pod = pod;
    this.#matches = (term, other) => termMatches(term, other, cluster.objects.namespaceLabels);
    const own = pod.requiredAffinity.length + pod.requiredAntiAffinity.length > 0;
    for (const node of cluster.nodes()) {
      for (const existing of node.antiAffinityPods.values()) this.#countExisting(existing, node, 1);
      if (own) for (const existing of node.pods.values()) this.#countOwn(existing, node, 1);
    }
  }

  get idle(): boolean {
    const { requiredAffinity, requiredAntiAffinity } = this.#pod;
    return this.#existingAnti.empty && requiredAffinity.length + requiredAntiAffinity.length === 0;
  }

  change(other: PodInfo, node: NodeInfo, by: 1 | -1): void {
    this.#countExisting(other, node, by);
    this.#countOwn(other, node, by);
  }

  #countExisting(existing: PodInfo, node: NodeInfo, by: number): void {
    for (const term of existing.requiredAntiAffinity) {
      if (this.#matches(term, this.#pod)) this.#existingAnti.add(term.topologyKey, node, by);
    }
  }

  #countOwn(existing: PodInfo, node: NodeInfo, by: number): void {
    const { requiredAffinity, requiredAntiAffinity } = this.#pod;
    if (requiredAffinity.length > 0 && requiredAffinity.every((term) => this.#matches(term, existing))) {
      for (const term of requiredAffinity) this.#affinity.add(term.topologyKey, node, by);
    }
    for (const term of requiredAntiAffinity) {
      if (this.#matches(term, existing)) this.#anti.add(term.topologyKey, node, by);
    }
  }

  check(node: NodeInfo): Rejection | undefined {
    if (!this.#affinityHolds(node)) return noAffinity;
    if (this.#pod.requiredAntiAffinity.some((term) => this.#anti.at(term.topologyKey, node) > 0)) return noAntiAffinity;
    return this.#existingAnti.sum(node) > 0 ? existingAntiAffinity : undefined;
  }

  #affinityHolds(node: NodeInfo): boolean {
    const terms = this.#pod.requiredAffinity;
    if (!terms.every((term) => Object.hasOwn(node.labels, term.topologyKey))) return false;
    if (terms.every((term) => this.#affinity.at(term.topologyKey, node) > 0)) return true;
    // The first pod of a group that has affinity to itself must be able to start somewhere.
    return this.#affinity.empty && terms.every((term) => this.#matches(term, this.#pod));
  }
}

export const interPodAffinity: FilterPlugin = {
  name: "InterPodAffinity",
  prepare(pod, cluster) {
    const filter = new AffinityFilter(pod, cluster);
    if (filter.idle) return undefined;
    return {
      check: (node) => filter.check(node),
      podAdded: (other, node) => filter.change(other, node, 1),
      podRemoved: (other, node) => filter.change(other, node, -1),
    };
  },
};

/** What a required affinity of an existing pod towards the incoming one is worth (`hardPodAffinityWeight`). */
const requiredTermWeight = 1;

export const interPodAffinityScore: ScorePlugin = {
  name: "InterPodAffinity",
  weight: 2,
  prepare(pod, _feasible, cluster) {
    const counts = new TopologyCounts();
    const matches = (term: AffinityTerm, other: PodInfo) => termMatches(term, other, cluster.objects.namespaceLabels);
    const own = pod.preferredAffinity.length + pod.preferredAntiAffinity.length > 0;
    const tally = (terms: readonly AffinityTerm[], other: PodInfo, node: NodeInfo, sign: number) => {
      for (const term of terms) if (matches(term, other)) counts.add(term.topologyKey, node, sign * term.weight);
    };
    for (const node of cluster.nodes()) {
      for (const existing of (own ? node.pods : node.affinityPods).values()) {
        tally(pod.preferredAffinity, existing, node, 1);
        tally(pod.preferredAntiAffinity, existing, node, -1);
        for (const term of existing.requiredAffinity) {
          if (matches(term, pod)) counts.add(term.topologyKey, node, requiredTermWeight);
        }
        tally(existing.preferredAffinity, pod, node, 1);
        tally(existing.preferredAntiAffinity, pod, node, -1);
      }
    }
    if (counts.empty) return undefined;
    return {
      score: (node) => counts.sum(node),
      normalize(scores) {
        const least = scores.reduce((min, score) => Math.min(min, score), Number.POSITIVE_INFINITY);
        const most = scores.reduce((max, score) => Math.max(max, score), Number.NEGATIVE_INFINITY);
        scores.forEach((score, index) => {
          scores[index] = most > least ? Math.trunc(maxScore * ((score - least) / (most - least))) : 0;
        });
      },
    };
  },
};
