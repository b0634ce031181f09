import { isConditionTrue, type MetricSpec, Pod, parseSelector, ScaledObject, SelectorError } from "@bellows/api";
import { ApiError, type ControllerContext, type Instant, keyOf, type Scale, TransportError } from "@bellows/kube";
import type { MetricValue, Push } from "@bellows/triggers";
import {
  type FallbackReplicas,
  fallbackFor,
  fallbackNeeds,
  type HealthReading,
  hasValidFallback,
  isPastThreshold,
  nextHealth,
} from "../engine/index.ts";
import { messageOf, type Scaler, type Scalers, type TimedReading } from "../scalers/index.ts";
import { targetOf } from "./scale-target.ts";
import { seamsOf } from "./seams.ts";

/** What one metric of a trigger came to. */
export interface MetricResult {
  readonly scaler: Scaler;
  readonly metricName: string;
  readonly spec: MetricSpec;
  /** Of the source, or of the fallback; none where neither has any. */
  readonly values: readonly MetricValue[];
  /** As the source says, or because a fallback stands in. */
  readonly active: boolean;
  /** Why there are no values. */
  readonly error?: string;
  readonly isFallback: boolean;
  /** The formula is to see nil. */
  readonly isNil: boolean;
  /** Told only where the object has a valid fallback. */
  readonly health?: HealthReading;
  readonly latencyMs?: number;
}

/** A trigger that could not even say what it measures. */
export interface TriggerFailure {
  readonly scaler: Scaler;
  readonly error: string;
}

/** What need not be read, and what of a failure is known. */
export interface Known {
  /** Which was read before and still holds. */
  readonly kept?: (scaler: Scaler, metricName: string) => MetricResult | undefined;
  /** Which the source has just told by itself. */
  readonly told?: (scaler: Scaler, metricName: string) => Push | undefined;
  /** Whether a reading that began then and failed counts; default: each does. */
  readonly counts?: (metricName: string, startedAt: Instant) => boolean;
}

/**
 * Reads external metrics of an object's triggers, all at the same time, and lets the fallback stand in for those that
 * have failed too often.
 * @param wants  which metrics to read
 * @returns in the order of the triggers
 */
export async function readMetrics(
  object: ScaledObject,
  opened: readonly Scaler[],
  scalers: Scalers,
  context: ControllerContext,
  wants: (metricName: string) => boolean = () => true,
  known: Known = {},
): Promise<{ readonly results: readonly MetricResult[]; readonly failures: readonly TriggerFailure[] }> {
  const seams = seamsOf(context);
  const failures: TriggerFailure[] = [];
  const results = await Promise.all(
    opened.map(async (scaler) => {
      let specs: readonly MetricSpec[];
      try {
        specs = await scalers.specsOf(scaler, seams);
      } catch (error) {
        failures.push({ scaler, error: messageOf(error) });
        return [];
      }
      const names = specs.flatMap((spec) => {
        const metricName = spec.external?.metric.name;
        return metricName !== undefined && wants(metricName) ? [{ spec, metricName }] : [];
      });
      return Promise.all(
        names.map(({ spec, metricName }) => {
          const before = known.kept?.(scaler, metricName);
          return withoutHealth(before) ?? readMetric(object, scaler, metricName, spec, known, scalers, context);
        }),
      );
    }),
  );
  return { results: results.flat(), failures };
}

/** The health of a metric is counted by its readings alone, once each. */
function withoutHealth(result: MetricResult | undefined): MetricResult | undefined {
  if (!result?.health) return result;
  const { health: _, ...rest } = result;
  return rest;
}

async function readMetric(
  object: ScaledObject,
  scaler: Scaler,
  metricName: string,
  spec: MetricSpec,
  { told, counts }: Known,
  scalers: Scalers,
  context: ControllerContext,
): Promise<MetricResult> {
  const common = { scaler, metricName, spec, isFallback: false, isNil: false };
  const tracked = hasValidFallback(object);
  const push = told?.(scaler, metricName);
  const startedAt = context.clock.now();
  let reading: TimedReading;
  try {
    reading = push?.values
      ? scalers.told(scaler, { ...push, values: push.values })
      : await scalers.read(object, scaler, metricName, seamsOf(context));
  } catch (error) {
    const failed: MetricResult = { ...common, values: [], active: false, error: messageOf(error) };
    if (!tracked) return failed;
    const health = (counts?.(metricName, startedAt) ?? true) ? "failed" : "failed again";
    // Others may have read it meanwhile.
    const before = (context.cache.get(ScaledObject, keyOf(object)) ?? object).status?.health?.[metricName];
    const isPast = isPastThreshold(object, nextHealth(before, health));
    return isPast ? fallBack(object, { ...failed, health }, context) : { ...failed, health };
  }
  const { values, active, latencyMs } = reading;
  return { ...common, values, active, latencyMs, ...(tracked && { health: "succeeded" }) };
}

/** What the fallback makes of a metric that failed: its values, or why it has none. */
async function fallBack(object: ScaledObject, failed: MetricResult, context: ControllerContext): Promise<MetricResult> {
  const replicas = await observeReplicas(object, failed.spec, context);
  const fallback = fallbackFor(object, failed.metricName, failed.spec, replicas);
  if (fallback.kind === "failed")
    return fallback.problem === undefined ? failed : { ...failed, error: fallback.problem };
  const { error, ...covered } = failed;
  context.log.info("suppressing error, using fallback metrics", {
    ScaledObject: object.metadata.name,
    metric: failed.metricName,
    error,
    behavior: object.spec?.fallback?.behavior,
  });
  const { values } = fallback;
  return fallback.kind === "nil"
    ? { ...covered, values, isNil: true }
    : { ...covered, values, isFallback: true, active: true };
}

/** What the fallback needs to know of the target; what can't be read is left out. */
async function observeReplicas(
  object: ScaledObject,
  spec: MetricSpec,
  context: ControllerContext,
): Promise<FallbackReplicas> {
  const needs = fallbackNeeds(object, spec);
  if (!needs.currentReplicas && !needs.readyReplicas) return {};
  let scale: Scale;
  try {
    scale = await context.client.getScale(targetOf(object));
  } catch (error) {
    if (!(error instanceof ApiError || error instanceof TransportError)) throw error;
    return {};
  }
  const readyReplicas = needs.readyReplicas ? readyPods(object, scale, context) : undefined;
  return { currentReplicas: scale.spec?.replicas ?? 0, ...(readyReplicas !== undefined && { readyReplicas }) };
}

/** How many pods of a target run and are ready; undefined where its selector can't be read. */
function readyPods({ metadata }: ScaledObject, { status }: Scale, { cache }: ControllerContext): number | undefined {
  try {
    const selector = parseSelector(status?.selector ?? "");
    return cache
      .list(Pod, metadata.namespace)
      .filter(
        (pod) =>
          selector.matches(pod.metadata.labels ?? {}) &&
          pod.status?.phase === "Running" &&
          isConditionTrue(pod.status.conditions, "Ready"),
      ).length;
  } catch (error) {
    if (!(error instanceof SelectorError)) throw error;
    return undefined;
  }
}
