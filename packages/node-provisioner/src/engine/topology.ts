import {
  type LabelSelector,
  type Pod,
  type PodAffinityTerm,
  Selector,
  SelectorError,
  selectorOf,
  stableJson,
  type Taint,
  type TopologySpreadConstraint,
  untoleratedTaint,
} from "@bellows/api";
import type { InstanceType } from "./instance-type.ts";
import { type PodShape, type PodWishes, termRequirements } from "./pod-shape.ts";
import { Requirement } from "./requirement.ts";
import {
  combined,
  type Requirements,
  requirementFields,
  requirementsOfLabels,
  withRequirement,
} from "./requirements.ts";
import { type DomainRank, TopologyGroup, type TopologyNodeFilter, type TopologyType } from "./topology-group.ts";
import { hostnameLabel } from "./well-known-labels.ts";

/** A node that exists, as far as topology looks at it. */
export interface TopologyNode {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
}

/** A pod that runs, or will, on a node that exists. */
export interface PlacedPod {
  readonly pod: Pod;
  readonly node: TopologyNode;
}

/** Where new nodes can come up: the values of labels that pools and their instance types have. */
export interface DomainSource {
  readonly requirements: Requirements;
  readonly taints: readonly Taint[];
  readonly instanceTypes: readonly InstanceType[];
}

export interface TopologyInput {
  readonly sources: readonly DomainSource[];
  readonly nodes: readonly TopologyNode[];
  /** Not those that are to be scheduled. */
  readonly placedPods: readonly PlacedPod[];
  /** Labels of each namespace, for terms that select namespaces. */
  readonly namespaces?: ReadonlyMap<string, Readonly<Record<string, string>>>;
}

export type TopologyAnswer =
  | { readonly requirements: Requirements; readonly alternatives: number }
  | { readonly refused: string; readonly forGood: boolean };

/** Spreads and (anti-)affinities of the pods to schedule, counted over what runs and over what was decided so far. */
export class Topology {
  readonly #input: TopologyInput;
  readonly #groups = new Map<string, TopologyGroup>();
  /** Anti-affinity of other pods, by which they keep away the pods that it selects. */
  readonly #inverse = new Map<string, TopologyGroup>();
  readonly #hosts = new Set<string>();
  readonly #podsByNamespace = new Map<string, PlacedPod[]>();
  readonly #domains = new Map<string, ReadonlyMap<string, readonly (readonly Taint[])[]>>();
  readonly #decided: { shape: PodShape; taints: readonly Taint[]; requirements: () => Requirements }[] = [];
  readonly #selecting = new Map<string, { upTo: number; groups: TopologyGroup[]; inverse: TopologyGroup[] }>();

  #hadChoice = false;

  constructor(input: TopologyInput) {
    this.#input = input;
    for (const placed of input.placedPods) {
      const namespace = placed.pod.metadata.namespace ?? "default";
      const list = this.#podsByNamespace.get(namespace);
      if (list) list.push(placed);
      else this.#podsByNamespace.set(namespace, [placed]);
      const terms = placed.pod.spec?.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
      for (const term of terms) {
        const group = this.#inverseGroup(term, namespace, placed.pod.metadata.labels ?? {});
        const domain = domainOf(placed.node, term.topologyKey);
        if (domain !== undefined) group.record(domain);
      }
    }
  }

  /** Whether some answer had more than one domain to choose from. */
  get hadChoice(): boolean {
    return this.#hadChoice;
  }

