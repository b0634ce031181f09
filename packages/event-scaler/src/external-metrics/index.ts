export {
  type ExternalMetricsHandler,
  type ExternalMetricsOptions,
  type ExternalMetricsRequest,
  type ExternalMetricsResponse,
  externalMetricsHandler,
} from "./handler.ts";
