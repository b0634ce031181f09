import { type MetricTarget, quantityOf, type ScaledObject } from "@bellows/api";
import { usesModifiers } from "../engine/index.ts";
import { hpaMaxReplicas } from "./hpa.ts";
import type { MetricResult } from "./read-metrics.ts";
import type { ScaledObjectState } from "./state.ts";

/**
 * With how many replicas a target that is activated starts: as many as the HPA would arrive at in the end, since for an
 * AverageValue that does not depend on the pods there are. Upstream starts with the minimum and leaves the rest to the
 * next turns of the HPA. Undefined where the ScaledObject asks for a pace of its own, or its metrics don't say.
 */
export function startReplicas(
  object: ScaledObject,
  results: readonly MetricResult[],
  state: ScaledObjectState,
): number | undefined {
  const { spec } = object;
  if (spec?.advanced?.horizontalPodAutoscalerConfig?.behavior?.scaleUp) return undefined;
  const wanted = usesModifiers(spec) ? compositeReplicas(object, state) : results.map(replicasOf);
  const most = Math.max(0, ...wanted);
  return most > 0 ? Math.min(most, hpaMaxReplicas(object)) : undefined;
}

function replicasOf({ spec, values, error }: MetricResult): number {
  if (error !== undefined || !spec.external) return 0;
  return divided(sum(values), spec.external.target);
}

function compositeReplicas({ spec }: ScaledObject, { values }: ScaledObjectState): readonly number[] {
  const { target = "", metricType = "AverageValue" } = spec?.advanced?.scalingModifiers ?? {};
  return [divided(sum(values), { type: metricType, averageValue: target })];
}

const sum = (values: readonly { readonly value: number }[]) => values.reduce((total, { value }) => total + value, 0);

/** Three decimals count, as in the external metrics API. */
function divided(value: number, { type, averageValue }: MetricTarget): number {
  if (type !== "AverageValue" || averageValue === undefined) return 0;
  const target = Number(quantityOf(averageValue).scaled(-3));
  return target > 0 ? Math.ceil(Math.trunc(value * 1000) / target) : 0;
}
