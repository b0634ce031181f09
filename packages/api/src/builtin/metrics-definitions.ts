import type { SchemaDefinitions, StructuralSchema } from "../structural-schema.ts";
import type { BuiltinResource } from "./definitions.ts";

/*
 * The metrics APIs (metrics.k8s.io, custom.metrics.k8s.io, external.metrics.k8s.io). No kube-apiserver document holds
 * them, since other servers serve them; written from the Go types of k8s.io/metrics v0.35.
 */

const packages = "io.k8s.metrics.pkg.apis";
const meta = "io.k8s.apimachinery.pkg.apis.meta.v1";
const quantity: StructuralSchema = { $ref: "io.k8s.apimachinery.pkg.api.resource.Quantity" };
const time: StructuralSchema = { $ref: `${meta}.Time` };
const selector: StructuralSchema = { $ref: `${meta}.LabelSelector` };
const described: StructuralSchema = { $ref: "io.k8s.api.core.v1.ObjectReference", default: {} };
const text: StructuralSchema = { type: "string", default: "" };
const seconds: StructuralSchema = { type: "integer", format: "int64" };
const usage: StructuralSchema = { type: "object", additionalProperties: quantity };

const typeMeta: Record<string, StructuralSchema> = { apiVersion: { type: "string" }, kind: { type: "string" } };

function object(properties: Record<string, StructuralSchema>, required: string[]): StructuralSchema {
  return { type: "object", required, properties };
}

function kind(group: string, version: string, name: string, schema: StructuralSchema): StructuralSchema {
  return {
    ...schema,
    properties: { ...typeMeta, ...schema.properties },
    "x-kubernetes-group-version-kind": [{ group, version, kind: name }],
  };
}

function listOf(group: string, version: string, name: string, item: string): StructuralSchema {
  return kind(
    group,
    version,
    name,
    object(
      {
        metadata: { $ref: `${meta}.ListMeta`, default: {} },
        items: { type: "array", items: { $ref: item, default: {} } },
      },
      ["items"],
    ),
  );
}

const metadata: StructuralSchema = { $ref: `${meta}.ObjectMeta`, default: {} };
const resourceMetrics = `${packages}.metrics.v1beta1`;
const customV1beta1 = `${packages}.custom_metrics.v1beta1`;
const customV1beta2 = `${packages}.custom_metrics.v1beta2`;
const external = `${packages}.external_metrics.v1beta1`;

export const metricsDefinitions: SchemaDefinitions = {
  [`${resourceMetrics}.ContainerMetrics`]: object({ name: text, usage }, ["name", "usage"]),
  [`${resourceMetrics}.NodeMetrics`]: kind(
    "metrics.k8s.io",
    "v1beta1",
    "NodeMetrics",
    object({ metadata, timestamp: time, window: { type: "string" }, usage }, ["timestamp", "window", "usage"]),
  ),
  [`${resourceMetrics}.NodeMetricsList`]: listOf(
    "metrics.k8s.io",
    "v1beta1",
    "NodeMetricsList",
    `${resourceMetrics}.NodeMetrics`,
  ),
  [`${resourceMetrics}.PodMetrics`]: kind(
    "metrics.k8s.io",
    "v1beta1",
    "PodMetrics",
    object(
      {
        metadata,
        timestamp: time,
        window: { type: "string" },
        containers: { type: "array", items: { $ref: `${resourceMetrics}.ContainerMetrics`, default: {} } },
      },
      ["timestamp", "window", "containers"],
    ),
  ),
  [`${resourceMetrics}.PodMetricsList`]: listOf(
    "metrics.k8s.io",
    "v1beta1",
    "PodMetricsList",
    `${resourceMetrics}.PodMetrics`,
  ),
  [`${customV1beta1}.MetricValue`]: kind(
    "custom.metrics.k8s.io",
    "v1beta1",
    "MetricValue",
    object(
      { describedObject: described, metricName: text, timestamp: time, window: seconds, value: quantity, selector },
      ["describedObject", "metricName", "timestamp", "value", "selector"],
    ),
  ),
  [`${customV1beta1}.MetricValueList`]: listOf(
    "custom.metrics.k8s.io",
    "v1beta1",
    "MetricValueList",
    `${customV1beta1}.MetricValue`,
  ),
  [`${customV1beta2}.MetricIdentifier`]: object({ name: text, selector }, ["name", "selector"]),
  [`${customV1beta2}.MetricValue`]: kind(
    "custom.metrics.k8s.io",
    "v1beta2",
    "MetricValue",
    object(
      {
        describedObject: described,
        metric: { $ref: `${customV1beta2}.MetricIdentifier`, default: {} },
        timestamp: time,
        windowSeconds: seconds,
        value: quantity,
      },
      ["describedObject", "metric", "timestamp", "value"],
    ),
  ),
  [`${customV1beta2}.MetricValueList`]: listOf(
    "custom.metrics.k8s.io",
    "v1beta2",
    "MetricValueList",
    `${customV1beta2}.MetricValue`,
  ),
  [`${external}.ExternalMetricValue`]: kind(
    "external.metrics.k8s.io",
    "v1beta1",
    "ExternalMetricValue",
    object(
      {
        metricName: text,
        metricLabels: { type: "object", additionalProperties: text },
        timestamp: time,
        window: seconds,
        value: quantity,
      },
      ["metricName", "metricLabels", "timestamp", "value"],
    ),
  ),
  [`${external}.ExternalMetricValueList`]: listOf(
    "external.metrics.k8s.io",
    "v1beta1",
    "ExternalMetricValueList",
    `${external}.ExternalMetricValue`,
  ),
};

/** As metrics-server's discovery lists them (its singular names are empty before 0.7; given here as later ones do). */
export const metricsServerResources: readonly BuiltinResource[] = [
  {
    group: "metrics.k8s.io",
    version: "v1beta1",
    kind: "NodeMetrics",
    plural: "nodes",
    singular: "node",
    namespaced: false,
    verbs: ["get", "list"],
    shortNames: [],
    categories: [],
    definition: `${resourceMetrics}.NodeMetrics`,
    listDefinition: `${resourceMetrics}.NodeMetricsList`,
    subresources: [],
  },
  {
    group: "metrics.k8s.io",
    version: "v1beta1",
    kind: "PodMetrics",
    plural: "pods",
    singular: "pod",
    namespaced: true,
    verbs: ["get", "list"],
    shortNames: [],
    categories: [],
    definition: `${resourceMetrics}.PodMetrics`,
    listDefinition: `${resourceMetrics}.PodMetricsList`,
    subresources: [],
  },
];
