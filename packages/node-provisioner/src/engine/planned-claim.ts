import type { NodePool, Pod, Taint } from "@bellows/api";
import { type Amounts, resourceList } from "@bellows/aws";
import { conflictingPort, type HostPort } from "./host-ports.ts";
import { hasOffering, type InstanceType, offeringFits, unmetMinValues } from "./instance-type.ts";
import { type NodeFilterCounts, nodeFilterText } from "./launch-refusal.ts";
import type { Refusal } from "./planned-node.ts";
import type { PodLevel } from "./pod-plan.ts";
import type { Requirement } from "./requirement.ts";
import {
  changedKeys,
  combined,
  hasMinValues,
  incompatibility,
  isCompatible,
  type Requirements,
  withRequirement,
} from "./requirements.ts";
import { addTo, hasRoom } from "./room.ts";
import type { Topology } from "./topology.ts";
import type { DomainRank } from "./topology-group.ts";
import { capacityTypeLabel, wellKnownLabels, zoneLabel } from "./well-known-labels.ts";

/** An instance type as one NodePool can launch it: with the daemons that would run on it taken off. */
export interface Option {
  readonly type: InstanceType;
  readonly room: Float64Array;
  readonly daemons: DaemonGroup;
}

/** Instance types of a pool that get the same daemons. */
export interface DaemonGroup {
  readonly overhead: Amounts;
  readonly hostPorts: readonly HostPort[];
}

/** What every new node of a pool starts from. */
export interface PoolTemplate {
  readonly nodePool: NodePool;
  readonly requirements: Requirements;
  readonly taints: readonly Taint[];
  readonly options: readonly Option[];
}

interface Narrowed {
  readonly requirements: Requirements;
  readonly options: readonly Option[];
}

/** A new node while pods are being put on it: what it must be like, and the instance types that still do. */
export class PlannedClaim {
  readonly template: PoolTemplate;
  readonly hostname: string;
  readonly pods: Pod[] = [];
  readonly requests: Float64Array;
  requirements: Requirements;
  options: readonly Option[];
  minValuesRelaxed = false;
  readonly #topology: Topology;
  readonly #choose: DomainRank | undefined;
  readonly #refused = new Set<number>();
  readonly #accepted = new Set<number>();
  readonly #ports: HostPort[] = [];
  #mostRoom: Float64Array;

  /** @param choose  tells equal domains apart, in place of the price */
  constructor(
    template: PoolTemplate,
    options: readonly Option[],
    hostname: Requirement,
    size: number,
    topology: Topology,
    choose?: DomainRank,
  ) {
    this.template = template;
    this.hostname = hostname.single as string;
    this.requirements = withRequirement(template.requirements, hostname);
    this.options = options;
    this.requests = new Float64Array(size);
    this.#topology = topology;
    this.#choose = choose;
    this.#mostRoom = mostRoom(options, size);
  }

