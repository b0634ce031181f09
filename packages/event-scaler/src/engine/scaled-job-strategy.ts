import type { ScaledJob } from "@bellows/api";

export type ScaledJobSpec = NonNullable<ScaledJob["spec"]>;

/** A ScaledJob that says what it is to do; the CRD lets the whole spec be left out. */
export type SpecifiedScaledJob = ScaledJob & { readonly spec: ScaledJobSpec };

const defaultMaxReplicaCount = 100;

/** How many Jobs run at least, and how many may be asked for beyond them. */
export interface JobLimits {
  readonly minJobs: number;
  /** `maxReplicaCount` less the minimum; without `maxReplicaCount` 100, whatever the minimum is. */
  readonly maxJobs: number;
}

export function limitsOf({ minReplicaCount, maxReplicaCount }: ScaledJobSpec): JobLimits {
  if (maxReplicaCount === undefined) return { minJobs: minReplicaCount ?? 0, maxJobs: defaultMaxReplicaCount };
  // A minimum above the maximum is the maximum, and then nothing is taken off, as upstream.
  if (minReplicaCount !== undefined && minReplicaCount > maxReplicaCount) {
    return { minJobs: maxReplicaCount, maxJobs: maxReplicaCount };
  }
  return { minJobs: minReplicaCount ?? 0, maxJobs: maxReplicaCount - (minReplicaCount ?? 0) };
}

/** What a strategy sees. */
export interface StrategyInput {
  /** How many Jobs the triggers ask for, at most the limit. */
  readonly maxScale: number;
  /** Jobs that have not ended, less the minimum. */
  readonly runningJobs: number;
  /** Jobs that have not ended and whose pods do not work yet. */
  readonly pendingJobs: number;
  readonly maxJobs: number;
  /** The queue's length, rounded up. */
  readonly scaleTo: number;
}

/** As many as `maxScale` are missing, of which no more than `scaleTo` are made. */
export interface StrategyResult {
  readonly maxScale: number;
  readonly scaleTo: number;
}

export type Strategy = (input: StrategyInput) => StrategyResult;

/** The messages stay in the queue while a Job works on them: running Jobs have taken theirs. */
const defaultStrategy: Strategy = ({ maxScale, runningJobs, scaleTo }) => ({
  maxScale: maxScale - runningJobs,
  scaleTo,
});

const customStrategy =
  (deduction: number, runningShare: number): Strategy =>
  ({ maxScale, runningJobs, maxJobs, scaleTo }) => ({
    maxScale: Math.min(maxScale - deduction - Math.trunc(runningJobs * runningShare), maxJobs),
    scaleTo,
  });

/** Messages leave the queue when a Job takes them: only Jobs that took none yet are taken off. */
const accurateStrategy: Strategy = ({ maxScale, runningJobs, pendingJobs, maxJobs, scaleTo }) => ({
  maxScale: maxScale + runningJobs - pendingJobs > maxJobs ? maxJobs - runningJobs : maxScale - pendingJobs,
  scaleTo,
});

/** Fills up to the limit at once. */
const eagerStrategy: Strategy = ({ maxScale, runningJobs, pendingJobs, maxJobs }) => ({
  maxScale: Math.min(maxJobs - runningJobs - pendingJobs, maxScale),
  scaleTo: maxJobs,
});

/** The strategy of a ScaledJob. `custom` without a share of the running Jobs that is a number is `default`. */
export function strategyOf({ scalingStrategy }: ScaledJobSpec): { readonly name: string; readonly strategy: Strategy } {
  switch (scalingStrategy?.strategy) {
    case "custom": {
      const share = numberOf(scalingStrategy.customScalingRunningJobPercentage);
      if (share === undefined) return { name: "default", strategy: defaultStrategy };
      return {
        name: "custom",
        strategy: customStrategy(scalingStrategy.customScalingQueueLengthDeduction ?? 0, share),
      };
    }
    case "accurate":
      return { name: "accurate", strategy: accurateStrategy };
    case "eager":
      return { name: "eager", strategy: eagerStrategy };
    default:
      return { name: "default", strategy: defaultStrategy };
  }
}

const decimal = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/** A finite number as Go's ParseFloat reads it: no spaces, no empty text. */
function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && decimal.test(text) ? Number(text) : undefined;
}

export interface JobCounts {
  readonly running: number;
  readonly pending: number;
}

/** How many Jobs to make, and why. */
export interface JobDecision {
  readonly create: number;
  /** Jobs that are missing by the strategy, at least zero. */
  readonly missing: number;
  /** `minimum` while fewer Jobs than the minimum run. */
  readonly strategy: string;
}

/** How many Jobs a ScaledJob gets now. Below its minimum it is filled up to that, whatever the queue is. */
export function decideJobs(
  spec: ScaledJobSpec,
  demand: { readonly active: boolean; readonly queueLength: number; readonly jobs: number },
  counts: JobCounts,
): JobDecision {
  const { minJobs, maxJobs } = limitsOf(spec);
  if (counts.running < minJobs) {
    const missing = minJobs - counts.running;
    return { create: demand.active ? missing : 0, missing, strategy: "minimum" };
  }
  const { name, strategy } = strategyOf(spec);
  const { maxScale, scaleTo } = strategy({
    maxScale: demand.jobs,
    runningJobs: counts.running - minJobs,
    pendingJobs: counts.pending,
    maxJobs,
    scaleTo: demand.queueLength,
  });
  const missing = Math.max(maxScale, 0);
  return { create: demand.active ? Math.max(Math.min(scaleTo, missing), 0) : 0, missing, strategy: name };
}
