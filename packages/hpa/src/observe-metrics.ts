import {
  type LabelSelector,
  type MetricSpec,
  type Pod,
  type PodMetrics,
  QuantityError,
  SelectorError,
  selectorOf,
} from "@bellows/api";
import { ApiError, type Cache, type Client } from "@bellows/kube";
import type { Reading } from "./engine/metric.ts";
import { type CustomMetricValue, customSamples, milliIn64Bits } from "./engine/samples.ts";
import { refusal } from "./observe-scale.ts";
import { itemsOf } from "./pod-metrics-reader.ts";
import type { PodsByLabel } from "./pods-by-label.ts";

/** The pods under a selector's text, or why it is none. */
export function observePods(
  cache: Cache,
  index: PodsByLabel,
  namespace: string,
  selector: string,
): { pods: readonly Pod[]; selectorError?: string } {
  if (selector === "") return { pods: [] };
  try {
    return { pods: index.under(cache, namespace, selector) };
  } catch (error) {
    return { pods: [], selectorError: error instanceof Error ? error.message : String(error) };
  }
}

/** Reads each metric from the API that has it. Metrics of one kind over the same pods are read once. */
export async function observeMetrics(
  client: Client,
  namespace: string,
  selector: string,
  metrics: readonly MetricSpec[],
  readPodMetrics: () => Promise<readonly PodMetrics[]>,
): Promise<readonly Reading[]> {
  let podMetrics: Promise<Reading> | undefined;
  return Promise.all(
    metrics.map((metric) => {
      switch (metric.type) {
        case "Resource":
        case "ContainerResource":
          podMetrics ??= read("resource", async () => {
            const items = await readPodMetrics();
            return items.length === 0 ? none("resource") : { podMetrics: items };
          });
          return podMetrics;
        case "Pods":
          return readPodsMetric(client, namespace, selector, metric);
        case "Object":
          return readObjectMetric(client, namespace, metric);
        case "External":
          return readExternalMetric(client, namespace, metric);
        default:
          return { error: `no metrics API serves the type "${metric.type}"` };
      }
    }),
  );
}

const customPath = (namespace: string) => `/apis/custom.metrics.k8s.io/v1beta2/namespaces/${namespace}`;

async function readPodsMetric(client: Client, namespace: string, selector: string, spec: MetricSpec): Promise<Reading> {
  return read("custom", async () => {
    const metric = spec.pods?.metric;
    const path = `${customPath(namespace)}/pods/*/${metric?.name}`;
    const query = { labelSelector: selector, ...metricSelector(metric?.selector) };
    const items = itemsOf<CustomMetricValue>(await client.raw(path, query));
    return items.length === 0 ? none("custom") : { samples: customSamples(items) };
  });
}

async function readObjectMetric(client: Client, namespace: string, spec: MetricSpec): Promise<Reading> {
  return read("custom", async () => {
    const { describedObject, metric } = spec.object as NonNullable<MetricSpec["object"]>;
    const { apiVersion = "v1", kind, name } = describedObject;
    const resource = await client.resourceOf(apiVersion, kind);
    if (!resource)
      return {
        error: `unable to fetch metrics from custom metrics API: no matches for kind "${kind}" in version "${apiVersion}"`,
      };
    const qualified = resource.group ? `${resource.plural}.${resource.group}` : resource.plural;
    const isNamespace = kind === "Namespace" && resource.group === "";
    const path = isNamespace
      ? `${customPath(namespace)}/metrics/${metric.name}`
      : `${customPath(namespace)}/${qualified}/${name}/${metric.name}`;
    const items = itemsOf<CustomMetricValue>(await client.raw(path, metricSelector(metric.selector)));
    const [item] = items;
    if (items.length !== 1 || !item) {
      return {
        error: `unable to fetch metrics from custom metrics API: the custom metrics API server returned ${items.length} results when we asked for exactly one`,
      };
    }
    return { valuesMilli: [milliIn64Bits(item.value)] };
  });
}

async function readExternalMetric(client: Client, namespace: string, spec: MetricSpec): Promise<Reading> {
  return read("external", async () => {
    const { metric } = spec.external as NonNullable<MetricSpec["external"]>;
    const path = `/apis/external.metrics.k8s.io/v1beta1/namespaces/${namespace}/${metric.name}`;
    const selector = selectorOf(metric.selector ?? {}).toString();
    const items = itemsOf<{ value: string }>(await client.raw(path, selector ? { labelSelector: selector } : {}));
    return items.length === 0 ? none("external") : { valuesMilli: items.map(({ value }) => milliIn64Bits(value)) };
  });
}

const metricSelector = (selector: LabelSelector | undefined): Record<string, string> => {
  const text = selector ? selectorOf(selector).toString() : "";
  return text ? { metricLabelSelector: text } : {};
};

const none = (api: string): Reading => ({ error: `no metrics returned from ${api} metrics API` });

async function read(api: "resource" | "custom" | "external", attempt: () => Promise<Reading>): Promise<Reading> {
  try {
    return await attempt();
  } catch (error) {
    // The metric's own selector; the engine says so.
    if (error instanceof SelectorError) return { error: error.message };
    if (error instanceof QuantityError) {
      return { error: `unable to fetch metrics from ${api} metrics API: value: ${error.message}` };
    }
    return { error: `unable to fetch metrics from ${api} metrics API: ${answerOf(api, error)}` };
  }
}

/** What kubectl's users know of an API that is not installed, or is down. */
function answerOf(api: "resource" | "custom" | "external", error: unknown): string {
  if (api === "resource" && error instanceof ApiError) {
    if (error.code === 404) return "the server could not find the requested resource (get pods.metrics.k8s.io)";
    if (error.code === 503) return "the server is currently unable to handle the request (get pods.metrics.k8s.io)";
  }
  return refusal(error);
}
