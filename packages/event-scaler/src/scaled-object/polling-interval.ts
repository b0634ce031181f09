import { quantityOf, type ScaledObject } from "@bellows/api";
import { type Instant, keyOf, keyText } from "@bellows/kube";
import {
  currentInterval,
  nextPollAt,
  nextPollingLevel,
  type PolledMetric,
  pollingBoundsOf,
  pollingIntervalMs,
} from "../engine/index.ts";
import type { MetricResult } from "./read-metrics.ts";
import { resultOf, type ScaleLoop } from "./scale-loops.ts";

/** What a poll came to, and the one before. */
interface Polled {
  readonly results: readonly MetricResult[];
  readonly before: readonly MetricResult[];
  readonly startedAt: Instant;
}

/** When the triggers are read again after a poll that begins now. */
export function nextDueAt(object: ScaledObject, loop: ScaleLoop, now: Instant): Instant {
  const ordinaryMs = pollingIntervalMs(object.spec?.pollingInterval);
  const intervalMs = currentInterval(pollingBoundsOf(object), loop.pollingLevel, ordinaryMs);
  return nextPollAt(keyText(keyOf(object)), intervalMs, now + 1);
}

/** Polls sooner or later from now on as the metrics go, where that is asked for. */
export function adaptPolling(object: ScaledObject, loop: ScaleLoop, { results, before, startedAt }: Polled): void {
  const bounds = pollingBoundsOf(object);
  if (!bounds) {
    loop.pollingLevel = undefined;
    return;
  }
  const ordinaryMs = pollingIntervalMs(object.spec?.pollingInterval);
  const metrics = results.map((result) => polled(result, resultOf(before, result.metricName)));
  loop.pollingLevel = nextPollingLevel(bounds, loop.pollingLevel, ordinaryMs, metrics);
  loop.dueAt = nextDueAt(object, loop, startedAt);
}

const polled = (result: MetricResult, before: MetricResult | undefined): PolledMetric => ({
  value: sourceValue(result),
  before: before && sourceValue(before),
  target: targetOf(result),
  active: result.active,
});

/** What a fallback gives says nothing of the source. */
const sourceValue = ({ values, metricName, error, isFallback, isNil }: MetricResult): number | undefined =>
  error !== undefined || isFallback || isNil
    ? undefined
    : values.find((value) => value.metricName === metricName)?.value;

function targetOf({ spec: { external } }: MetricResult): number {
  const amount = external?.target.averageValue ?? external?.target.value;
  return amount === undefined ? 0 : quantityOf(amount).toNumber();
}