  /** A node that can take pods, by its host name. */
  registerHost(host: string): void {
    if (this.#hosts.has(host)) return;
    this.#hosts.add(host);
    for (const group of this.#groups.values()) if (group.key === hostnameLabel) group.register(host);
    for (const group of this.#inverse.values()) if (group.key === hostnameLabel) group.register(host);
  }

  /** The rules that a pod with these wishes must keep. Also makes known what it keeps away itself. */
  groupsOf(shape: PodShape, wishes: PodWishes): readonly TopologyGroup[] {
    for (const term of shape.antiAffinity) this.#inverseGroup(term, shape.namespace, shape.labels);
    const affinity = [...shape.affinity, ...wishes.preferredAffinity.map((term) => term.podAffinityTerm)];
    const antiAffinity = [...shape.antiAffinity, ...wishes.preferredAntiAffinity.map((term) => term.podAffinityTerm)];
    return [
      ...wishes.spread.map((constraint) => this.#spreadGroup(constraint, shape, wishes)),
      ...affinity.map((term) => this.#affinityGroup("pod affinity", term, shape)),
      ...antiAffinity.map((term) => this.#affinityGroup("pod anti-affinity", term, shape)),
    ];
  }

  /** Whether any rule has to be asked. */
  concerns(shape: PodShape, groups: readonly TopologyGroup[]): boolean {
    return groups.length > 0 || this.#selectingGroups(shape).inverse.length > 0;
  }

  /**
   * What a node with `requirements` must be narrowed to, so that the pod may go there. Where several domains are as good
   * as one another, `attempt` (from 0, below `alternatives`) takes the next one.
   */
  narrow(
    shape: PodShape,
    groups: readonly TopologyGroup[],
    podRequirements: Requirements,
    requirements: Requirements,
    rank: DomainRank,
    attempt: number,
  ): TopologyAnswer {
    let narrowed = requirements;
    let alternatives = 1;
    const { inverse } = this.#selectingGroups(shape);
    for (const group of inverse.length > 0 ? [...groups, ...inverse] : groups) {
      const podDomains = podRequirements.get(group.key) ?? Requirement.exists(group.key);
      const nodeDomains = requirements.get(group.key) ?? Requirement.exists(group.key);
      const choice = group.choices(shape, podDomains, nodeDomains, rank);
      let domains: Requirement;
      if ("any" in choice) domains = choice.any;
      else {
        alternatives = Math.max(alternatives, choice.oneOf.length);
        if (choice.oneOf.length > 1) this.#hadChoice = true;
        const chosen = choice.oneOf[Math.min(attempt, choice.oneOf.length - 1)];
        domains = Requirement.in(group.key, chosen === undefined ? [] : [chosen]);
      }
      if (domains.values.size === 0) {
        const refused =
          `unsatisfiable topology constraint for ${group.type}, key=${group.key} ` +
          `(counts = ${group.countsText()}, podDomains = ${podDomains}, nodeDomains = ${nodeDomains}`;
        return { refused, forGood: group.refusesForGood };
      }
      narrowed = withRequirement(narrowed, domains);
    }
    return { requirements: narrowed, alternatives };
  }

  /** Counts a pod on the node that it was put on. `requirements` says what is known of the node, now and later. */
  record(shape: PodShape, taints: readonly Taint[], requirements: () => Requirements): void {
    this.#decided.push({ shape, taints, requirements });
    const known = requirements();
    for (const group of this.#selectingGroups(shape).groups) count(group, taints, known);
    for (const term of shape.antiAffinity) {
      const group = this.#inverseGroup(term, shape.namespace, shape.labels);
      for (const domain of known.get(group.key)?.values ?? []) group.record(domain);
    }
  }

  /** Kept by shape; made longer when groups were added since. */
  #selectingGroups(shape: PodShape): { groups: TopologyGroup[]; inverse: TopologyGroup[] } {
    const total = this.#groups.size + this.#inverse.size;
    const known = this.#selecting.get(shape.key);
    if (known?.upTo === total) return known;
    const select = (groups: Map<string, TopologyGroup>) => [...groups.values()].filter((group) => group.selects(shape));
    const found = { upTo: total, groups: select(this.#groups), inverse: select(this.#inverse) };
    this.#selecting.set(shape.key, found);
    return found;
  }

  #spreadGroup(constraint: TopologySpreadConstraint, shape: PodShape, wishes: PodWishes): TopologyGroup {
    const filter: TopologyNodeFilter = {
      requirements: constraint.nodeAffinityPolicy === "Ignore" ? undefined : affinityAlternatives(shape, wishes),
      tolerations: constraint.nodeTaintsPolicy === "Honor" ? wishes.tolerations : undefined,
    };
    const id = stableJson([
      "spread",
      constraint.topologyKey,
      shape.namespace,
      constraint.maxSkew,
      constraint.minDomains,
      constraint.labelSelector,
      constraint.matchLabelKeys?.map((key) => [key, shape.labels[key]]),
      filter.requirements?.map(requirementFields),
      filter.tolerations,
    ]);
    return this.#group(this.#groups, id, () => {
      const group = new TopologyGroup({
        type: "topology spread",
        key: constraint.topologyKey,
        namespaces: new Set([shape.namespace]),
        selector: selectorWithKeys(constraint.labelSelector, shape.labels, constraint.matchLabelKeys),
        maxSkew: constraint.maxSkew,
        minDomains: constraint.minDomains,
        filter,
        domains: this.#domainsFor(constraint.topologyKey, filter),
      });
      this.#countExisting(group);
      return group;
    });
  }

  #affinityGroup(type: TopologyType, term: PodAffinityTerm, shape: PodShape): TopologyGroup {
    return this.#group(this.#groups, affinityId(type, term, shape.namespace, shape.labels), () => {
      const group = this.#newAffinityGroup(type, term, shape.namespace, shape.labels);
      this.#countExisting(group);
      return group;
    });
  }

  #inverseGroup(term: PodAffinityTerm, namespace: string, labels: Readonly<Record<string, string>>): TopologyGroup {
    return this.#group(this.#inverse, affinityId("pod anti-affinity", term, namespace, labels), () =>
      this.#newAffinityGroup("pod anti-affinity", term, namespace, labels),
    );
  }

