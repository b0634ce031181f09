import { type Selector, type Taint, type Toleration, untoleratedTaint } from "@bellows/api";
import type { PodShape } from "./pod-shape.ts";
import { Requirement } from "./requirement.ts";
import { isCompatible, type Requirements } from "./requirements.ts";
import { hostnameLabel } from "./well-known-labels.ts";

export type TopologyType = "topology spread" | "pod affinity" | "pod anti-affinity";

/** Which nodes count for a spread: nodes that the pod could not be on are left out, unless it says otherwise. */
export interface TopologyNodeFilter {
  /** Any of them must hold; undefined where node affinity is ignored. */
  readonly requirements: readonly Requirements[] | undefined;
  /** Undefined where taints are ignored. */
  readonly tolerations: readonly Toleration[] | undefined;
}

export interface TopologyGroupOptions {
  readonly type: TopologyType;
  readonly key: string;
  readonly namespaces: ReadonlySet<string>;
  readonly selector: Selector;
  readonly maxSkew?: number;
  readonly minDomains?: number | undefined;
  readonly filter?: TopologyNodeFilter;
  readonly domains: Iterable<string>;
}

/** Domains that a pod may go to: the best ones first, of which one is taken; or any of a set. */
export type DomainChoice = { readonly oneOf: readonly string[] } | { readonly any: Requirement };

/** Orders domains that are otherwise equal: lower is better. */
export type DomainRank = (key: string, domain: string) => number;

/**
 * One rule that pods share, with how many of the pods it selects are in each domain. The rules are those of Karpenter's
 * `scheduling/topologygroup.go`, v1.15; where upstream takes any domain, this takes the best by rank, then by name.
 */
export class TopologyGroup {
  readonly type: TopologyType;
  readonly key: string;
  readonly namespaces: ReadonlySet<string>;
  readonly selector: Selector;
  readonly maxSkew: number;
  readonly minDomains: number | undefined;
  readonly filter: TopologyNodeFilter | undefined;
  readonly counts = new Map<string, number>();
  /** Domains without a selected pod. */
  readonly empty = new Set<string>();
  readonly #selects = new Map<string, boolean>();

  constructor(options: TopologyGroupOptions) {
    this.type = options.type;
    this.key = options.key;
    this.namespaces = options.namespaces;
    this.selector = options.selector;
    this.maxSkew = options.maxSkew ?? Number.MAX_SAFE_INTEGER;
    this.minDomains = options.minDomains;
    this.filter = options.filter;
    for (const domain of options.domains) this.register(domain);
  }

  /** Once refused by one of these, a node stays refused: their counts only grow. */
  get refusesForGood(): boolean {
    return this.type === "pod anti-affinity" || (this.type === "topology spread" && this.key === hostnameLabel);
  }

  register(domain: string): void {
    if (this.counts.has(domain)) return;
    this.counts.set(domain, 0);
    this.empty.add(domain);
  }

  record(domain: string): void {
    this.counts.set(domain, (this.counts.get(domain) ?? 0) + 1);
    this.empty.delete(domain);
  }

  selects(shape: PodShape): boolean {
    let selected = this.#selects.get(shape.key);
    if (selected === undefined) {
      selected = this.selectsLabels(shape.namespace, shape.labels);
      this.#selects.set(shape.key, selected);
    }
    return selected;
  }

  selectsLabels(namespace: string, labels: Readonly<Record<string, string>>): boolean {
    return this.namespaces.has(namespace) && this.selector.matches(labels);
  }

  /** Whether pods on such a node count. */
  countsNode(taints: readonly Taint[], requirements: Requirements): boolean {
    if (!this.filter) return true;
    const { requirements: any, tolerations } = this.filter;
    if (any && any.length > 0 && !any.some((asked) => isCompatible(requirements, asked))) return false;
    return !tolerations || !untoleratedTaint(taints, tolerations, allEffects);
  }

