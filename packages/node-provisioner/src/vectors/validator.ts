import {
  type LabelSelector,
  type Node,
  type NodeSelectorTerm,
  type Pod,
  Quantity,
  quantityOf,
  type Taint,
  type Toleration,
} from "@bellows/api";
import type { KarpenterClaim, KarpenterInstanceTypes, KarpenterOutcome, KarpenterVector } from "./vector.ts";

/**
 * Checks an answer by the rules of Kubernetes alone, and shares no code with the scheduler: a claim stands for each of the
 * nodes that it may become, and its pods must be right on every one of them. Returns what is wrong, in words.
 */
export function karpenterProblems(
  outcome: KarpenterOutcome,
  vector: KarpenterVector,
  file: KarpenterInstanceTypes,
): string[] {
  const checker = new Checker(vector, file);
  return checker.check(outcome);
}

type Type = KarpenterInstanceTypes["instanceTypes"][number];

interface Place {
  readonly name: string;
  readonly pods: readonly Pod[];
  readonly running: readonly Pod[];
  readonly taints: readonly Taint[];
  /** The zones it may be in. */
  readonly zones: readonly string[];
  /** Every set of labels that the node may have. */
  readonly labelSets: readonly Readonly<Record<string, string>>[];
}

const zone = "topology.kubernetes.io/zone";
const hostname = "kubernetes.io/hostname";
const capacityType = "karpenter.sh/capacity-type";

class Checker {
  readonly #vector: KarpenterVector;
  readonly #types: ReadonlyMap<string, Type>;
  readonly #pods: ReadonlyMap<string, Pod>;
  readonly #problems: string[] = [];

  constructor(vector: KarpenterVector, file: KarpenterInstanceTypes) {
    this.#vector = vector;
    this.#types = new Map(file.instanceTypes.map((type) => [type.name, type]));
    this.#pods = new Map(vector.input.pods.map((pod) => [pod.metadata.name, pod]));
  }

