import { durationMs, milliOf, type PodMetrics, type QuantityText, quantityOf } from "@bellows/api";

/** One pod's measured value in thousandths, with when and over how long it was measured. */
export interface Sample {
  readonly milli: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly windowMs: number;
}

/** Instants that are not given come before all others, as Go's zero time, and windows are added to them. */
export const instantOf = (text: string | null | undefined): number => (text ? Date.parse(text) : zeroTime);

const zeroTime = Date.parse("0001-01-01T00:00:00Z");

/** Samples by pod name. */
export type Samples = ReadonlyMap<string, Sample>;

/**
 * A resource's use by pod, from what metrics.k8s.io lists. A pod whose containers do not all report the resource is
 * missing, never counted in part. With `container`, only that container counts.
 */
export function resourceSamples(items: readonly PodMetrics[], resource: string, container?: string): Samples {
  const samples = new Map<string, Sample>();
  // The items of one answer mostly share both.
  const takenAt = lastRemembered(instantOf);
  const windowOf = lastRemembered(durationMs);
  for (const item of items) {
    const milli = usageOf(item.containers ?? [], resource, container);
    if (milli === undefined) continue;
    samples.set(item.metadata.name, {
      milli,
      at: takenAt(item.timestamp ?? ""),
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
    const usage = reports.find(({ name }) => name === container)?.usage?.[resource];
    return usage === undefined ? undefined : capped(milliOf(usage));
  }
  if (reports.length === 0) return undefined;
  let sum = 0;
  for (const { usage } of reports) {
    const amount = usage?.[resource];
    if (amount === undefined) return undefined;
    sum += milliOf(amount);
  }
  return capped(sum);
}

const capped = (milli: number): number => Math.max(-maxMilli, Math.min(maxMilli, milli));

/** A function of a text that is mostly asked for the same one again. */
function lastRemembered(read: (text: string) => number): (text: string) => number {
  let last: { readonly text: string; readonly value: number } | undefined;
  return (text) => {
    if (last?.text !== text) last = { text, value: read(text) };
    return last.value;
  };
}

/** An item of custom.metrics.k8s.io. */
export interface CustomMetricValue {
  readonly describedObject: { readonly name: string };
  readonly timestamp?: string | null;
  readonly windowSeconds?: number | null;
  readonly value: QuantityText;
}

/**
 * The samples of a metric of pods, by pod name.
 * @throws QuantityError where a value is none
 */
export const customSamples = (items: readonly CustomMetricValue[]): Samples =>
  new Map(
    items.map(({ describedObject, timestamp, windowSeconds, value }) => [
      describedObject.name,
      {
        milli: Number(milliIn64Bits(value)),
        at: instantOf(timestamp),
        windowMs: windowSeconds == null ? defaultWindowMs : windowSeconds * 1000,
      },
    ]),
  );

/**
 * Thousandths, rounded up, within what 64 bits hold: nothing that is measured is beyond.
 * @throws QuantityError where it is no quantity
 */
export function milliIn64Bits(text: QuantityText): bigint {
  const quantity = quantityOf(text);
  if (Math.abs(quantity.milliValue()) < maxMilli) return quantity.scaled(-3);
  return quantity.sign < 0 ? -(2n ** 63n) : 2n ** 63n - 1n;
}

const maxMilli = 2 ** 63;

/** Metrics that come without a window were measured over this long (custom metrics client, `metricServerDefaultMetricWindow`). */
const defaultWindowMs = 60_000;
