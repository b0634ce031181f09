import type { NodePool, Pod } from "@bellows/api";
import { type Amounts, amountsOf, subtract, sum } from "@bellows/aws";
import { hostPorts } from "./host-ports.ts";
import {
  cheapestPrice,
  hasOffering,
  type InstanceType,
  orderByPrice,
  truncated,
  unmetMinValues,
} from "./instance-type.ts";
import { type DaemonGroup, type Option, PlannedClaim, type PoolTemplate } from "./planned-claim.ts";
import { type NodeRoom, PlannedNode } from "./planned-node.ts";
import { intolerance, type PodLevel, PodLevels } from "./pod-plan.ts";
import { minimum, podRequests } from "./pod-requests.ts";
import { type PodShape, podShape, podShapeKey, strictRequirements, withoutPreferences } from "./pod-shape.ts";
import { Requirement, type RequirementFields } from "./requirement.ts";
import {
  combined,
  intersects,
  isCompatible,
  type Requirements,
  requirementsOf,
  requirementsOfLabels,
} from "./requirements.ts";
import { Resources } from "./room.ts";
import { type PlacedPod, Topology } from "./topology.ts";
import type { DomainRank } from "./topology-group.ts";
import {
  hostnameLabel,
  initializedLabel,
  nodeClassLabel,
  nodePoolLabel,
  registeredLabel,
  wellKnownLabels,
  zoneLabel,
} from "./well-known-labels.ts";

/** Instance types that a NodeClaim names at most, cheapest first. */
export const maxInstanceTypes = 60;

export interface PackingInput {
  /** Pools that are ready, in any order: more weight first, then by name. */
  readonly nodePools: readonly PoolInput[];
  /** Nodes and claims that can take pods. */
  readonly nodes: readonly NodeInput[];
  /** Nodes whose pods count for topology but which take none. */
  readonly otherPods?: readonly PlacedPod[];
  /** What else counts against the limits of a pool, by its name: nodes that are not among `nodes`. */
  readonly otherUsage?: ReadonlyMap<string, Amounts>;
  /** One pod for each DaemonSet. */
  readonly daemonPods: readonly Pod[];
  /** Pods to place, in any order. */
  readonly pods: readonly Pod[];
  readonly namespaces?: ReadonlyMap<string, Readonly<Record<string, string>>>;
  /** Where the volumes of a pod can be, by the pod's uid, as alternatives. */
  readonly volumeRequirements?: ReadonlyMap<string, readonly Requirements[]>;
  readonly preferencePolicy?: "Respect" | "Ignore";
  readonly minValuesPolicy?: "Strict" | "BestEffort";
}

export interface PoolInput {
  readonly nodePool: NodePool;
  readonly instanceTypes: readonly InstanceType[];
}

export interface NodeInput extends NodeRoom {
  readonly nodePool?: string;
  readonly capacity: Amounts;
  readonly allocatable: Amounts;
  /** The pods on it that take room: those that have not ended. */
  readonly pods: readonly Pod[];
  /** What those of its pods that belong to DaemonSets ask for. */
  readonly daemonRequests?: Amounts;
}

export interface Packing {
  readonly claims: readonly NewClaim[];
  /** By node name, for nodes that got pods. */
  readonly nodes: ReadonlyMap<string, readonly Pod[]>;
  /** Why a pod found no place, by uid. */
  readonly refused: ReadonlyMap<string, string>;
  /** Pools without an instance type that meets their own requirements. */
  readonly emptyPools: readonly { readonly nodePool: string; readonly minValues: boolean }[];
}

/** A node to launch. */
export interface NewClaim {
  readonly nodePool: NodePool;
  readonly pods: readonly Pod[];
  readonly requirements: Requirements;
  /** What it may be, cheapest first. */
  readonly instanceTypes: readonly InstanceType[];
  /** How many instance types would have done. */
  readonly instanceTypeCount: number;
  /** Pods and daemons. */
  readonly requests: Amounts;
  readonly usdPerHour: number;
  readonly minValuesRelaxed: boolean;
}

/** Above so many pods one answer must do: another costs more time than it is likely to save money. */
const maxPodsForAlternatives = 5_000;

