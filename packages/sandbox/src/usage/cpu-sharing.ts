/** One container that competes for the CPU of a node. All in millis. */
export interface CpuDemand {
  /** What it would use, given the CPU. */
  readonly wanted: number;
  /** Its limit; Infinity for none. */
  readonly limit: number;
  /** Its request, which is its weight when CPU is short. */
  readonly request: number;
}

/** The least weight: what the kernel gives a container without a request. */
const leastWeight = 2;

/**
 * What each container gets of a node with `capacity` millis: all it wants up to its limit (CFS quota), and where that is
 * more than there is, shares in proportion to the requests (CFS weights), with what one leaves going to the others.
 * @returns in the order of `demands`; the sum is at most `capacity`
 */
export function shareCpu(demands: readonly CpuDemand[], capacity: number): readonly number[] {
  const capped = demands.map(({ wanted, limit }) => Math.min(wanted, limit));
  const total = capped.reduce((sum, amount) => sum + amount, 0);
  if (total <= capacity) return capped;

  const got = capped.map(() => 0);
  let left = capacity;
  let hungry = capped.map((_, index) => index);
  while (hungry.length > 0 && left > 1e-9) {
    const weights = hungry.reduce((sum, index) => sum + weightOf(demands[index]), 0);
    const share = left / weights;
    const satisfied = hungry.filter((index) => (capped[index] ?? 0) <= share * weightOf(demands[index]));
    if (satisfied.length === 0) {
      for (const index of hungry) got[index] = share * weightOf(demands[index]);
      break;
    }
    for (const index of satisfied) {
      got[index] = capped[index] ?? 0;
      left -= got[index] ?? 0;
    }
    hungry = hungry.filter((index) => !satisfied.includes(index));
  }
  return got;
}

const weightOf = (demand: CpuDemand | undefined): number => Math.max(leastWeight, demand?.request ?? 0);
