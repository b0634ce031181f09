import type { Limit } from "@bellows/api";

/** Replicas by the size of the cluster, and how they come about. */
export interface Proportion {
  readonly replicas: number;
  /** What the cores and the nodes ask for: `5 nodes, 2 for each replica -> 3`. */
  readonly computed: readonly string[];
  /** What moved the larger of both, in the order applied. */
  readonly limits: readonly Limit[];
}

/** The one that asks for more; the first of two that ask for the same. What both computed is kept. */
export function larger(first: Proportion, second: Proportion): Proportion {
  const most = second.replicas > first.replicas ? second : first;
  return { ...most, computed: [...first.computed, ...second.computed] };
}