/**
 * Finds a place for each pod: on a node that is there or on its way, on one of the new ones, or on a new one of the first
 * pool (by weight) that can have it. Large pods go first. The same input in any order gives the same answer.
 * Rules: Karpenter's `provisioning/scheduling`, v1.15. Where its rules leave a zone open, upstream takes any; here every
 * zone is tried, and the answer that leaves the fewest pods, and then costs least, is taken.
 */
export function pack(input: PackingInput): Packing {
  const first = new Packer(input);
  let best = first.run();
  if (!first.hadChoice || input.pods.length > maxPodsForAlternatives) return best;
  for (const zone of first.zones()) {
    const other = new Packer(input, (key, domain) => (key === zoneLabel && domain === zone ? 0 : 1)).run();
    if (isBetter(other, best)) best = other;
  }
  return best;
}

function isBetter(left: Packing, right: Packing): boolean {
  if (left.refused.size !== right.refused.size) return left.refused.size < right.refused.size;
  return usdPerHourOf(left) < usdPerHourOf(right) - priceTolerance;
}

/** Prices are sums of decimal fractions. */
const priceTolerance = 1e-9;

/** What the new nodes of an answer cost, if the cheapest of each is launched. */
export const usdPerHourOf = (packing: Packing): number =>
  packing.claims.reduce((total, claim) => total + claim.usdPerHour, 0);

interface Waiting {
  readonly pod: Pod;
  readonly uid: string;
  readonly shape: PodShape;
  readonly volumes: readonly Requirements[];
}

class Packer {
  readonly #input: PackingInput;
  readonly #topology: Topology;
  readonly #levels: PodLevels;
  readonly #resources: Resources;
  readonly #templates: readonly PoolTemplate[];
  readonly #emptyPools: Packing["emptyPools"];
  readonly #nodes: readonly PlannedNode[];
  readonly #limits = new Map<string, Record<string, number>>();
  readonly #claims: PlannedClaim[] = [];
  readonly #shapes = new Map<string, PodShape>();
  readonly #hopeless = new Map<string, string>();
  readonly #choose: DomainRank | undefined;
  #hosts = 0;

  constructor(input: PackingInput, choose?: DomainRank) {
    this.#input = input;
    this.#choose = choose;
    const daemons = input.daemonPods.map((pod) => ({ pod, shape: podShape(pod), requests: podRequests(pod) }));
    const waiting = input.pods.map((pod) => this.#shapeOf(pod).requests);
    this.#resources = new Resources([...waiting, ...daemons.map((daemon) => daemon.requests)]);

    const pools = input.nodePools.toSorted(
      (a, b) =>
        (b.nodePool.spec.weight ?? 0) - (a.nodePool.spec.weight ?? 0) ||
        (a.nodePool.metadata.name < b.nodePool.metadata.name ? -1 : 1),
    );
    const templates: PoolTemplate[] = [];
    const emptyPools: { nodePool: string; minValues: boolean }[] = [];
    for (const pool of pools) {
      const made = templateOf(pool, daemons, this.#resources, input.minValuesPolicy === "BestEffort");
      if ("template" in made) templates.push(made.template);
      else emptyPools.push({ nodePool: pool.nodePool.metadata.name, minValues: made.minValues });
    }
    this.#templates = templates;
    this.#emptyPools = emptyPools;
    this.#topology = new Topology({
      sources: pools.map(({ nodePool, instanceTypes }) => ({
        requirements: poolRequirements(nodePool),
        taints: nodePool.spec.template.spec.taints ?? [],
        instanceTypes,
      })),
      nodes: input.nodes,
      placedPods: [
        ...input.nodes.flatMap((node) => node.pods.map((pod) => ({ pod, node }))),
        ...(input.otherPods ?? []),
      ],
      ...(input.namespaces && { namespaces: input.namespaces }),
    });
    const prefersNone = pools.some(({ nodePool }) =>
      nodePool.spec.template.spec.taints?.some((taint) => taint.effect === "PreferNoSchedule"),
    );
    this.#levels = new PodLevels(this.#topology, (shape) => this.#resources.vector(shape.requests), prefersNone);
    this.#nodes = this.#plannedNodes(daemons);
    for (const { nodePool } of pools) this.#startLimits(nodePool);
  }

  /** Whether any pod could have gone to one zone as well as to another. */
  get hadChoice(): boolean {
    return this.#topology.hadChoice;
  }

