// Generated from openapi.generated.json by generate-builtin.ts. Do not edit: change the generator, then run
//   node packages/api/src/builtin/generate-builtin.ts

import type { Kind, ObjectMeta } from "../kind.ts";
import { builtinKind } from "./builtin-kind.ts";
import type { ListMeta } from "./meta-v1.generated.ts";

export interface ContainerMetrics {
  name: string;
  usage: Record<string, string>;
}

/** metrics.k8s.io/v1beta1 NodeMetrics. */
export interface NodeMetrics {
  apiVersion?: string;
  kind?: string;
  metadata: ObjectMeta;
  timestamp: string;
  window: string;
  usage: Record<string, string>;
}

export const NodeMetrics: Kind<NodeMetrics> = builtinKind({
  group: "metrics.k8s.io",
  version: "v1beta1",
  kind: "NodeMetrics",
  plural: "nodes",
  singular: "node",
  scope: "Cluster",
  definition: "io.k8s.metrics.pkg.apis.metrics.v1beta1.NodeMetrics",
});

/** metrics.k8s.io/v1beta1 NodeMetricsList. */
export interface NodeMetricsList {
  apiVersion?: string;
  kind?: string;
  metadata?: ListMeta;
  items: NodeMetrics[];
}

/** metrics.k8s.io/v1beta1 PodMetrics. */
export interface PodMetrics {
  apiVersion?: string;
  kind?: string;
  metadata: ObjectMeta;
  timestamp: string;
  window: string;
  containers: ContainerMetrics[];
}

export const PodMetrics: Kind<PodMetrics> = builtinKind({
  group: "metrics.k8s.io",
  version: "v1beta1",
  kind: "PodMetrics",
  plural: "pods",
  singular: "pod",
  scope: "Namespaced",
  definition: "io.k8s.metrics.pkg.apis.metrics.v1beta1.PodMetrics",
});

/** metrics.k8s.io/v1beta1 PodMetricsList. */
export interface PodMetricsList {
  apiVersion?: string;
  kind?: string;
  metadata?: ListMeta;
  items: PodMetrics[];
}
