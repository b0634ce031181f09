import type { Pod } from "@bellows/api";
import { isWithin, type Tolerance, usageRatio, utilizationRatio } from "./metric-ratio.ts";
import { type GroupedPods, groupPods, isReady, type ReadinessDelays, requestsOf } from "./pods.ts";
import { idleInRollout, replicasInRollout } from "./rollout.ts";
import type { Sample, Samples } from "./samples.ts";

/** The replicas one metric asks for, and the value it showed. Source: kube-controller-manager 1.35, `ReplicaCalculator`. */
export interface Proposal {
  readonly replicas: number;
  /** Thousandths: an average per pod, or the whole, as the metric's target is. */
  readonly valueMilli: bigint;
  /** Only of a utilization target. */
  readonly percent?: number;
  /** The metric is close enough to its target for nothing to change. */
  readonly isTolerated?: true;
}

type Count = Pick<Proposal, "replicas" | "isTolerated">;

const tolerated = (replicas: number): Count => ({ replicas, isTolerated: true });

/** The metric is there but says nothing: the text goes into the condition. */
export class NoProposal extends Error {
  override readonly name = "NoProposal";
}

export interface PodsSeen {
  readonly pods: readonly Pod[];
  readonly tolerance: Tolerance;
  readonly delays: ReadinessDelays;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Whether the pods are being replaced: some of them then stand for one replica. */
  readonly isRollingOut?: boolean;
}

/** The replicas that a ratio to the target asks for, over the pods it was measured on. */
const scaled = (seen: PodsSeen, ratio: number, pods: number, current: number): number =>
  seen.isRollingOut ? replicasInRollout(ratio, pods, current) : Math.ceil(ratio * pods);

const maxInt32 = 2 ** 31 - 1;
const maxInt64 = 2n ** 63n - 1n;

const noPods = "no pods returned by selector while calculating replica count";
const noSamples = "did not receive metrics for targeted pods (pods might be unready)";

/** Replicas that bring the pods' use of a resource to `targetPercent` of what they request. */
export function replicasForUtilization(
  seen: PodsSeen,
  samples: Samples,
  current: number,
  targetPercent: number,
  resource: string,
  container?: string,
): Proposal {
  const { counted, groups } = countedSamples(seen, samples, resource);
  const requests = requestsOf(seen.pods, resource, container);
  const measured = (of: Samples) => {
    const utilization = utilizationRatio(of, requests, targetPercent);
    if (!utilization) throw new NoProposal("no metrics returned matched known pods");
    return utilization;
  };
  const first = measured(counted);
  // Going down, a pod without samples is taken for fully used, so that losing metrics never removes capacity.
  const missingMilli = (pod: string) => Math.trunc(((requests.get(pod) ?? 0) * Math.max(100, targetPercent)) / 100);
  return {
    ...replicasForRatio(seen, first.ratio, counted, groups, current, missingMilli, (of) => measured(of).ratio),
    valueMilli: BigInt(first.averageMilli),
    percent: first.percent,
  };
}

/** Replicas that bring the pods' average value to `targetMilli`. `resource` is undefined for custom metrics. */
export function replicasForPodAverage(
  seen: PodsSeen,
  samples: Samples,
  current: number,
  targetMilli: number,
  resource?: string,
): Proposal {
  const { counted, groups } = countedSamples(seen, samples, resource);
  const first = usageRatio(counted, targetMilli);
  return {
    ...replicasForRatio(
      seen,
      first.ratio,
      counted,
      groups,
      current,
      () => targetMilli,
      (of) => usageRatio(of, targetMilli).ratio,
    ),
    valueMilli: BigInt(first.averageMilli),
  };
}

function countedSamples(seen: PodsSeen, samples: Samples, resource: string | undefined) {
  if (seen.pods.length === 0) throw new NoProposal(noPods);
  const groups = groupPods(seen.pods, samples, resource, seen.delays, seen.now);
  const counted = withoutPods(samples, groups.ignored, groups.unready);
  if (counted.size === 0) throw new NoProposal(noSamples);
  return { counted, groups };
}

