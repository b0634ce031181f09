import { type Pod, type TopologySpreadConstraint, untoleratedTaint } from "@bellows/api";
import type { Cluster } from "./cluster.ts";
import { type NodeInfo, type PodGroup, podGroup } from "./node-info.ts";
import { type FilterPlugin, maxScore, type Rejection, type ScorePlugin } from "./plugin.ts";
import type { PodInfo } from "./pod-info.ts";
import { type NodeTest, requiredNode } from "./required-node.ts";
import { type Matcher, matcherOf } from "./selector.ts";

const hostname = "kubernetes.io/hostname";

const skewed: Rejection = {
  plugin: "PodTopologySpread",
  reasons: ["node(s) didn't match pod topology spread constraints"],
  preemptible: true,
};
const unlabelled: Rejection = {
  plugin: "PodTopologySpread",
  reasons: ["node(s) didn't match pod topology spread constraints (missing required label)"],
  preemptible: false,
};

interface Constraint {
  readonly key: string;
  readonly maxSkew: number;
  readonly minDomains: number;
  readonly selector: Matcher;
  readonly group: PodGroup;
  readonly honorsAffinity: boolean;
  readonly honorsTaints: boolean;
}

function constraintsOf(pod: Pod, whenUnsatisfiable: string): Constraint[] {
  const labels = pod.metadata.labels ?? {};
  return (pod.spec?.topologySpreadConstraints ?? [])
    .filter((constraint) => constraint.whenUnsatisfiable === whenUnsatisfiable)
    .map((constraint) => {
      const selector = selectorOf(constraint, labels);
      return {
        key: constraint.topologyKey,
        maxSkew: constraint.maxSkew,
        minDomains: constraint.minDomains ?? 1,
        selector,
        group: podGroup(pod.metadata.namespace ?? "", selector),
        honorsAffinity: (constraint.nodeAffinityPolicy ?? "Honor") === "Honor",
        honorsTaints: constraint.nodeTaintsPolicy === "Honor",
      };
    });
}

function selectorOf(
  { labelSelector, matchLabelKeys = [] }: TopologySpreadConstraint,
  labels: Record<string, string>,
): Matcher {
  const same = matchLabelKeys
    .filter((key) => Object.hasOwn(labels, key))
    .map((key) => ({ key, operator: "In", values: [labels[key] as string] }));
  if (!labelSelector) return matcherOf(undefined);
  return matcherOf({ ...labelSelector, matchExpressions: [...(labelSelector.matchExpressions ?? []), ...same] });
}

/** Whether a node counts for a constraint, by its inclusion policies. */
function included(constraint: Constraint, pod: Pod, required: NodeTest | undefined, node: NodeInfo): boolean {
  if (constraint.honorsAffinity && required && !required(node)) return false;
  return !(constraint.honorsTaints && untoleratedTaint(node.taints, pod.spec?.tolerations));
}

const hasAll = (node: NodeInfo, constraints: readonly Constraint[]) =>
  constraints.every(({ key }) => Object.hasOwn(node.labels, key));

/** Matching pods by domain, with the least of them worked out when asked. */
class Domains {
  readonly counts = new Map<string, number>();
  #least: number | undefined;

  add(domain: string, count: number): void {
    this.counts.set(domain, (this.counts.get(domain) ?? 0) + count);
    this.#least = undefined;
  }

  least(minDomains: number): number {
    if (this.counts.size < minDomains) return 0;
    if (this.#least === undefined) {
      let least = Number.POSITIVE_INFINITY;
      for (const count of this.counts.values()) if (count < least) least = count;
      this.#least = least;
    }
    return this.#least;
  }
}

