export { metricsApiHandler, metricsApiService, metricsService } from "./aggregated-api.ts";
export {
  type MetricsRequest,
  type MetricsResponse,
  MetricsServer,
  type MetricsServerOptions,
} from "./metrics-server.ts";
