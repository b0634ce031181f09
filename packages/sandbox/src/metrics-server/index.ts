export { MetricsServer, type MetricsRequest, type MetricsResponse, type MetricsServerOptions } from "./metrics-server.ts";