  check(outcome: KarpenterOutcome): string[] {
    this.#checkEachPodOnce(outcome);
    const claims = outcome.newNodeClaims ?? [];
    const places = [
      ...claims.map((claim, index) => this.#claimPlace(claim, `claim ${index}`)),
      ...(this.#vector.input.existingNodes ?? []).map(({ node, pods }) =>
        this.#nodePlace(node, pods ?? [], outcome.existing?.[node.metadata.name] ?? []),
      ),
    ];
    for (const place of places) this.#checkPlace(place);
    for (const place of places) this.#checkTogether(place, places);
    this.#checkLimits(claims);
    return this.#problems;
  }

  #checkEachPodOnce(outcome: KarpenterOutcome): void {
    const placed = [
      ...(outcome.newNodeClaims ?? []).flatMap((claim) => claim.pods),
      ...Object.values(outcome.existing ?? {}).flat(),
      ...(outcome.unschedulable ?? []),
    ];
    const counts = new Map<string, number>();
    for (const name of placed) counts.set(name, (counts.get(name) ?? 0) + 1);
    for (const name of this.#pods.keys()) {
      if (counts.get(name) !== 1) this.#problems.push(`pod ${name} is accounted for ${counts.get(name) ?? 0} times`);
    }
    for (const name of counts.keys()) if (!this.#pods.has(name)) this.#problems.push(`pod ${name} is not known`);
    const unknown = Object.keys(outcome.existing ?? {}).filter(
      (name) => !(this.#vector.input.existingNodes ?? []).some(({ node }) => node.metadata.name === name),
    );
    for (const name of unknown) this.#problems.push(`node ${name} is not known`);
  }

  #named(names: readonly string[]): Pod[] {
    return names.flatMap((name) => this.#pods.get(name) ?? []);
  }

  #claimPlace(claim: KarpenterClaim, name: string): Place {
    const pool = this.#vector.input.nodePools.find((each) => each.metadata.name === claim.nodePool);
    const template = pool?.spec.template;
    const pods = this.#named(claim.pods);
    const labelSets: Record<string, string>[] = [];
    let cheapest = Number.POSITIVE_INFINITY;
    if (claim.instanceTypes.length === 0 || claim.instanceTypes.length > 60) {
      this.#problems.push(`${name} names ${claim.instanceTypes.length} instance types`);
    }
    for (const typeName of claim.instanceTypes) {
      const type = this.#types.get(typeName);
      if (!type) {
        this.#problems.push(`${name}: no instance type ${typeName}`);
        continue;
      }
      const sold = type.offerings.filter(
        (offering) => allows(claim, zone, offering.zone) && allows(claim, capacityType, offering.capacityType),
      );
      if (sold.length === 0) this.#problems.push(`${name}: ${typeName} is not sold where the claim may be`);
      for (const offering of sold) cheapest = Math.min(cheapest, offering.price);
      const [offering] = sold;
      if (offering) {
        const fixed = Object.fromEntries(
          claim.requirements.flatMap((one) =>
            one.operator === "In" && one.values?.length === 1 ? [[one.key, one.values[0] as string]] : [],
          ),
        );
        labelSets.push({
          ...fixed,
          ...template?.metadata?.labels,
          "karpenter.sh/nodepool": claim.nodePool,
          ...type.labels,
          "node.kubernetes.io/instance-type": typeName,
        });
      }
      this.#checkRoom(
        name,
        pods,
        [],
        type.capacity,
        type.overhead,
        labelSets.at(-1) ?? {},
        template?.spec.taints ?? [],
      );
    }
    for (const labels of labelSets) {
      for (const one of template?.spec.requirements ?? []) {
        const label = labels[one.key];
        if (label !== undefined && !matches(one, label))
          this.#problems.push(`${name}: ${one.key}=${label} breaks the pool`);
        if (one.key === zone || one.key === capacityType) this.#checkWithin(name, claim, one);
      }
    }
    if (Math.abs(cheapest - claim.cheapestPrice) > 1e-9) {
      this.#problems.push(`${name} costs ${cheapest}, not ${claim.cheapestPrice}`);
    }
    const zones = [...new Set(claim.instanceTypes.flatMap((each) => this.#types.get(each)?.offerings ?? []))]
      .filter((each) => allows(claim, zone, each.zone) && allows(claim, capacityType, each.capacityType))
      .map((each) => each.zone);
    const capacityTypes = ["spot", "on-demand"].filter((each) => allows(claim, capacityType, each));
    return {
      name,
      pods,
      running: [],
      taints: template?.spec.taints ?? [],
      zones: [...new Set(zones)],
      labelSets: labelSets.map((labels) =>
        capacityTypes.length === 1 ? { ...labels, [capacityType]: capacityTypes[0] as string } : labels,
      ),
    };
  }

  #checkWithin(
    name: string,
    claim: KarpenterClaim,
    one: { key: string; operator: string; values?: readonly string[] },
  ): void {
    for (const value of ["us-east-1a", "us-east-1b", "us-east-1c", "spot", "on-demand"]) {
      const isOfKey = value.startsWith("us-") === (one.key === zone);
      if (isOfKey && allows(claim, one.key, value) && !matches(one, value)) {
        this.#problems.push(`${name}: ${one.key}=${value} breaks the pool`);
      }
    }
  }

  #nodePlace(node: Node, running: readonly Pod[], names: readonly string[]): Place {
    const labels: Record<string, string> = { ...node.metadata.labels, [hostname]: node.metadata.name };
    const pods = this.#named(names);
    const taints = node.spec?.taints ?? [];
    if (pods.length > 0)
      this.#checkRoom(node.metadata.name, pods, running, node.status?.allocatable ?? {}, {}, labels, taints);
    const own = labels[zone];
    return {
      name: node.metadata.name,
      pods,
      running,
      taints,
      zones: own === undefined ? [] : [own],
      labelSets: [labels],
    };
  }

  /** Pods, those that run, and the daemons that come to such a node. */
  #checkRoom(
    name: string,
    pods: readonly Pod[],
    running: readonly Pod[],
    capacity: Readonly<Record<string, string>>,
    overhead: Readonly<Record<string, string>>,
    labels: Readonly<Record<string, string>>,
    taints: readonly Taint[],
  ): void {
    const daemons = (this.#vector.input.daemonSetPods ?? []).filter(
      (pod) => toleratesHard(pod, taints) && meetsNode(pod, [labels]),
    );
    const all = [...pods, ...running, ...daemons];
    const asked = new Map<string, Quantity>([["pods", Quantity.of(all.length)]]);
    for (const pod of all) {
      for (const container of pod.spec?.containers ?? []) {
        for (const [resource, amount] of Object.entries(container.resources?.requests ?? {})) {
          asked.set(resource, (asked.get(resource) ?? Quantity.zero).add(quantityOf(amount)));
        }
      }
    }
    for (const [resource, amount] of asked) {
      const room = quantityOf(capacity[resource] ?? "0").sub(quantityOf(overhead[resource] ?? "0"));
      if (amount.compare(room) > 0) this.#problems.push(`${name}: ${resource} ${amount} of ${room}`);
    }
  }