/** The samples themselves, where none of them is left out. */
function withoutPods(samples: Samples, ...left: readonly ReadonlySet<string>[]): Samples {
  if (left.every(({ size }) => size === 0)) return samples;
  return new Map([...samples].filter(([pod]) => !left.some((each) => each.has(pod))));
}

/**
 * The replicas for a ratio, damped by what is not known: a missing pod counts as idle when growing and as fully used
 * when shrinking, an unready one as idle when growing; a change of direction by these guesses changes nothing.
 */
function replicasForRatio(
  seen: PodsSeen,
  ratio: number,
  counted: Samples,
  groups: GroupedPods,
  current: number,
  missingMilli: (pod: string) => number,
  ratioOf: (samples: Samples) => number,
): Count {
  const growWithUnready = groups.unready.size > 0 && ratio > 1;
  if (!growWithUnready && groups.missing.size === 0) {
    if (isWithin(ratio, seen.tolerance)) return tolerated(current);
    return { replicas: scaled(seen, ratio, groups.readyCount, current) };
  }
  const guessed = (milli: number): Sample => ({ milli, at: 0, windowMs: 0 });
  const all = new Map(counted);
  if (ratio < 1) for (const pod of groups.missing) all.set(pod, guessed(missingMilli(pod)));
  if (ratio > 1) for (const pod of idle(seen, groups, current)) all.set(pod, guessed(0));

  const damped = ratioOf(all);
  if (isWithin(damped, seen.tolerance)) return tolerated(current);
  if ((ratio < 1 && damped > 1) || (ratio > 1 && damped < 1)) return { replicas: current };
  const replicas = scaled(seen, damped, all.size, current);
  const isReversed = (damped < 1 && replicas > current) || (damped > 1 && replicas < current);
  return { replicas: isReversed ? current : replicas };
}

const idle = (seen: PodsSeen, groups: GroupedPods, current: number): Iterable<string> =>
  seen.isRollingOut ? idleInRollout(groups, current) : [...groups.missing, ...groups.unready];

/** Replicas that bring one value of the whole (an object's, or the sum of an external metric) to its target. */
export function replicasForValue(seen: PodsSeen, valueMilli: bigint, current: number, targetMilli: number): Proposal {
  const ratio = Number(valueMilli) / targetMilli;
  // From zero there is no pod to measure a ratio against: the value alone decides.
  if (current === 0) return { replicas: Math.ceil(ratio), valueMilli };
  if (isWithin(ratio, seen.tolerance)) return { ...tolerated(current), valueMilli };
  if (seen.pods.length === 0) throw new NoProposal(`unable to calculate ready pods: ${noPods}`);
  const ready = seen.pods.filter(isReady).length;
  return { replicas: Math.min(maxInt32, scaled(seen, ratio, ready, current)), valueMilli };
}

/** Replicas among which one value of the whole is shared so that each gets at most `targetMilli`. */
export function replicasForShare(
  valueMilli: bigint,
  statusReplicas: number,
  targetMilli: number,
  tolerance: Tolerance,
): Proposal {
  const ratio = Number(valueMilli) / (targetMilli * statusReplicas);
  const count = isWithin(ratio, tolerance)
    ? tolerated(statusReplicas)
    : { replicas: Math.min(maxInt32, Math.ceil(Number(valueMilli) / targetMilli)) };
  return { ...count, valueMilli: shareOf(valueMilli, statusReplicas) };
}

/**
 * The share of one replica, rounded up. Without replicas there is none: what Go makes of the quotient on amd64 is the
 * smallest number.
 */
function shareOf(valueMilli: bigint, replicas: number): bigint {
  if (valueMilli >= maxInt64) return maxInt64;
  if (replicas === 0) return -maxInt64 - 1n;
  return BigInt(Math.ceil(Number(valueMilli) / replicas));
}

/** The sum of an external metric's values, capped at the largest 64-bit number. */
export function sumOfValues(valuesMilli: readonly bigint[]): bigint {
  const sum = valuesMilli.reduce((total, value) => total + value, 0n);
  return sum > maxInt64 ? maxInt64 : sum;
}
