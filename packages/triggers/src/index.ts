export { assumeRole } from "./aws-credentials.ts";
export * from "./catalogue.ts";
export type { HttpAnswer, HttpExchange, HttpOutcome, HttpRequest } from "./http-client.ts";
export type { Notice } from "./metadata.ts";
export { indexedMetricName, metricQuantity, normalizeMetricName } from "./metric.ts";
export * from "./trigger.ts";