  #newAffinityGroup(
    type: TopologyType,
    term: PodAffinityTerm,
    namespace: string,
    labels: Readonly<Record<string, string>>,
  ): TopologyGroup {
    return new TopologyGroup({
      type,
      key: term.topologyKey,
      namespaces: this.#namespacesOf(term, namespace),
      selector: selectorWithKeys(term.labelSelector, labels, term.matchLabelKeys, term.mismatchLabelKeys),
      domains: this.#domainsFor(term.topologyKey, undefined),
    });
  }

  #group(groups: Map<string, TopologyGroup>, id: string, make: () => TopologyGroup): TopologyGroup {
    const known = groups.get(id);
    if (known) return known;
    const group = make();
    if (group.key === hostnameLabel) for (const host of this.#hosts) group.register(host);
    groups.set(id, group);
    return group;
  }

  #namespacesOf(term: PodAffinityTerm, own: string): ReadonlySet<string> {
    const named = term.namespaces ?? [];
    if (!term.namespaceSelector) return new Set(named.length > 0 ? named : [own]);
    const selector = selectorOrNothing(() => selectorOf(term.namespaceSelector));
    const all = this.#input.namespaces ?? new Map<string, Readonly<Record<string, string>>>();
    return new Set([...named, ...[...all].filter(([, labels]) => selector.matches(labels)).map(([name]) => name)]);
  }

  /** Domains of nodes that could be launched; with taints honoured, only where the pod may go. */
  #domainsFor(key: string, filter: TopologyNodeFilter | undefined): string[] {
    const domains = this.#universe(key);
    if (!filter?.tolerations) return [...domains.keys()];
    return [...domains]
      .filter(([, alternatives]) => alternatives.some((taints) => !untoleratedTaint(taints, filter.tolerations)))
      .map(([domain]) => domain);
  }

  #universe(key: string): ReadonlyMap<string, readonly (readonly Taint[])[]> {
    const known = this.#domains.get(key);
    if (known) return known;
    const domains = new Map<string, (readonly Taint[])[]>();
    for (const { requirements, taints, instanceTypes } of this.#input.sources) {
      const values = new Set<string>();
      const ofPool = requirements.get(key);
      if (ofPool && !ofPool.complement) for (const value of ofPool.values) values.add(value);
      for (const type of instanceTypes) {
        const ofType = type.requirements.get(key);
        if (!ofType || ofType.complement) continue;
        for (const value of ofType.values) if (!ofPool || ofPool.has(value)) values.add(value);
      }
      for (const value of values) {
        const list = domains.get(value);
        if (list) list.push(taints);
        else domains.set(value, [taints]);
      }
    }
    this.#domains.set(key, domains);
    return domains;
  }

  #countExisting(group: TopologyGroup): void {
    for (const node of this.#input.nodes) {
      const domain = node.labels[group.key];
      if (domain === undefined || !group.countsNode(node.taints, requirementsOfLabels(node.labels))) continue;
      group.register(domain);
    }
    for (const namespace of group.namespaces) {
      for (const { pod, node } of this.#podsByNamespace.get(namespace) ?? []) {
        const domain = domainOf(node, group.key);
        if (domain === undefined || !group.selectsLabels(namespace, pod.metadata.labels ?? {})) continue;
        if (group.countsNode(node.taints, requirementsOfLabels(node.labels))) group.record(domain);
      }
    }
    for (const { shape, taints, requirements } of this.#decided) {
      if (group.selects(shape)) count(group, taints, requirements());
    }
  }
}

