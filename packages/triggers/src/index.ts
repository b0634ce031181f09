export * from "./catalogue.ts";
export type { Notice } from "./metadata.ts";
export { indexedMetricName, metricQuantity, normalizeMetricName } from "./metric.ts";
export * from "./trigger.ts";