  /** The zones that anything new can be in. */
  zones(): readonly string[] {
    const zones = new Set<string>();
    for (const { options } of this.#templates) {
      for (const { type } of options)
        for (const zone of type.requirements.get(zoneLabel)?.values ?? []) zones.add(zone);
    }
    return [...zones].sort();
  }

  run(): Packing {
    const refused = new Map<string, string>();
    let queue = this.#queue();
    // Upstream's order: a pod that found no place goes to the end and is tried again while others are being placed,
    // since they may be what it wants to be near.
    for (let placed = true; placed && queue.length > 0; ) {
      placed = false;
      const left: Waiting[] = [];
      for (const waiting of queue) {
        const refusal = this.#place(waiting);
        if (refusal === undefined) {
          placed = true;
          refused.delete(waiting.uid);
        } else {
          refused.set(waiting.uid, refusal);
          left.push(waiting);
        }
      }
      queue = left;
    }
    const claims: NewClaim[] = [];
    for (const claim of this.#claims) {
      const made = this.#finish(claim);
      if (made) claims.push(made);
      else
        for (const pod of claim.pods) refused.set(pod.metadata.uid ?? pod.metadata.name, this.#minValuesProblem(claim));
    }
    const nodes = new Map(this.#nodes.filter(({ pods }) => pods.length > 0).map(({ node, pods }) => [node.name, pods]));
    return { claims, nodes, refused, emptyPools: this.#emptyPools };
  }

  #queue(): Waiting[] {
    const { pods, volumeRequirements } = this.#input;
    const waiting = pods.map((pod) => {
      const uid = pod.metadata.uid ?? pod.metadata.name;
      return { pod, uid, shape: this.#shapeOf(pod), volumes: volumeRequirements?.get(uid) ?? [] };
    });
    waiting.sort((a, b) => {
      const [left, right] = [a.shape.requests, b.shape.requests];
      return (
        (right.cpu ?? 0) - (left.cpu ?? 0) ||
        (right.memory ?? 0) - (left.memory ?? 0) ||
        compareTexts(a.pod.metadata.creationTimestamp ?? "", b.pod.metadata.creationTimestamp ?? "") ||
        compareTexts(a.uid, b.uid)
      );
    });
    // Every rule that any pod has is known before the first is placed, so that all placements count for it.
    for (const { shape, volumes } of waiting) this.#levels.at(shape, 0, volumes);
    return waiting;
  }

  #shapeOf(pod: Pod): PodShape {
    const key = podShapeKey(pod);
    let shape = this.#shapes.get(key);
    if (!shape) {
      shape = podShape(pod, key);
      if (this.#input.preferencePolicy === "Ignore") shape = withoutPreferences(shape);
      this.#shapes.set(key, shape);
    }
    return shape;
  }

  /** Tries the pod as it is, then with one preference less, and so on. */
  #place({ pod, shape, volumes }: Waiting): string | undefined {
    let refusal = "";
    for (let step = 0; ; step++) {
      const level = this.#levels.at(shape, step, volumes);
      if (!level) return refusal;
      const answer = this.#placeAt(pod, level);
      if (answer === undefined) return undefined;
      refusal = answer;
    }
  }

  #placeAt(pod: Pod, level: PodLevel): string | undefined {
    for (const node of this.#nodes) if (node.add(pod, level) === undefined) return undefined;
    for (const [index, claim] of this.#claims.entries()) {
      if (claim.add(pod, level) !== undefined) continue;
      this.#reorder(index);
      return undefined;
    }
    return this.#launch(pod, level);
  }

  /** Claims are kept by their number of pods, fewest first; among equals in the order in which they were there. */
  #reorder(index: number): void {
    const claims = this.#claims;
    const claim = claims[index] as PlannedClaim;
    let place = index;
    while (place + 1 < claims.length && (claims[place + 1] as PlannedClaim).pods.length < claim.pods.length) {
      claims[place] = claims[place + 1] as PlannedClaim;
      place++;
    }
    claims[place] = claim;
  }

  #launch(pod: Pod, level: PodLevel): string | undefined {
    if (this.#templates.length === 0) return "nodepool requirements filtered out all available instance types";
    const problems: string[] = [];
    for (const [index, template] of this.#templates.entries()) {
      const name = template.nodePool.metadata.name;
      const known = `${level.id}/${index}`;
      const hopeless = this.#hopeless.get(known);
      if (hopeless !== undefined) {
        problems.push(hopeless);
        continue;
      }
      const options = this.#optionsWithinLimits(template);
      if (typeof options === "string") {
        problems.push(options);
        continue;
      }
      const hostname = Requirement.in(hostnameLabel, [
        `hostname-placeholder-${String(++this.#hosts).padStart(4, "0")}`,
      ]);
      const claim = new PlannedClaim(template, options, hostname, this.#resources.size, this.#topology, this.#choose);
      const refusal = claim.add(pod, level, this.#input.minValuesPolicy === "BestEffort");
      if (refusal === undefined) {
        let place = this.#claims.length;
        while (place > 0 && (this.#claims[place - 1] as PlannedClaim).pods.length > 1) place--;
        this.#claims.splice(place, 0, claim);
        this.#takeFromLimits(name, claim);
        return undefined;
      }
      const problem = refusal.refused();
      problems.push(problem);
      // Limits only shrink and rules only tighten, so what failed without a topology fails again.
      if (refusal.forGood) this.#hopeless.set(known, problem);
    }
    return problems.join("; ");
  }

  #startLimits(nodePool: NodePool): void {
    const { limits } = nodePool.spec;
    if (!limits) return;
    const left = amountsOf(limits);
    for (const node of this.#input.nodes) {
      if (node.nodePool !== nodePool.metadata.name) continue;
      for (const name of Object.keys(left)) left[name] = (left[name] as number) - capacityOf(node.capacity, name);
    }
    const other = this.#input.otherUsage?.get(nodePool.metadata.name) ?? {};
    for (const name of Object.keys(left)) left[name] = (left[name] as number) - (other[name] ?? 0);
    this.#limits.set(nodePool.metadata.name, left);
  }

  #optionsWithinLimits({ nodePool, options }: PoolTemplate): readonly Option[] | string {
    const { name } = nodePool.metadata;
    const left = this.#limits.get(name);
    if (!left) return options;
    if (left.nodes !== undefined && left.nodes <= 0)
      return `node limits have been exhausted for nodepool (NodePool=${name})`;
    const within = options.filter(({ type }) =>
      Object.keys(left).every((resource) => capacityOf(type.capacity, resource) <= (left[resource] as number)),
    );
    return within.length > 0 ? within : `all available instance types exceed limits for nodepool (NodePool=${name})`;
  }

  /** As if the largest of its instance types were launched. */
  #takeFromLimits(nodePool: string, claim: PlannedClaim): void {
    const left = this.#limits.get(nodePool);
    if (!left) return;
    for (const resource of Object.keys(left)) {
      const most = claim.options.reduce((max, { type }) => Math.max(max, capacityOf(type.capacity, resource)), 0);
      left[resource] = (left[resource] as number) - most;
    }
  }

  #plannedNodes(daemons: readonly Daemon[]): readonly PlannedNode[] {
    return this.#input.nodes
      .toSorted((a, b) => Number(b.initialized) - Number(a.initialized) || compareTexts(a.name, b.name))
      .map((node) => {
        const labels = requirementsOfLabels(node.labels);
        const coming = daemons.filter(
          ({ pod, shape }) =>
            intolerance(node.taints, pod.spec?.tolerations ?? []) === undefined &&
            isCompatible(labels, strictRequirements(shape, shape.wishes)),
        );
        const missing = subtract(sum(...coming.map(({ requests }) => requests)), node.daemonRequests ?? {});
        const taken = sum(missing, ...node.pods.map(podRequests));
        const left = this.#resources.vector(node.allocatable);
        const vector = this.#resources.vector(taken);
        for (let place = 0; place < left.length; place++)
          left[place] = (left[place] as number) - (vector[place] as number);
        const ports = node.hostPorts ?? node.pods.flatMap(hostPorts);
        return new PlannedNode({ ...node, hostPorts: ports }, left, this.#topology);
      });
  }

  #finish(claim: PlannedClaim): NewClaim | undefined {
    const requirements = new Map(claim.requirements);
    requirements.delete(hostnameLabel);
    const types = claim.options.map(({ type }) => type);
    const instanceTypes =
      this.#input.minValuesPolicy === "BestEffort"
        ? orderByPrice(types, requirements).slice(0, maxInstanceTypes)
        : truncated(types, requirements, maxInstanceTypes);
    const [cheapest] = instanceTypes ?? [];
    if (!instanceTypes || !cheapest) return undefined;
    const overheads = claim.options.map(({ daemons }) => daemons.overhead);
    const overhead = overheads.slice(1).reduce<Amounts>(minimum, overheads[0] ?? {});
    return {
      nodePool: claim.template.nodePool,
      pods: claim.pods,
      requirements,
      instanceTypes,
      instanceTypeCount: types.length,
      requests: sum(this.#resources.amounts(claim.requests), overhead),
      usdPerHour: cheapestPrice(cheapest, requirements),
      minValuesRelaxed: claim.minValuesRelaxed,
    };
  }

  #minValuesProblem(claim: PlannedClaim): string {
    const cheapest = orderByPrice(
      claim.options.map(({ type }) => type),
      claim.requirements,
    ).slice(0, maxInstanceTypes);
    const labels = [...unmetMinValues(cheapest, claim.requirements).keys()].sort().join(" ");
    return (
      "pod didn’t schedule because NodePool couldn’t meet minValues requirements, validating minValues, " +
      `minValues requirement is not met for label(s) (label(s)=[${labels}]) (NodePool=${claim.template.nodePool.metadata.name})`
    );
  }
}

interface Daemon {
  readonly pod: Pod;
  readonly shape: PodShape;
  readonly requests: Amounts;
}

/** A node counts as one of `nodes`. */
const capacityOf = (capacity: Amounts, resource: string): number =>
  resource === "nodes" ? 1 : (capacity[resource] ?? 0);

/** What every node of a pool is like, before any pod has asked for more. */
export function poolRequirements(nodePool: NodePool): Requirements {
  const { metadata, spec } = nodePool.spec.template;
  const labels = {
    ...metadata?.labels,
    [nodePoolLabel]: nodePool.metadata.name,
    [nodeClassLabel]: spec.nodeClassRef.name,
    [registeredLabel]: "true",
    [initializedLabel]: "true",
  };
  return combined(requirementsOf(spec.requirements as readonly RequirementFields[]), requirementsOfLabels(labels));
}

function templateOf(
  { nodePool, instanceTypes }: PoolInput,
  daemons: readonly Daemon[],
  resources: Resources,
  relaxMinValues: boolean,
): { template: PoolTemplate } | { minValues: boolean } {
  const requirements = poolRequirements(nodePool);
  const taints = nodePool.spec.template.spec.taints ?? [];
  const possible = instanceTypes.filter(
    (type) => intersects(type.requirements, requirements) && hasOffering(type, requirements),
  );
  if (possible.length === 0) return { minValues: false };
  if (!relaxMinValues && unmetMinValues(possible, requirements).size > 0) return { minValues: true };
  const tolerating = daemons.filter(
    ({ pod }) => intolerance(taints, [...(pod.spec?.tolerations ?? []), toleratesPreference]) === undefined,
  );
  const groups = new Map<string, DaemonGroup>();
  const options = possible.map((type) => {
    const coming = tolerating.filter((daemon) => runsOn(daemon, requirements, type));
    const key = coming.map(({ pod }) => `${pod.metadata.namespace}/${pod.metadata.name}`).join(",");
    let group = groups.get(key);
    if (!group) {
      const overhead = sum(...coming.map(({ requests }) => requests));
      group = { overhead, hostPorts: coming.flatMap(({ shape }) => shape.hostPorts) };
      groups.set(key, group);
    }
    const room = resources.vector(type.allocatable);
    const taken = resources.vector(group.overhead);
    for (let place = 0; place < room.length; place++) room[place] = (room[place] as number) - (taken[place] as number);
    return { type, room, daemons: group };
  });
  return { template: { nodePool, requirements, taints, options } };
}

const toleratesPreference = { operator: "Exists", effect: "PreferNoSchedule" };

/** Whether a daemon runs on a type, by any of its required node affinity terms. */
function runsOn({ shape }: Daemon, requirements: Requirements, type: InstanceType): boolean {
  const terms = shape.wishes.requiredTerms.length > 0 ? shape.wishes.requiredTerms : [undefined];
  return terms.some((term) => {
    const asked = strictRequirements(shape, { ...shape.wishes, requiredTerms: term ? [term] : [] });
    return isCompatible(requirements, asked, wellKnownLabels) && intersects(type.requirements, asked);
  });
}

const compareTexts = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
