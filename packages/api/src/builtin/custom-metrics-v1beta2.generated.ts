// Generated from openapi.generated.json by generate-builtin.ts. Do not edit: change the generator, then run
//   node packages/api/src/builtin/generate-builtin.ts

import type { ObjectReference } from "./core-v1.generated.ts";
import type { LabelSelector, ListMeta } from "./meta-v1.generated.ts";

export interface CustomMetricIdentifier {
  name: string;
  selector: LabelSelector;
}

/** custom.metrics.k8s.io/v1beta2 MetricValue. */
export interface MetricValue {
  apiVersion?: string;
  kind?: string;
  describedObject: ObjectReference;
  metric: CustomMetricIdentifier;
  timestamp: string;
  windowSeconds?: number;
  value: string;
}

/** custom.metrics.k8s.io/v1beta2 MetricValueList. */
export interface MetricValueList {
  apiVersion?: string;
  kind?: string;
  metadata?: ListMeta;
  items: MetricValue[];
}
