import { isConditionTrue, type MetricSpec, Pod, parseSelector, ScaledObject } from "@bellows/api";
import { ApiError, type ControllerContext, type Instant, keyOf } from "@bellows/kube";
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
          return before ?? readMetric(object, scaler, metricName, spec, known, scalers, context);
        }),
      );
    }),
  );
  return { results: results.flat(), failures };
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
  let replicas: FallbackReplicas;
  try {
    replicas = await observeReplicas(object, failed.spec, context);
  } catch (refusal) {
    if (!(refusal instanceof ApiError)) throw refusal;
    return failed;
  }
  const fallback = fallbackFor(object, failed.metricName, failed.spec, replicas);
  if (fallback.kind === "failed") return { ...failed, error: fallback.problem };
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

async function observeReplicas(
  object: ScaledObject,
  spec: MetricSpec,
  { client, cache }: ControllerContext,
): Promise<FallbackReplicas> {
  const needs = fallbackNeeds(object, spec);
  if (!needs.currentReplicas && !needs.readyReplicas) return {};
  const scale = await client.getScale(targetOf(object));
  const selector = parseSelector(scale.status?.selector ?? "");
  const pods = needs.readyReplicas ? cache.list(Pod, object.metadata.namespace) : [];
  const ready = pods.filter(
    ({ metadata, status }) =>
      selector.matches(metadata.labels ?? {}) &&
      status?.phase === "Running" &&
      isConditionTrue(status.conditions, "Ready"),
  );
  return { currentReplicas: scale.spec?.replicas ?? 0, readyReplicas: ready.length };
}
