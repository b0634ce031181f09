import { formatTaint, stableJson, type Taint, type Toleration, untoleratedTaint } from "@bellows/api";
import { type PodShape, type PodWishes, relaxed, strictRequirements, wishedRequirements } from "./pod-shape.ts";
import type { Requirements } from "./requirements.ts";
import type { Topology } from "./topology.ts";
import type { TopologyGroup } from "./topology-group.ts";

/** One step of relaxation of a shape, with what follows from it worked out once. */
export interface PodLevel {
  /** Unique in a packing. */
  readonly id: number;
  readonly shape: PodShape;
  readonly wishes: PodWishes;
  readonly requirements: Requirements;
  readonly strict: Requirements;
  readonly groups: readonly TopologyGroup[];
  readonly requests: Float64Array;
  /** Where the pod's volumes can be, as alternatives; one empty alternative for none. */
  readonly volumes: readonly (Requirements | undefined)[];
  tolerates(taints: readonly Taint[]): string | undefined;
}

/** The levels of the shapes of a packing, made when they are first needed. */
export class PodLevels {
  readonly #levels = new Map<string, (PodLevel | undefined)[]>();
  readonly #topology: Topology;
  readonly #vector: (shape: PodShape) => Float64Array;
  readonly #toleratePreferNoSchedule: boolean;
  #ids = 0;

  constructor(topology: Topology, vector: (shape: PodShape) => Float64Array, toleratePreferNoSchedule: boolean) {
    this.#topology = topology;
    this.#vector = vector;
    this.#toleratePreferNoSchedule = toleratePreferNoSchedule;
  }

  /** The shape after `step` relaxations; undefined where there are not so many. */
  at(shape: PodShape, step: number, volumes: readonly Requirements[] = []): PodLevel | undefined {
    const key =
      volumes.length === 0
        ? shape.key
        : `${shape.key}|${stableJson(volumes.map((one) => [...one.values()].map(String)))}`;
    let levels = this.#levels.get(key);
    if (!levels) {
      levels = [];
      this.#levels.set(key, levels);
    }
    if (step < levels.length) return levels[step];
    const before = step === 0 ? undefined : this.at(shape, step - 1, volumes);
    if (step > 0 && !before) return undefined;
    const wishes = before ? relaxed(before.wishes, this.#toleratePreferNoSchedule) : shape.wishes;
    const level = wishes && this.#level(shape, wishes, volumes);
    levels[step] = level;
    return level;
  }

  #level(shape: PodShape, wishes: PodWishes, volumes: readonly Requirements[]): PodLevel {
    const strict = strictRequirements(shape, wishes);
    return {
      id: this.#ids++,
      shape,
      wishes,
      requirements: wishes.preferredTerms.length > 0 ? wishedRequirements(shape, wishes) : strict,
      strict,
      groups: this.#topology.groupsOf(shape, wishes),
      requests: this.#vector(shape),
      volumes: volumes.length > 0 ? volumes : [undefined],
      tolerates: toleratesOf(wishes.tolerations),
    };
  }
}

/** Answers are kept by the list of taints itself: a template or a node has one. */
function toleratesOf(tolerations: readonly Toleration[]): PodLevel["tolerates"] {
  const known = new Map<readonly Taint[], string | undefined>();
  return (taints) => {
    if (taints.length === 0) return undefined;
    if (!known.has(taints)) known.set(taints, intolerance(taints, tolerations));
    return known.get(taints);
  };
}

/** Every taint that is not tolerated, as Karpenter words it; undefined where all are. PreferNoSchedule counts. */
export function intolerance(taints: readonly Taint[], tolerations: readonly Toleration[]): string | undefined {
  const all = ["NoSchedule", "PreferNoSchedule", "NoExecute"];
  const problems = taints
    .filter((taint) => untoleratedTaint([taint], tolerations, all))
    .map((taint) => `did not tolerate taint (taint=${formatTaint(taint)})`);
  return problems.length > 0 ? problems.join("; ") : undefined;
}
