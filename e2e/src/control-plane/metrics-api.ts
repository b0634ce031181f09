import { APIService } from "@bellows/api";
import { issueCa, issueServing, serve, silentLogger, systemClock } from "@bellows/kube";
import { type MetricsServer, metricsApiService, metricsService } from "@bellows/sandbox/metrics-server";
import type { ControlPlane } from "../suite.ts";
import { publishPort } from "./host-service.ts";

/**
 * Serves metrics.k8s.io of pods without machines from this process, and registers it: an APIService, its Service
 * without selector, and an EndpointSlice with this machine's address.
 * @returns how to end it
 */
export async function serveMetricsApi(
  controlPlane: ControlPlane,
  metricsServer: MetricsServer,
): Promise<() => Promise<void>> {
  const { client } = controlPlane;
  const { namespace, name } = metricsService;
  const now = systemClock.now();
  const tls = await issueServing(await issueCa(now, {}), now, { names: [`${name}.${namespace}.svc`] });
  const serving = await serve({
    log: silentLogger,
    host: "0.0.0.0",
    port: 0,
    tls,
    routes(app) {
      const answer = (url: string) => {
        const { pathname, searchParams } = new URL(url, "https://localhost");
        const labelSelector = searchParams.get("labelSelector") ?? undefined;
        const fieldSelector = searchParams.get("fieldSelector") ?? undefined;
        return metricsServer.handle({
          path: pathname,
          query: { ...(labelSelector && { labelSelector }), ...(fieldSelector && { fieldSelector }) },
        });
      };
      app.get("/apis/metrics.k8s.io*", async (request, reply) => {
        const { status, body } = answer(request.url);
        return reply.code(status).send(body);
      });
    },
  });
  const unpublish = await publishPort(controlPlane, { namespace, name, port: serving.port });
  await client.apply(APIService, metricsApiService, { fieldManager: "bellows-e2e", force: true });
  return async () => {
    await client.delete(APIService, { name: metricsApiService.metadata.name });
    await unpublish();
    await serving.close();
  };
}
