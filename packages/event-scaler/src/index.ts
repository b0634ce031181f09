export * from "./admission/index.ts";
export * from "./authentication/index.ts";
export {
  createEventScaler,
  type EventScaler,
  type EventScalerOptions,
  type MetricSource,
  type MetricValues,
} from "./event-scaler.ts";
export * from "./external-metrics/index.ts";
export { EventScalerMetrics, WebhookMetrics } from "./metrics.ts";
export * from "./scalers/index.ts";
export * from "./scaling.ts";
