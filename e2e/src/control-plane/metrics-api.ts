import { networkInterfaces } from "node:os";
import { APIService, EndpointSlice, Service } from "@bellows/api";
import { type Client, issueCa, issueServing, serve, silentLogger, systemClock } from "@bellows/kube";
import { type MetricsServer, metricsApiService, metricsService } from "@bellows/sandbox/metrics-server";

/** An IPv4 address of this machine at which its API server may proxy: loopback it refuses. */
function ownAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const found = all.find(({ family, internal }) => family === "IPv4" && !internal);
  if (!found) throw new Error("this machine has no IPv4 address but loopback: an APIService cannot be served from it");
  return found.address;
}

/**
 * Serves metrics.k8s.io of pods without machines from this process, and registers it: an APIService, its Service
 * without selector, and an EndpointSlice with this machine's address.
 * @returns how to end it
 */
export async function serveMetricsApi(client: Client, metricsServer: MetricsServer): Promise<() => Promise<void>> {
  const address = ownAddress();
  const { namespace, name } = metricsService;
  const now = systemClock.now();
  const tls = await issueServing(await issueCa(now, {}), now, { names: [`${name}.${namespace}.svc`, address] });
  const serving = await serve({
    log: silentLogger,
    host: address,
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
  const options = { fieldManager: "bellows-e2e", force: true };
  await client.apply(
    Service,
    {
      metadata: { name, namespace },
      spec: { ports: [{ name: "https", port: 443, targetPort: serving.port }] },
    } as never,
    options,
  );
  await client.apply(
    EndpointSlice,
    {
      metadata: { name, namespace, labels: { "kubernetes.io/service-name": name } },
      addressType: "IPv4",
      ports: [{ name: "https", port: serving.port, protocol: "TCP" }],
      endpoints: [{ addresses: [address], conditions: { ready: true } }],
    } as never,
    options,
  );
  await client.apply(APIService, metricsApiService, options);
  return async () => {
    await client.delete(APIService, { name: metricsApiService.metadata.name });
    await client.delete(EndpointSlice, { namespace, name });
    await client.delete(Service, { namespace, name });
    await serving.close();
  };
}
