import type { APIService } from "@bellows/api";
import { type ApiRequest, type ApiResponse, ok } from "../api-server/api-request.ts";
import type { MetricsServer } from "./metrics-server.ts";

/** The Service that the resource metrics API is registered under. */
export const metricsService = { namespace: "kube-system", name: "metrics-server" } as const;

/** What registers the API, as metrics-server's manifests do. */
export const metricsApiService: APIService = {
  apiVersion: "apiregistration.k8s.io/v1",
  kind: "APIService",
  metadata: { name: "v1beta1.metrics.k8s.io", labels: { "k8s-app": "metrics-server" } },
  spec: {
    group: "metrics.k8s.io",
    version: "v1beta1",
    groupPriorityMinimum: 100,
    versionPriority: 100,
    insecureSkipTLSVerify: true,
    service: { ...metricsService, port: 443 },
  },
};

/** Answers for {@link metricsService} in this process: give it to `ApiServer.serveApiService`. */
export function metricsApiHandler(server: MetricsServer): (request: ApiRequest) => Promise<ApiResponse> {
  return async ({ path, query }) => {
    const labelSelector = query.get("labelSelector");
    const fieldSelector = query.get("fieldSelector");
    const { status, body } = server.handle({ path, query: { labelSelector, fieldSelector } });
    return ok(body, status);
  };
}
