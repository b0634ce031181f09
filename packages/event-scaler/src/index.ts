export { createEventScaler, type EventScaler, type EventScalerOptions, type MetricValues } from "./event-scaler.ts";
export * from "./scalers/index.ts";
export * from "./scaling.ts";
