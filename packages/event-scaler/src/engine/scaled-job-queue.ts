import { type MetricSpec, Quantity } from "@bellows/api";

/** What one trigger asks for: how long its queue is, and how many Jobs that means. */
export interface QueueReading {
  readonly queueLength: number;
  /** `queueLength` divided by what one Job takes, at most the limit of the ScaledJob. May be a fraction. */
  readonly jobs: number;
  readonly active: boolean;
}

/** What all triggers together ask for, in whole Jobs. */
export interface QueueDemand {
  readonly active: boolean;
  /** Rounded up. Strategies may ask for less than that. */
  readonly queueLength: number;
  /** Rounded up, at most the limit. */
  readonly jobs: number;
}

export type MultipleScalersCalculation = "min" | "avg" | "sum" | "max";

/**
 * The queue of one trigger: the sum of the values of its first metric, divided by the average target of its metrics. A
 * target of zero asks for no Jobs.
 */
export function readQueue(
  values: readonly { readonly metricName: string; readonly value: number }[],
  specs: readonly MetricSpec[],
  maxJobs: number,
): Pick<QueueReading, "queueLength" | "jobs"> {
  const metricName = specs[0]?.external?.metric.name;
  let queueLength = 0;
  for (const one of values) if (one.metricName === metricName) queueLength += inThousandths(one.value);
  const target = targetOf(specs);
  return { queueLength, jobs: target === 0 ? 0 : Math.min(queueLength / target, maxJobs) };
}

/** The external metrics API has three decimals, the rest is cut off. */
const inThousandths = (value: number): number => Math.trunc(value * 1000) / 1000;

/** The average of the targets; one without averageValue counts as zero, and no metric as zero. */
export function targetOf(specs: readonly MetricSpec[]): number {
  if (specs.length === 0) return 0;
  let sum = 0;
  for (const { external } of specs) {
    const target = external?.target.averageValue;
    if (target !== undefined) sum += Quantity.parse(target).toNumber();
  }
  return sum / specs.length;
}

/**
 * One demand of several triggers. Only active triggers count. The larger or smaller queue decides, not the number of
 * Jobs; of equal queues the first one. A ScaledJob that has a minimum of Jobs is always active.
 */
export function combineQueues(
  readings: readonly QueueReading[],
  calculation: MultipleScalersCalculation | string | undefined,
  limits: { readonly minJobs: number; readonly maxJobs: number },
): QueueDemand {
  const { active, queueLength, jobs } = combined(readings, calculation);
  return {
    active: active || limits.minJobs > 0,
    queueLength: Math.ceil(queueLength),
    jobs: Math.ceil(Math.min(jobs, limits.maxJobs)),
  };
}

const none: QueueReading = { queueLength: 0, jobs: 0, active: false };

function combined(readings: readonly QueueReading[], calculation: string | undefined): QueueReading {
  const active = readings.filter((reading) => reading.active);
  if (active.length === 0) return none;
  switch (calculation) {
    case "min":
      // Upstream takes an empty queue for "none yet", so that a later and longer one replaces it.
      return active.reduce((least, one) =>
        least.queueLength === 0 || one.queueLength < least.queueLength ? one : least,
      );
    case "avg": {
      const sum = sumOf(active);
      return { active: true, queueLength: sum.queueLength / active.length, jobs: sum.jobs / active.length };
    }
    case "sum":
      return sumOf(active);
    default:
      // An active trigger whose queue is empty does not count, as upstream.
      return active.reduce((most, one) => (one.queueLength > most.queueLength ? one : most), none);
  }
}

const sumOf = (readings: readonly QueueReading[]): QueueReading =>
  readings.reduce((sum, one) => ({
    active: true,
    queueLength: sum.queueLength + one.queueLength,
    jobs: sum.jobs + one.jobs,
  }));
