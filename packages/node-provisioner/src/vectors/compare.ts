import { karpenterProblems } from "./validator.ts";
import type { KarpenterInstanceTypes, KarpenterOutcome, KarpenterVector } from "./vector.ts";

export interface KarpenterComparison {
  /** Every pod that was placed really fits. */
  readonly valid: boolean;
  /** Leaves no more pods without a place, and costs no more. */
  readonly asGood: boolean;
  /** As good, and leaves fewer or costs less. */
  readonly better: boolean;
  readonly problems: readonly string[];
}

/** Prices are sums of decimal fractions. */
const tolerance = 1e-6;

/** Holds an answer against the rules, and against the recorded answer. */
export function compareKarpenter(
  actual: KarpenterOutcome,
  vector: KarpenterVector,
  instanceTypes: KarpenterInstanceTypes,
): KarpenterComparison {
  const problems = karpenterProblems(actual, vector, instanceTypes);
  const left = actual.unschedulable?.length ?? 0;
  const leftBefore = vector.expect.unschedulable?.length ?? 0;
  const asGood = left <= leftBefore && actual.totalPrice <= vector.expect.totalPrice + tolerance;
  const better = asGood && (left < leftBefore || actual.totalPrice < vector.expect.totalPrice - tolerance);
  return { valid: problems.length === 0, asGood, better, problems };
}
