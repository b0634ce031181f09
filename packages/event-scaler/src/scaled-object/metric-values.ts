import { ScaledObject, specProblem } from "@bellows/api";
import { type ControllerContext, keyOf } from "@bellows/kube";
import type { MetricValue } from "@bellows/triggers";
import { hpaSyncPeriodMs, usesModifiers } from "../engine/index.ts";
import { builtEvent } from "../object/built-event.ts";
import { updateStatus } from "../object/status.ts";
import { messageOf, type Scaler } from "../scalers/index.ts";
import type { ScaledObjectParts } from "./controller.ts";
import { type Known, readMetrics } from "./read-metrics.ts";
import { recordReadings } from "./record-metrics.ts";
import { seamsOf } from "./seams.ts";
import { compositeOf } from "./state.ts";
import { healthAfter, tellFallback } from "./status.ts";

/**
 * What an HPA is told for one metric of a ScaledObject: read now, or the value of the last poll where the trigger wants
 * that. With a formula all external metrics are read for the composite one.
 * @throws Error  in upstream's words; while a trigger fails the HPA is to see no value rather than an old one
 */
export async function readMetricValues(
  key: { readonly namespace: string; readonly name: string },
  metricName: string,
  { scalers, metrics, loops }: ScaledObjectParts,
  kept: NonNullable<Known["kept"]>,
  context: ControllerContext,
): Promise<readonly MetricValue[]> {
  const object = context.cache.get(ScaledObject, key);
  if (!object?.spec)
    throw new Error(`error getting scalers ScaledObject.keda.sh ${JSON.stringify(key.name)} not found`);
  const malformed = specProblem(ScaledObject, object);
  if (malformed !== undefined) throw new Error(`error getting scalers ${malformed}`);
  let opened: readonly Scaler[];
  try {
    opened = await scalers.open(object, seamsOf(context), builtEvent(object, context));
  } catch (error) {
    metrics?.scaledObjectError(key.namespace, key.name, true);
    throw new Error(`error getting scalers ${messageOf(error)}`, { cause: error });
  }
  const isComposite = usesModifiers(object.spec) && Boolean(object.spec.advanced?.scalingModifiers?.target);
  const names = isComposite ? (object.status?.externalMetricNames ?? []) : [metricName];
  const wanted = new Set(names.map((name) => name.toLowerCase()));
  const { results, failures } = await readMetrics(
    object,
    opened,
    scalers,
    context,
    (name) => wanted.has(name.toLowerCase()),
    { kept, counts: loops.get(key)?.failurePace.of("hpa", hpaSyncPeriodMs) },
  );
  recordReadings(object, results, metrics);
  const after = await updateStatus(context.client, ScaledObject, object, (status) =>
    healthAfter(object, status, results),
  );
  tellFallback(object, after, context);
  const composite = compositeOf(object, results);
  const failed = failures.length > 0 || results.some(({ error }) => error !== undefined) || composite.error;
  if (failed && !results.some(({ isFallback }) => isFallback)) {
    context.log.warn("an external metric can't be given", {
      ScaledObject: keyOf(object),
      metric: metricName,
      errors: [...failures.map(({ error }) => error), ...results.flatMap(({ error }) => error ?? [])],
    });
    throw new Error(`metric:${metricName} encountered error`);
  }
  if (composite.values.length === 0) throw new Error(`no matching metrics found for ${metricName}`);
  return composite.values;
}
