export {
  type MetricsRequest,
  type MetricsResponse,
  MetricsServer,
  type MetricsServerOptions,
} from "./metrics-server.ts";