  #checkPlace({ name, pods, taints, labelSets, zones }: Place): void {
    for (const pod of pods) {
      const podName = pod.metadata.name;
      if (!toleratesHard(pod, taints)) this.#problems.push(`${podName} does not tolerate the taints of ${name}`);
      const sets = labelSets.flatMap((labels) => zones.map((each) => ({ ...labels, [zone]: each })));
      if (!meetsNode(pod, sets)) this.#problems.push(`${podName} may not be on ${name}`);
    }
  }

  #checkTogether(place: Place, places: readonly Place[]): void {
    for (const pod of place.pods) {
      for (const term of pod.spec?.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []) {
        const near = places.filter((other) => meet(place, other, term.topologyKey));
        const others = near.flatMap((other) => [...other.pods, ...other.running]).filter((other) => other !== pod);
        const enemy = others.find((other) => sameNamespace(pod, other) && selects(term.labelSelector, other));
        if (enemy)
          this.#problems.push(`${pod.metadata.name} is with ${enemy.metadata.name} in one ${term.topologyKey}`);
      }
      for (const term of pod.spec?.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []) {
        const isFriend = (other: Pod) => sameNamespace(pod, other) && selects(term.labelSelector, other);
        const friends = places.flatMap((other) =>
          [...other.pods, ...other.running].filter(isFriend).map((friend) => ({ friend, other })),
        );
        const alone = friends.every(({ friend }) => friend === pod) && isFriend(pod);
        const together = friends.some(
          ({ friend, other }) => friend !== pod && (other === place || surelyShare(place, other, term.topologyKey)),
        );
        if (!alone && !together)
          this.#problems.push(`${pod.metadata.name} is apart from its group by ${term.topologyKey}`);
      }
    }
    this.#checkSpread(place, places);
  }

  /** The end state: no domain has more than maxSkew pods above the least of those that the pods could be in. */
  #checkSpread(place: Place, places: readonly Place[]): void {
    const seen = new Set<string>();
    for (const pod of place.pods) {
      for (const constraint of pod.spec?.topologySpreadConstraints ?? []) {
        const id = JSON.stringify([constraint, pod.metadata.namespace, pod.metadata.labels]);
        if (constraint.whenUnsatisfiable !== "DoNotSchedule" || seen.has(id)) continue;
        seen.add(id);
        const isCounted = (other: Pod) => sameNamespace(pod, other) && selects(constraint.labelSelector, other);
        const countOf = (other: Place) => [...other.pods, ...other.running].filter(isCounted).length;
        if (constraint.topologyKey === hostname) {
          const here = countOf(place);
          if (here > constraint.maxSkew)
            this.#problems.push(`${place.name} has ${here} of ${pod.metadata.name}'s kind`);
          continue;
        }
        if (constraint.topologyKey !== zone) continue;
        if (place.zones.length !== 1) {
          this.#problems.push(`${place.name} with ${pod.metadata.name} may be in ${place.zones.join(" or ")}`);
          continue;
        }
        const counts = new Map(this.#zonesFor(pod).map((each) => [each, 0]));
        for (const other of places) {
          const [only, more] = other.zones;
          if (only !== undefined && more === undefined && counts.has(only)) {
            counts.set(only, (counts.get(only) ?? 0) + countOf(other));
          }
        }
        const least = Math.min(...counts.values());
        const here = counts.get(place.zones[0] as string) ?? 0;
        if (here - least > constraint.maxSkew) {
          this.#problems.push(`${place.zones[0]} has ${here} of ${pod.metadata.name}'s kind, another zone ${least}`);
        }
      }
    }
  }

  /** Zones that any pool or node has, as far as the pod's own node rules allow them. */
  #zonesFor(pod: Pod): string[] {
    const zones = new Set<string>();
    for (const pool of this.#vector.input.nodePools) {
      for (const type of this.#types.values()) {
        for (const offering of type.offerings) {
          const ofPool = pool.spec.template.spec.requirements.filter((one) => one.key === zone);
          if (ofPool.every((one) => matches(one, offering.zone))) zones.add(offering.zone);
        }
      }
    }
    for (const { node } of this.#vector.input.existingNodes ?? []) {
      const own = node.metadata.labels?.[zone];
      if (own !== undefined) zones.add(own);
    }
    return [...zones].filter((each) => zoneRules(pod).some((rules) => rules.every((rule) => matches(rule, each))));
  }

  #checkLimits(claims: readonly KarpenterClaim[]): void {
    for (const pool of this.#vector.input.nodePools) {
      for (const [resource, limit] of Object.entries(pool.spec.limits ?? {})) {
        let used = Quantity.zero;
        for (const { node } of this.#vector.input.existingNodes ?? []) {
          if (node.metadata.labels?.["karpenter.sh/nodepool"] !== pool.metadata.name) continue;
          used = used.add(quantityOf(node.status?.capacity?.[resource] ?? "0"));
        }
        for (const claim of claims.filter((each) => each.nodePool === pool.metadata.name)) {
          const amounts = claim.instanceTypes.map((name) =>
            quantityOf(this.#types.get(name)?.capacity[resource] ?? "0"),
          );
          used = used.add(amounts.reduce((most, amount) => most.max(amount), Quantity.zero));
        }
        if (claims.some((each) => each.nodePool === pool.metadata.name) && used.compare(quantityOf(limit)) > 0) {
          this.#problems.push(`pool ${pool.metadata.name} may use ${used} of ${limit} ${resource}`);
        }
      }
    }
  }
}

