import type { Pod, Taint } from "@bellows/api";
import { conflictingPort, type HostPort } from "./host-ports.ts";
import type { PodLevel } from "./pod-plan.ts";
import { combined, incompatibility, isCompatible, type Requirements, requirementsOfLabels } from "./requirements.ts";
import { hasRoom } from "./room.ts";
import type { Topology } from "./topology.ts";
import { hostnameLabel } from "./well-known-labels.ts";

/** A node that exists or is on its way, and what is left of it. */
export interface NodeRoom {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Without those that go away while the node starts. */
  readonly taints: readonly Taint[];
  /** Nodes that are initialized are tried first. */
  readonly initialized: boolean;
  /** Ports that its pods have taken. */
  readonly hostPorts?: readonly HostPort[];
  /** How many more volumes each driver can attach; a driver that is not named has no limit. */
  readonly volumesLeft?: Readonly<Record<string, number>>;
}

/** A refusal, and whether later decisions can change it. The text is made only when somebody reads it. */
export interface Refusal {
  readonly refused: () => string;
  readonly forGood: boolean;
}

const forGood = (refused: () => string): Refusal => ({ refused, forGood: true });
const noRank = () => 0;

/** An existing node while pods are being put on it. */
export class PlannedNode {
  readonly node: NodeRoom;
  readonly pods: Pod[] = [];
  readonly #left: Float64Array;
  readonly #topology: Topology;
  readonly #refused = new Set<number>();
  readonly #ports: HostPort[];
  #requirements: Requirements;

  /** @param left  what pods and daemons that will come leave free */
  constructor(node: NodeRoom, left: Float64Array, topology: Topology) {
    this.node = node;
    this.#left = left;
    this.#topology = topology;
    this.#ports = [...(node.hostPorts ?? [])];
    const hostname = node.labels[hostnameLabel] ?? node.name;
    this.#requirements = requirementsOfLabels({ ...node.labels, [hostnameLabel]: hostname });
    topology.registerHost(hostname);
  }

  /** Puts the pod on the node, or says why not. */
  add(pod: Pod, level: PodLevel): Refusal | undefined {
    if (this.#refused.has(level.id)) return forGood(() => "refused before");
    const answer = this.#requirementsWith(level);
    if ("refused" in answer) {
      if (answer.forGood) this.#refused.add(level.id);
      return answer;
    }
    this.pods.push(pod);
    this.#requirements = answer.requirements;
    for (let place = 0; place < this.#left.length; place++) {
      this.#left[place] = (this.#left[place] as number) - (level.requests[place] as number);
    }
    this.#ports.push(...level.shape.hostPorts);
    this.#topology.record(level.shape, this.node.taints, () => this.#requirements);
    return undefined;
  }

  #requirementsWith(level: PodLevel): { requirements: Requirements } | Refusal {
    const intolerance = level.tolerates(this.node.taints);
    if (intolerance !== undefined) return forGood(() => intolerance);
    const port = conflictingPort(level.shape.hostPorts, this.#ports);
    if (port) return forGood(() => `checking host port usage, port ${port.port} is taken`);
    if (!hasRoom(this.#left, level.requests, zeroes(level.requests.length)))
      return forGood(() => "exceeds node resources");
    const known = this.#requirements;
    if (!isCompatible(known, level.requirements)) {
      return forGood(() => incompatibility(known, level.requirements) ?? "");
    }
    let last: Refusal | undefined;
    const base = combined(known, level.requirements);
    for (const volume of level.volumes) {
      if (volume && !isCompatible(base, volume)) {
        last = forGood(() => `incompatible volume requirements, ${incompatibility(base, volume)}`);
        continue;
      }
      const requirements = volume ? combined(base, volume) : base;
      if (!this.#topology.concerns(level.shape, level.groups)) return { requirements };
      const answer = this.#topology.narrow(level.shape, level.groups, level.strict, requirements, noRank, 0);
      if ("refused" in answer) {
        last = { refused: () => answer.refused, forGood: answer.forGood };
        continue;
      }
      // A node without the label of a topology has no domain of it.
      if (isCompatible(requirements, answer.requirements)) return { requirements: answer.requirements };
      last = forGood(() => incompatibility(requirements, answer.requirements) ?? "");
    }
    return last as Refusal;
  }
}

const zero = new Map<number, Float64Array>();
function zeroes(size: number): Float64Array {
  let vector = zero.get(size);
  if (!vector) {
    vector = new Float64Array(size);
    zero.set(size, vector);
  }
  return vector;
}