  /**
   * Puts the pod on the node, or says why not.
   * @param relaxMinValues  lowers minValues to what is there, where the pod would not be placed otherwise
   */
  add(pod: Pod, level: PodLevel, relaxMinValues = false): Refusal | undefined {
    if (this.#refused.has(level.id)) return { refused: () => "refused before", forGood: true };
    const answer = this.#narrowedBy(level, relaxMinValues);
    if ("refused" in answer) {
      if (answer.forGood) this.#refused.add(level.id);
      return answer;
    }
    this.pods.push(pod);
    this.requirements = answer.requirements;
    addTo(this.requests, level.requests);
    if (answer.options !== this.options) {
      this.options = answer.options;
      this.#mostRoom = mostRoom(answer.options, this.requests.length);
    }
    this.#accepted.add(level.id);
    this.#ports.push(...level.shape.hostPorts);
    this.#topology.registerHost(this.hostname);
    this.#topology.record(level.shape, this.template.taints, () => this.requirements);
    return undefined;
  }

  #narrowedBy(level: PodLevel, relaxMinValues: boolean): Narrowed | Refusal {
    const { taints } = this.template;
    const intolerance = level.tolerates(taints);
    if (intolerance !== undefined) return { refused: () => intolerance, forGood: true };
    if (!this.#accepted.has(level.id) && !isCompatible(this.requirements, level.requirements, wellKnownLabels)) {
      const known = this.requirements;
      return {
        refused: () => `incompatible requirements, ${incompatibility(known, level.requirements, wellKnownLabels)}`,
        forGood: true,
      };
    }
    if (this.pods.length > 0 && !hasRoom(this.#mostRoom, this.requests, level.requests)) {
      return { refused: () => "no instance type has enough resources", forGood: true };
    }
    const base = this.#accepted.has(level.id) ? this.requirements : combined(this.requirements, level.requirements);
    let last: Refusal | undefined;
    for (const volume of level.volumes) {
      const answer = this.#withVolume(level, base, volume, relaxMinValues);
      if (!("refused" in answer)) return answer;
      last = last && !last.forGood ? last : answer;
    }
    return last as Refusal;
  }

  #withVolume(
    level: PodLevel,
    base: Requirements,
    volume: Requirements | undefined,
    relaxMinValues: boolean,
  ): Narrowed | Refusal {
    if (volume && !isCompatible(base, volume, wellKnownLabels)) {
      return {
        refused: () => `incompatible volume requirements, ${incompatibility(base, volume, wellKnownLabels)}`,
        forGood: true,
      };
    }
    const requirements = volume ? combined(base, volume) : base;
    if (!this.#topology.concerns(level.shape, level.groups))
      return this.#filter(level, requirements, true, relaxMinValues);
    const rank = (key: string, domain: string) => this.#priceIn(key, domain, requirements);
    let last: Refusal | undefined;
    for (let attempt = 0, attempts = 1; attempt < attempts; attempt++) {
      const answer = this.#topology.narrow(level.shape, level.groups, level.strict, requirements, rank, attempt);
      if ("refused" in answer) return { refused: () => answer.refused, forGood: answer.forGood };
      attempts = answer.alternatives;
      if (!isCompatible(requirements, answer.requirements, wellKnownLabels)) {
        last = {
          refused: () => incompatibility(requirements, answer.requirements, wellKnownLabels) ?? "",
          forGood: false,
        };
        continue;
      }
      const filtered = this.#filter(level, answer.requirements, false, relaxMinValues);
      if (!("refused" in filtered)) return filtered;
      last ??= filtered;
    }
    return last as Refusal;
  }

  /** The options that are like that, have the room and are sold there. */
  #filter(level: PodLevel, requirements: Requirements, forGood: boolean, relaxMinValues: boolean): Narrowed | Refusal {
    const changed = changedKeys(this.requirements, requirements);
    const changedNow = changed.length > 0 || this.pods.length === 0;
    const asked = this.pods.length === 0 ? requirements : new Map(changed.map((key) => [key, requirements.get(key)]));
    const { hostPorts } = level.shape;
    const isLeft = ({ type, room, daemons }: Option): boolean => {
      if (!hasRoom(room, this.requests, level.requests)) return false;
      if (hostPorts.length > 0 && conflictingPort(hostPorts, daemons.hostPorts)) return false;
      if (!changedNow) return true;
      return allowsAll(type, asked as Requirements) && hasOffering(type, requirements);
    };
    if (hostPorts.length > 0 && conflictingPort(hostPorts, this.#ports)) {
      return { refused: () => this.#refusal(level, requirements, []), forGood: true };
    }
    const left = this.options.filter(isLeft);
    const options = left.length === this.options.length ? this.options : left;
    if (options.length === 0) {
      const before = this.options;
      return { refused: () => this.#refusal(level, requirements, before), forGood };
    }
    if (!hasMinValues(requirements)) return { requirements, options };
    return this.#withMinValues(level, { requirements, options }, forGood, relaxMinValues);
  }

  #withMinValues(level: PodLevel, narrowed: Narrowed, forGood: boolean, relax: boolean): Narrowed | Refusal {
    const { requirements, options } = narrowed;
    const unmet = unmetMinValues(
      options.map((option) => option.type),
      requirements,
    );
    if (unmet.size === 0) return narrowed;
    if (!relax) {
      const labels = [...unmet.keys()].sort().join(" ");
      const problem = `minValues requirement is not met for label(s) (label(s)=[${labels}])`;
      return { refused: () => this.#refusal(level, requirements, [], problem), forGood };
    }
    const lowered = new Map(requirements);
    for (const [key, values] of unmet) {
      const requirement = requirements.get(key);
      if (requirement) lowered.set(key, requirement.withMinValues(values));
    }
    this.minValuesRelaxed = true;
    return { requirements: lowered, options };
  }

  #refusal(level: PodLevel, requirements: Requirements, options: readonly Option[], minValues?: string): string {
    const counts: NodeFilterCounts[] = options.map(({ type, room }) => ({
      compatible: allowsAll(type, requirements),
      fits: hasRoom(room, this.requests, level.requests),
      offered: hasOffering(type, requirements),
    }));
    const overheads = options.map((option) => option.daemons.overhead);
    return nodeFilterText(counts, requirements, resourceList(level.shape.requests), overheads, minValues);
  }

  /** The lowest price at which this claim could be launched in a domain: what tells equal domains apart. */
  #priceIn(key: string, domain: string, requirements: Requirements): number {
    if (this.#choose) return this.#choose(key, domain);
    if (key !== zoneLabel && key !== capacityTypeLabel) return 0;
    let price = Number.POSITIVE_INFINITY;
    for (const { type } of this.options) {
      for (const offering of type.offerings) {
        if (offering.usdPerHour >= price || !offering.available || offering.labels[key] !== domain) continue;
        if (offeringFits(offering, requirements)) price = offering.usdPerHour;
      }
    }
    return price;
  }
}

/** Whether a type can be like that; labels that it does not know are free. */
function allowsAll(type: InstanceType, requirements: Requirements): boolean {
  for (const [key, requirement] of requirements) {
    const known = type.requirements.get(key);
    if (known && !known.intersects(requirement) && !(known.allowsAbsence && requirement.allowsAbsence)) return false;
  }
  return true;
}

function mostRoom(options: readonly Option[], size: number): Float64Array {
  const most = new Float64Array(size);
  for (const { room } of options) {
    for (let place = 0; place < size; place++) most[place] = Math.max(most[place] as number, room[place] as number);
  }
  return most;
}