function count(group: TopologyGroup, taints: readonly Taint[], requirements: Requirements): void {
  const domains = requirements.get(group.key);
  if (!domains || domains.complement || !group.countsNode(taints, requirements)) return;
  if (group.type === "pod anti-affinity") for (const domain of domains.values) group.record(domain);
  else if (domains.single !== undefined) group.record(domains.single);
}

const domainOf = ({ name, labels }: TopologyNode, key: string): string | undefined =>
  labels[key] ?? (key === hostnameLabel ? name : undefined);

const affinityId = (
  type: TopologyType,
  term: PodAffinityTerm,
  namespace: string,
  labels: Readonly<Record<string, string>>,
): string =>
  stableJson([
    type,
    term.topologyKey,
    term.namespaces,
    term.namespaceSelector,
    term.namespaces?.length ? undefined : namespace,
    term.labelSelector,
    term.matchLabelKeys?.map((key) => [key, labels[key]]),
    term.mismatchLabelKeys?.map((key) => [key, labels[key]]),
  ]);

/** The node selector with each of the required terms. */
function affinityAlternatives(shape: PodShape, wishes: PodWishes): readonly Requirements[] {
  const selector = requirementsOfLabels(shape.nodeSelector);
  if (wishes.requiredTerms.length === 0) return [selector];
  return wishes.requiredTerms.map((term) => combined(selector, termRequirements(term)));
}

function selectorWithKeys(
  selector: LabelSelector | undefined,
  labels: Readonly<Record<string, string>>,
  matching: readonly string[] = [],
  differing: readonly string[] = [],
): Selector {
  const expressions = (keys: readonly string[], operator: string) =>
    keys.flatMap((key) => (labels[key] === undefined ? [] : [{ key, operator, values: [labels[key]] }]));
  const added = [...expressions(matching, "In"), ...expressions(differing, "NotIn")];
  if (!selector) return Selector.nothing;
  return selectorOrNothing(() =>
    selectorOf({ ...selector, matchExpressions: [...(selector.matchExpressions ?? []), ...added] }),
  );
}

function selectorOrNothing(read: () => Selector): Selector {
  try {
    return read();
  } catch (error) {
    if (error instanceof SelectorError) return Selector.nothing;
    throw error;
  }
}
