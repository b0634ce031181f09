import { type MetricSpec, Quantity, type ScaledObject } from "@bellows/api";
import type { TriggerSeams } from "@bellows/triggers";
import { compositeMetricName, ownerLabel, usesModifiers } from "../engine/index.ts";
import { messageOf, type Scaler, type Scalers } from "../scalers/index.ts";

export interface HpaMetrics {
  readonly specs: readonly MetricSpec[];
  readonly externalMetricNames: readonly string[];
  readonly resourceMetricNames: readonly string[];
  readonly compositeScalerName?: string;
}

/**
 * What the HPA of a ScaledObject compares, in an order that stays the same.
 * @throws Error  where no trigger says anything, or two say the same metric; in upstream's words
 */
export async function hpaMetrics(
  scaledObject: ScaledObject,
  triggers: readonly Scaler[],
  scalers: Scalers,
  seams: TriggerSeams,
): Promise<HpaMetrics> {
  const { name, namespace } = scaledObject.metadata;
  const specs = (await Promise.all(triggers.map((scaler) => specsOrNone(scalers, scaler, seams)))).flat();
  if (specs.length === 0)
    throw new Error(`no metric specs returned from scalers for ScaledObject ${namespace}/${name}`);
  const externalMetricNames = specs.flatMap(({ external }) => external?.metric.name ?? []);
  const twice = externalMetricNames.find((metric, index) => externalMetricNames.indexOf(metric) !== index);
  if (twice !== undefined) throw new Error(`metricName ${twice} defined multiple times in ScaledObject ${name}`);
  const sorted = specs
    .map((spec) => withOwner(spec, name))
    .toSorted((a, b) => (a.type === b.type ? 0 : a.type < b.type ? -1 : 1));
  const composite = compositeSpec(scaledObject);
  return {
    specs: composite ? [...sorted.filter(({ external }) => !external), composite] : sorted,
    externalMetricNames,
    resourceMetricNames: specs.flatMap(({ resource }) => resource?.name ?? []),
    ...(composite && { compositeScalerName: compositeMetricName }),
  };
}

/** A source that can't say now what it measures doesn't take the other metrics away. */
async function specsOrNone(scalers: Scalers, scaler: Scaler, seams: TriggerSeams): Promise<readonly MetricSpec[]> {
  try {
    return await scalers.specsOf(scaler, seams);
  } catch (error) {
    seams.log.warn("a trigger gives no metrics", { trigger: scaler.declared.type, error: messageOf(error) });
    return [];
  }
}

/** Each external metric says whose it is, which is how the metrics API finds the ScaledObject. */
function withOwner(spec: MetricSpec, scaledObjectName: string): MetricSpec {
  if (!spec.external) return spec;
  const metric = { ...spec.external.metric, selector: { matchLabels: { [ownerLabel]: scaledObjectName } } };
  return { ...spec, external: { ...spec.external, metric } };
}

function compositeSpec(scaledObject: ScaledObject): MetricSpec | undefined {
  const modifiers = scaledObject.spec?.advanced?.scalingModifiers;
  const target = Number(modifiers?.target);
  if (!usesModifiers(scaledObject.spec) || !(target > 0)) return undefined;
  const type = modifiers?.metricType ?? "AverageValue";
  const quantity = Quantity.ofMilli(Math.trunc(target * 1000)).toString();
  const metric = { name: compositeMetricName };
  return withOwner(
    {
      type: "External",
      external: { metric, target: { type, ...(type === "Value" ? { value: quantity } : { averageValue: quantity }) } },
    },
    scaledObject.metadata.name,
  );
}
