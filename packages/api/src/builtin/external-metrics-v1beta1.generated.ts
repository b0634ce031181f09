// Generated from openapi.generated.json by generate-builtin.ts. Do not edit: change the generator, then run
//   node packages/api/src/builtin/generate-builtin.ts

import type { ListMeta } from "./meta-v1.generated.ts";

/** external.metrics.k8s.io/v1beta1 ExternalMetricValue. */
export interface ExternalMetricValue {
  apiVersion?: string;
  kind?: string;
  metricName: string;
  metricLabels: Record<string, string>;
  timestamp: string;
  window?: number;
  value: string;
}

/** external.metrics.k8s.io/v1beta1 ExternalMetricValueList. */
export interface ExternalMetricValueList {
  apiVersion?: string;
  kind?: string;
  metadata?: ListMeta;
  items: ExternalMetricValue[];
}
