// Generated from openapi.generated.json by generate-builtin.ts. Do not edit: change the generator, then run
//   node packages/api/src/builtin/generate-builtin.ts

import type { ObjectReference } from "./core-v1.generated.ts";
import type { LabelSelector, ListMeta } from "./meta-v1.generated.ts";

/** custom.metrics.k8s.io/v1beta1 MetricValue. */
export interface MetricValueV1beta1 {
  apiVersion?: string;
  kind?: string;
  describedObject: ObjectReference;
  metricName: string;
  timestamp: string;
  window?: number;
  value: string;
  selector: LabelSelector;
}

/** custom.metrics.k8s.io/v1beta1 MetricValueList. */
export interface MetricValueListV1beta1 {
  apiVersion?: string;
  kind?: string;
  metadata?: ListMeta;
  items: MetricValueV1beta1[];
}
