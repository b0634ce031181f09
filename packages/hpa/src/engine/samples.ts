import { durationMs, milliOf, type PodMetrics } from "@bellows/api";

/** One pod's measured value in thousandths, with when and over how long it was measured. */
export interface Sample {
  readonly milli: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly windowMs: number;
}

/** Samples by pod name. */
export type Samples = ReadonlyMap<string, Sample>;

/**
 * A resource's use by pod, from what metrics.k8s.io lists. A pod whose containers do not all report the resource is
 * missing, never counted in part. With `container`, only that container counts.
 */
export function resourceSamples(items: readonly PodMetrics[], resource: string, container?: string): Samples {
  const samples = new Map<string, Sample>();
  // The items of one answer mostly share both.
  const instantOf = lastRemembered((text) => (text === "" ? Number.NEGATIVE_INFINITY : Date.parse(text)));
  const windowOf = lastRemembered(durationMs);
  for (const item of items) {
    const milli = usageOf(item.containers ?? [], resource, container);
    if (milli === undefined) continue;
    samples.set(item.metadata.name, {
      milli,
      at: instantOf(item.timestamp ?? ""),
      windowMs: windowOf(item.window ?? "0s"),
    });
  }
  return samples;
}

/** The use of one container, or of all; undefined where one of them does not report it. */
function usageOf(
  reports: NonNullable<PodMetrics["containers"]>,
  resource: string,
  container: string | undefined,
): number | undefined {
  if (container !== undefined) {
    const usage = reports.find(({ name }) => name === container)?.usage[resource];
    return usage === undefined ? undefined : milliOf(usage);
  }
  if (reports.length === 0) return undefined;
  let sum = 0;
  for (const { usage } of reports) {
    const amount = usage[resource];
    if (amount === undefined) return undefined;
    sum += milliOf(amount);
  }
  return sum;
}

/** A function of a text that is mostly asked for the same one again. */
function lastRemembered(read: (text: string) => number): (text: string) => number {
  let last: { readonly text: string; readonly value: number } | undefined;
  return (text) => {
    if (last?.text !== text) last = { text, value: read(text) };
    return last.value;
  };
}

/** Metrics that come without a window were measured over this long (custom metrics client, `metricServerDefaultMetricWindow`). */
export const defaultWindowMs = 60_000;