  /** Where a pod may go, of `nodeDomains`; its own node requirements say which domains it can ever be in. */
  choices(shape: PodShape, podDomains: Requirement, nodeDomains: Requirement, rank: DomainRank): DomainChoice {
    switch (this.type) {
      case "topology spread":
        return { oneOf: this.#spread(shape, podDomains, nodeDomains, rank) };
      case "pod affinity":
        return this.#affinity(shape, podDomains, nodeDomains, rank);
      default:
        return { any: Requirement.in(this.key, this.#antiAffinity(podDomains, nodeDomains)) };
    }
  }

  #spread(shape: PodShape, podDomains: Requirement, nodeDomains: Requirement, rank: DomainRank): string[] {
    const added = this.selects(shape) ? 1 : 0;
    const host = this.#host(nodeDomains);
    if (host !== undefined) return (this.counts.get(host) ?? 0) + added <= this.maxSkew ? [host] : [];
    const most = this.#minimum(podDomains) + this.maxSkew - added;
    const single = nodeDomains.single;
    if (single !== undefined) return (this.counts.get(single) ?? Number.POSITIVE_INFINITY) <= most ? [single] : [];
    const valid: { domain: string; count: number; rank: number }[] = [];
    for (const [domain, count] of this.counts) {
      if (count <= most && nodeDomains.has(domain)) valid.push({ domain, count, rank: 0 });
    }
    if (valid.length > 1) for (const one of valid) one.rank = rank(this.key, one.domain);
    return valid
      .sort((a, b) => a.count - b.count || compareNumbers(a.rank, b.rank) || (a.domain < b.domain ? -1 : 1))
      .map(({ domain }) => domain);
  }

  /** The fewest pods in a domain that the pod could be in. A node can always be added, so that hosts have none. */
  #minimum(podDomains: Requirement): number {
    if (this.key === hostnameLabel) return 0;
    let least = Number.MAX_SAFE_INTEGER;
    let domains = 0;
    for (const [domain, count] of this.counts) {
      if (!podDomains.has(domain)) continue;
      domains++;
      if (count < least) least = count;
    }
    return this.minDomains !== undefined && domains < this.minDomains ? 0 : least;
  }

  #affinity(shape: PodShape, podDomains: Requirement, nodeDomains: Requirement, rank: DomainRank): DomainChoice {
    const isFirst = () => this.selects(shape) && !this.#hasPodsIn(podDomains);
    const host = this.#host(nodeDomains);
    if (host !== undefined) {
      const allowed = podDomains.has(host) && ((this.counts.get(host) ?? 0) > 0 || isFirst());
      return { any: Requirement.in(this.key, allowed ? [host] : []) };
    }
    const occupied: string[] = [];
    for (const [domain, count] of this.counts) {
      if (count > 0 && podDomains.has(domain) && nodeDomains.has(domain)) occupied.push(domain);
    }
    if (occupied.length > 0 || !isFirst()) return { any: Requirement.in(this.key, occupied) };
    // The first pod of a group that wants to be together says where. Upstream may leave it two domains, in which the
    // group then ends up; one is taken here.
    const free = [...this.counts.keys()].filter((domain) => podDomains.has(domain) && nodeDomains.has(domain));
    const ranked = free.map((domain) => ({ domain, rank: free.length > 1 ? rank(this.key, domain) : 0 }));
    ranked.sort((a, b) => compareNumbers(a.rank, b.rank) || (a.domain < b.domain ? -1 : 1));
    return { oneOf: ranked.map(({ domain }) => domain) };
  }

  #hasPodsIn(domains: Requirement): boolean {
    for (const [domain, count] of this.counts) if (count > 0 && domains.has(domain)) return true;
    return false;
  }

  #antiAffinity(podDomains: Requirement, nodeDomains: Requirement): string[] {
    const host = this.#host(nodeDomains);
    if (host !== undefined) return (this.counts.get(host) ?? 0) === 0 ? [host] : [];
    const free: string[] = [];
    for (const domain of this.empty) if (podDomains.has(domain) && nodeDomains.has(domain)) free.push(domain);
    return free;
  }

  #host(nodeDomains: Requirement): string | undefined {
    return this.key === hostnameLabel ? nodeDomains.single : undefined;
  }

  /** As messages have the counts: by domain, at most 25. */
  countsText(): string {
    const entries = [...this.counts].sort(([a], [b]) => (a < b ? -1 : 1));
    const shown = entries.slice(0, 25).map(([domain, count]) => `${domain}:${count}`);
    return entries.length > 25
      ? `map[${shown.join(" ")} and ${entries.length - 25} other(s)]`
      : `map[${shown.join(" ")}]`;
  }
}

/** Upstream's taint checks look at all effects: PreferNoSchedule is relaxed by a toleration. */
const allEffects = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

/** Infinity equals itself. */
const compareNumbers = (a: number, b: number) => (a === b ? 0 : a < b ? -1 : 1);
