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
  for (const item of items) {
    const reports = item.containers ?? [];
    const counted =
      container === undefined ? reports : reports.filter((report) => report.name === container).slice(0, 1);
    const usages = counted.map((report) => report.usage[resource]);
    if (usages.length === 0 || usages.some((usage) => usage === undefined)) continue;
    samples.set(item.metadata.name, {
      milli: usages.reduce((sum, usage) => sum + milliOf(usage as string), 0),
      at: Date.parse(item.timestamp ?? ""),
      windowMs: durationMs(item.window ?? "0s"),
    });
  }
  return samples;
}

/** Metrics that come without a window were measured over this long (custom metrics client, `metricServerDefaultMetricWindow`). */
export const defaultWindowMs = 60_000;