interface Rule {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

function matches({ operator, values = [] }: Rule, value: string | undefined): boolean {
  const bound = Number(values[0]);
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    case "Gt":
      return value !== undefined && Number(value) > bound;
    case "Lt":
      return value !== undefined && Number(value) < bound;
    case "Gte":
      return value !== undefined && Number(value) >= bound;
    case "Lte":
      return value !== undefined && Number(value) <= bound;
    default:
      return false;
  }
}

const allows = (claim: KarpenterClaim, key: string, value: string): boolean =>
  claim.requirements.every((one) => one.key !== key || matches(one, value));

const requiredTerms = (pod: Pod): readonly NodeSelectorTerm[] =>
  pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];

/** On every node that it may be, the selector and one of the terms must hold. */
function meetsNode(pod: Pod, labelSets: readonly Readonly<Record<string, string>>[]): boolean {
  const terms = requiredTerms(pod);
  return labelSets.every(
    (labels) =>
      Object.entries(pod.spec?.nodeSelector ?? {}).every(([key, value]) => labels[key] === value) &&
      (terms.length === 0 ||
        terms.some((term) => (term.matchExpressions ?? []).every((one) => matches(one, labels[one.key])))),
  );
}

function zoneRules(pod: Pod): Rule[][] {
  const selector = Object.entries(pod.spec?.nodeSelector ?? {})
    .filter(([key]) => key === zone)
    .map(([key, value]) => ({ key, operator: "In", values: [value] }));
  const terms = requiredTerms(pod);
  if (terms.length === 0) return [selector];
  return terms.map((term) => [...selector, ...(term.matchExpressions ?? []).filter((one) => one.key === zone)]);
}

function toleratesHard(pod: Pod, taints: readonly Taint[]): boolean {
  const covers = (toleration: Toleration, taint: Taint) =>
    (!toleration.effect || toleration.effect === taint.effect) &&
    (!toleration.key || toleration.key === taint.key) &&
    (toleration.operator === "Exists" || (toleration.value ?? "") === (taint.value ?? ""));
  return taints.every(
    (taint) => taint.effect === "PreferNoSchedule" || (pod.spec?.tolerations ?? []).some((one) => covers(one, taint)),
  );
}

const sameNamespace = (a: Pod, b: Pod) => (a.metadata.namespace ?? "default") === (b.metadata.namespace ?? "default");

function selects(selector: LabelSelector | undefined, pod: Pod): boolean {
  if (!selector) return false;
  const labels = pod.metadata.labels ?? {};
  return (
    Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value) &&
    (selector.matchExpressions ?? []).every((one) => matches(one, labels[one.key]))
  );
}

/** Whether two places may turn out to be in one domain. */
function meet(a: Place, b: Place, key: string): boolean {
  if (a === b) return true;
  return key === zone && a.zones.some((each) => b.zones.includes(each));
}

/** Whether two places are in one domain, whatever they become. */
const surelyShare = (a: Place, b: Place, key: string): boolean =>
  key === zone && a.zones.length === 1 && b.zones.length === 1 && a.zones[0] === b.zones[0];
