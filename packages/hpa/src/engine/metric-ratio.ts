import type { Samples } from "./samples.ts";

/** How far from the target a ratio may be without any change: 0.1 is 10 %. */
export interface Tolerance {
  readonly down: number;
  readonly up: number;
}

export const isWithin = (ratio: number, tolerance: Tolerance): boolean =>
  1 - tolerance.down <= ratio && ratio <= 1 + tolerance.up;

export interface Utilization {
  /** Utilization over its target. */
  readonly ratio: number;
  /** Whole per cent of the requests, rounded down. */
  readonly percent: number;
  /** Average use of a pod in thousandths, rounded down. */
  readonly averageMilli: number;
}

/**
 * Use against requests, over the pods that have both.
 * @returns undefined where the samples and the requests have no pod in common
 */
export function utilizationRatio(
  samples: Samples,
  requests: ReadonlyMap<string, number>,
  targetPercent: number,
): Utilization | undefined {
  let used = 0;
  let requested = 0;
  let pods = 0;
  for (const [pod, sample] of samples) {
    const request = requests.get(pod);
    if (request === undefined) continue;
    used += sample.milli;
    requested += request;
    pods++;
  }
  if (requested === 0) return undefined;
  // In whole numbers, as upstream: memory in thousandths of bytes times 100 is beyond what a double holds exactly.
  const percent = Number((BigInt(used) * 100n) / BigInt(requested));
  return { ratio: percent / targetPercent, percent, averageMilli: Math.trunc(used / pods) };
}

/** Average use of a pod in thousandths, rounded down, and its ratio to the target. */
export function usageRatio(samples: Samples, targetMilli: number): { ratio: number; averageMilli: number } {
  let used = 0;
  for (const sample of samples.values()) used += sample.milli;
  const averageMilli = Math.trunc(used / samples.size);
  return { ratio: averageMilli / targetMilli, averageMilli };
}
