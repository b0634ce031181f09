import { type MetricSpec, Pod, type PodMetrics, parseSelector, SelectorError } from "@bellows/api";
import type { Reading } from "@bellows/hpa/engine";
import { ApiError, type Client, type ControllerContext, TransportError } from "@bellows/kube";
import type { MetricValue } from "@bellows/triggers";
import { compositeMetricName } from "../engine/index.ts";
import type { MetricResult } from "./read-metrics.ts";

/** What the triggers of an object said, for the engine. */
export interface TriggerReadings {
  readonly results: readonly MetricResult[];
  /** What the formula made of them, or all values; and what is wrong with any. */
  readonly composite: { readonly values: readonly MetricValue[]; readonly error?: string };
}

/** A reading for each metric: of triggers what they said, of cpu and memory what metrics.k8s.io says of the pods. */
export async function directReadings(
  specs: readonly MetricSpec[],
  triggers: TriggerReadings,
  target: { readonly namespace: string; readonly selector: string },
  client: Client,
): Promise<readonly Reading[]> {
  let podMetrics: Promise<Reading> | undefined;
  return Promise.all(
    specs.map((spec) => {
      if (spec.external) return externalReading(spec.external.metric.name, triggers);
      podMetrics ??= readPodMetrics(target, client);
      return podMetrics;
    }),
  );
}

function externalReading(metricName: string, { results, composite }: TriggerReadings): Reading {
  if (metricName === compositeMetricName) {
    const { values, error } = composite;
    return error === undefined || results.some(({ isFallback }) => isFallback)
      ? readingOf(metricName, values)
      : { error };
  }
  const result = results.find((one) => one.metricName === metricName);
  if (!result) return { error: `no matching metrics found for ${metricName}` };
  return result.error === undefined ? readingOf(metricName, result.values) : { error: result.error };
}

/** Three decimals count, as in the external metrics API. */
const readingOf = (metricName: string, values: readonly MetricValue[]): Reading =>
  values.length === 0
    ? { error: `no matching metrics found for ${metricName}` }
    : { valuesMilli: values.map(({ value }) => BigInt(Math.trunc(value * 1000))) };

async function readPodMetrics(
  { namespace, selector }: { readonly namespace: string; readonly selector: string },
  client: Client,
): Promise<Reading> {
  const path = `/apis/metrics.k8s.io/v1beta1/namespaces/${namespace}/pods`;
  try {
    const { items } = (await client.raw(path, { labelSelector: selector })) as { items: PodMetrics[] };
    return items.length === 0 ? { error: "no metrics returned from resource metrics API" } : { podMetrics: items };
  } catch (error) {
    if (!(error instanceof ApiError || error instanceof TransportError)) throw error;
    return { error: `unable to fetch metrics from resource metrics API: ${error.message}` };
  }
}

/** The pods of a target, where its metrics are compared by them; an average of a trigger's value needs none. */
export function podsOfTarget(
  specs: readonly MetricSpec[],
  { namespace, selector }: { readonly namespace: string; readonly selector: string },
  { cache }: Pick<ControllerContext, "cache">,
): { readonly pods: readonly Pod[]; readonly selectorError?: string } {
  const isNeeded = specs.some(({ external }) => !external || external.target.type === "Value");
  if (!isNeeded || selector === "") return { pods: [] };
  try {
    const parsed = parseSelector(selector);
    return { pods: cache.list(Pod, namespace).filter(({ metadata }) => parsed.matches(metadata.labels ?? {})) };
  } catch (error) {
    if (!(error instanceof SelectorError)) throw error;
    return { pods: [], selectorError: error.message };
  }
}