export const podTopologySpread: FilterPlugin = {
  name: "PodTopologySpread",
  prepare(info, cluster) {
    const { pod, namespace, labels } = info;
    const constraints = constraintsOf(pod, "DoNotSchedule");
    if (constraints.length === 0) return undefined;
    const required = requiredNode(pod);
    const domains = constraints.map(() => new Domains());
    for (const node of cluster.nodes()) {
      if (!hasAll(node, constraints)) continue;
      constraints.forEach((constraint, index) => {
        if (!included(constraint, pod, required, node)) return;
        domains[index]?.add(node.labels[constraint.key] as string, node.countMatching(constraint.group));
      });
    }
    const selfMatches = constraints.map((constraint) => (constraint.selector.matches(labels) ? 1 : 0));
    const change = (other: PodInfo, node: NodeInfo, by: 1 | -1) => {
      if (other.namespace !== namespace || other.terminating || !hasAll(node, constraints)) return;
      constraints.forEach((constraint, index) => {
        if (!constraint.selector.matches(other.labels) || !included(constraint, pod, required, node)) return;
        domains[index]?.add(node.labels[constraint.key] as string, by);
      });
    };
    return {
      check(node) {
        for (let index = 0; index < constraints.length; index++) {
          const { key, maxSkew, minDomains } = constraints[index] as Constraint;
          const domain = node.labels[key];
          if (domain === undefined) return unlabelled;
          const { counts } = domains[index] as Domains;
          const least = (domains[index] as Domains).least(minDomains);
          const skew = (counts.get(domain) ?? 0) + (selfMatches[index] as number) - least;
          if (skew > maxSkew) return skewed;
        }
        return undefined;
      },
      podAdded: (other, node) => change(other, node, 1),
      podRemoved: (other, node) => change(other, node, -1),
    };
  },
};

/** Where a pod states no constraint: spread over hosts (skew 3) and zones (skew 5) with the pods of its Services and owner. */
function defaultConstraints(info: PodInfo, cluster: Cluster): Constraint[] {
  const selector = cluster.objects.spreadingSelector(info);
  if (!selector) return [];
  const matcher = matcherOf(selector);
  const base = {
    minDomains: 1,
    selector: matcher,
    group: podGroup(info.namespace, matcher),
    honorsAffinity: true,
    honorsTaints: false,
  };
  return [
    { ...base, key: hostname, maxSkew: 3 },
    { ...base, key: "topology.kubernetes.io/zone", maxSkew: 5 },
  ];
}

export const podTopologySpreadScore: ScorePlugin = {
  name: "PodTopologySpread",
  weight: 2,
  prepare(info, feasible, cluster) {
    const { pod } = info;
    const stated = (pod.spec?.topologySpreadConstraints ?? []).length > 0;
    const constraints = stated ? constraintsOf(pod, "ScheduleAnyway") : defaultConstraints(info, cluster);
    if (constraints.length === 0) return undefined;

    const ignored = new Set<NodeInfo>();
    const counts = constraints.map(() => new Map<string, number>());
    for (const node of feasible) {
      // The defaults also spread over hosts where nodes have no zone.
      if (stated && !hasAll(node, constraints)) {
        ignored.add(node);
        continue;
      }
      constraints.forEach(({ key }, index) => {
        if (key !== hostname) counts[index]?.set(node.labels[key] ?? "", 0);
      });
    }
    const weights = constraints.map(({ key }, index) =>
      Math.log((key === hostname ? feasible.length - ignored.size : (counts[index]?.size ?? 0)) + 2),
    );
    const required = requiredNode(pod);
    if (constraints.some(({ key }) => key !== hostname)) {
      for (const node of cluster.nodes()) {
        if (stated && !hasAll(node, constraints)) continue;
        constraints.forEach((constraint, index) => {
          if (constraint.key === hostname) return;
          const domain = node.labels[constraint.key] ?? "";
          const sofar = counts[index]?.get(domain);
          if (sofar === undefined || !included(constraint, pod, required, node)) return;
          counts[index]?.set(domain, sofar + node.countMatching(constraint.group));
        });
      }
    }
    return {
      score(node) {
        if (ignored.has(node)) return 0;
        let score = 0;
        for (let index = 0; index < constraints.length; index++) {
          const { key, maxSkew, group } = constraints[index] as Constraint;
          const domain = node.labels[key];
          if (domain === undefined) continue;
          const count = key === hostname ? node.countMatching(group) : (counts[index]?.get(domain) ?? 0);
          score += count * (weights[index] as number) + maxSkew - 1;
        }
        return Math.round(score);
      },
      normalize(scores, nodes) {
        let least = Number.POSITIVE_INFINITY;
        let most = 0;
        scores.forEach((score, index) => {
          if (ignored.has(nodes[index] as NodeInfo)) return;
          least = Math.min(least, score);
          most = Math.max(most, score);
        });
        scores.forEach((score, index) => {
          if (ignored.has(nodes[index] as NodeInfo)) scores[index] = 0;
          else if (most === 0) scores[index] = maxScore;
          else scores[index] = Math.trunc((maxScore * (most + least - score)) / most);
        });
      },
    };
  },
};
