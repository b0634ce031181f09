import { APIService, ConfigMap } from "@bellows/api";
import {
  createClient,
  httpTransport,
  issueCa,
  issueServing,
  serve,
  silentLogger,
  systemClock,
  type TransportRequest,
  VirtualClock,
} from "@bellows/kube";
import { FakeApiServer } from "@bellows/kube/testing";
import { expect, onTestFinished, test } from "vitest";
import { type RequestHeaderConfig, readRequestHeaderConfig, requestHeaderUser } from "./authentication.ts";
import { forwarder } from "./forwarding.ts";
import { guardedHandler } from "./guarded-handler.ts";
import { externalMetricsHandler } from "./handler.ts";
import {
  apiServiceName,
  formerAdapterAnnotation,
  formerAdapterOf,
  registerApiService,
  unregisterApiService,
} from "./registration.ts";
import { externalMetricsRoutes } from "./serving.ts";

const clock = new VirtualClock(Date.parse("2026-01-01T00:00:00Z"));
const path = "/apis/external.metrics.k8s.io/v1beta1/namespaces/default/m";
const query = { labelSelector: "scaledobject.keda.sh/name=so" };

const requestHeader = (clientCa: string): RequestHeaderConfig => ({
  clientCa,
  allowedNames: ["front-proxy"],
  usernameHeaders: ["x-remote-user"],
  groupHeaders: ["x-remote-group"],
  extraHeaderPrefixes: ["x-remote-extra-"],
});

/** An API server that knows one token, and lets only `hpa` read metrics. */
function anApiServer() {
  const server = new FakeApiServer();
  const reviews: TransportRequest[] = [];
  server.intercept = async (request) => {
    const spec = (request.body as { spec?: { token?: string; user?: string } } | undefined)?.spec ?? {};
    if (!request.path.endsWith("reviews")) return undefined;
    reviews.push(request);
    const status = request.path.endsWith("tokenreviews")
      ? { authenticated: spec.token === "good", user: { username: "hpa", groups: ["g"] } }
      : { allowed: spec.user === "hpa" };
    return { status: 201, headers: {}, body: { status } };
  };
  return { server, client: createClient(server, { clock }), reviews };
}

// Certificates are made, which takes its time.
test("over TLS only those are answered who may ask", async () => {
  const now = systemClock.now();
  const frontProxyCa = await issueCa(now, {});
  const otherCa = await issueCa(now, {});
  const client = (ca: typeof frontProxyCa, name: string) => issueServing(ca, now, { names: [name], usage: "client" });
  const servingCa = await issueCa(now, {});
  const { certificate, key } = await issueServing(servingCa, now, { names: ["127.0.0.1"] });

  const api = anApiServer();
  const handler = guardedHandler({
    handler: externalMetricsHandler({
      clock,
      metricNames: () => ["m"],
      metricValues: async () => [{ metricName: "m", value: 1 }],
    }),
    client: api.client,
    clock,
    requestHeader: () => requestHeader(frontProxyCa.certificate),
  });
  const serving = await serve({
    log: silentLogger,
    port: 0,
    tls: { certificate, key, clientCa: frontProxyCa.certificate },
    routes: externalMetricsRoutes(handler),
  });
  onTestFinished(() => serving.close());

  const ask = async (
    headers: Record<string, string>,
    shown?: { readonly certificate: string; readonly key: string },
  ) => {
    const transport = httpTransport({
      server: `https://127.0.0.1:${serving.port}`,
      credentials: () => ({ ca: servingCa.certificate, ...(shown && { cert: shown.certificate, key: shown.key }) }),
    });
    try {
      return await transport.request({ method: "GET", path, query, headers });
    } finally {
      await transport.close();
    }
  };

  const asHpa = { "x-remote-user": "hpa", "x-remote-group": "g" };
  const frontProxy = await client(frontProxyCa, "front-proxy");
  expect(await ask(asHpa, frontProxy)).toMatchObject({ status: 200, body: { items: [{ value: "1" }] } });
  expect(await ask({ "x-remote-user": "eve" }, frontProxy)).toMatchObject({
    status: 403,
    body: {
      reason: "Forbidden",
      message:
        'm.external.metrics.k8s.io is forbidden: User "eve" cannot list resource "m" in API group "external.metrics.k8s.io" in the namespace "default"',
    },
  });
  // The headers count for nothing without the right certificate.
  for (const shown of [undefined, await client(otherCa, "front-proxy"), await client(frontProxyCa, "somebody")]) {
    const refused = await ask(asHpa, shown);
    expect(refused.status).toBe(403);
    expect((refused.body as { message: string }).message).toContain('User "system:anonymous"');
  }
  expect((await ask({ authorization: "Bearer good" })).status).toBe(200);
  expect((await ask({ authorization: "Bearer bad" })).status).toBe(401);
});

test("reviews are remembered for a while", async () => {
  const { client, reviews } = anApiServer();
  const time = new VirtualClock(0);
  const handler = guardedHandler({
    handler: async () => ({ status: 200, body: {} }),
    client,
    clock: time,
    requestHeader: () => requestHeader(""),
  });
  const request = { path, query, headers: { authorization: "Bearer good" } };
  for (let count = 0; count < 3; count++) await handler(request, { commonName: undefined });
  expect(reviews).toHaveLength(2);
  await time.run(11_000);
  await handler(request, { commonName: undefined });
  expect(reviews).toHaveLength(4);
});

test("an API server that can't be asked lets nobody in", async () => {
  const { client, server } = anApiServer();
  server.down = true;
  const handler = guardedHandler({
    handler: async () => ({ status: 200, body: {} }),
    client,
    clock,
    requestHeader: () => requestHeader(""),
  });
  expect((await handler({ path }, { commonName: undefined })).status).toBe(500);
});

test("extra values and repeated headers belong to the user", () => {
  const headers = { "x-remote-user": "u", "x-remote-group": "a, b", "x-remote-extra-scopes%2fx": "one" };
  expect(requestHeaderUser(requestHeader(""), { commonName: "front-proxy" }, headers)).toEqual({
    username: "u",
    groups: ["a", "b"],
    extra: { "scopes/x": ["one"] },
  });
  expect(requestHeaderUser(requestHeader(""), { commonName: "front-proxy" }, {})).toBeUndefined();
});

test("the configuration of the aggregation layer is read", async () => {
  const { client } = anApiServer();
  const metadata = { namespace: "kube-system", name: "extension-apiserver-authentication" };
  await client.create(ConfigMap, {
    metadata,
    data: {
      "requestheader-client-ca-file": "pem",
      "requestheader-allowed-names": '["front-proxy-client"]',
      "requestheader-username-headers": '["X-Remote-User"]',
      "requestheader-group-headers": '["X-Remote-Group"]',
      "requestheader-extra-headers-prefix": '["X-Remote-Extra-"]',
    },
  });
  expect(await readRequestHeaderConfig(client)).toEqual({
    ...requestHeader("pem"),
    allowedNames: ["front-proxy-client"],
  });
  const patch = { type: "merge", body: { data: { "requestheader-client-ca-file": null } } } as const;
  await client.patch(ConfigMap, metadata, patch);
  await expect(readRequestHeaderConfig(client)).rejects.toThrow(
    "configmap kube-system/extension-apiserver-authentication: requestheader-client-ca-file is missing, expected a CA",
  );
});

const service = { namespace: "bellows", name: "event-scaler" };
const find = (client: ReturnType<typeof anApiServer>["client"]) => client.get(APIService, { name: apiServiceName });

test("the API is registered once, and its certificate kept up to date", async () => {
  const { client, server } = anApiServer();
  expect(await registerApiService(client, { service, caBundle: "pem" })).toBeUndefined();
  const writes = () => server.requests.filter(({ method }) => method !== "GET").length;
  expect(writes()).toBe(1);
  await registerApiService(client, { service, caBundle: "pem" });
  expect(writes()).toBe(1);
  await registerApiService(client, { service, caBundle: "new" });
  expect((await find(client)).spec).toMatchObject({
    caBundle: Buffer.from("new").toString("base64"),
    service: { ...service, port: 443 },
  });
  await unregisterApiService(client, service);
  expect(await client.find(APIService, { name: apiServiceName })).toBeUndefined();
});

test("an adapter that was there is remembered, asked, and put back", async () => {
  const { client } = anApiServer();
  const former = {
    service: { namespace: "keda", name: "keda-operator-metrics-apiserver", port: 443 },
    caBundle: "eA==",
  };
  await client.create(APIService, {
    metadata: { name: apiServiceName },
    spec: {
      group: "external.metrics.k8s.io",
      version: "v1beta1",
      groupPriorityMinimum: 100,
      versionPriority: 90,
      ...former,
    },
  });
  expect(await registerApiService(client, { service, caBundle: "pem" })).toEqual(former);
  expect(formerAdapterOf(await find(client))).toEqual(former);
  expect(await registerApiService(client, { service, caBundle: "pem" })).toEqual(former);

  const opened: string[] = [];
  const other = new FakeApiServer();
  other.intercept = async () => ({ status: 200, headers: {}, body: "values" });
  const forward = forwarder({
    former: () => former,
    token: async () => "t",
    open: (adapter) => {
      opened.push(adapter.service.name);
      return other;
    },
  });
  expect(await forward({ path, query })).toEqual({ status: 200, body: "values" });
  await forward({ path });
  expect(opened).toEqual([former.service.name]);
  expect(other.requests[0]).toMatchObject({ path, query });
  expect(await forwarder({ former: () => undefined, token: async () => "t" })({ path })).toBeUndefined();

  await unregisterApiService(client, { ...service, name: "another" });
  expect((await find(client)).spec?.service?.name).toBe(service.name);
  await unregisterApiService(client, service);
  const restored = await find(client);
  expect(restored.spec).toMatchObject({ ...former, versionPriority: 90 });
  expect(restored.metadata.annotations ?? {}).not.toHaveProperty(formerAdapterAnnotation);
});

test("an event scaler under a new name takes over what the old one remembered, and is no adapter itself", async () => {
  const { client } = anApiServer();
  const adapter = { namespace: "monitoring", name: "prometheus-adapter", port: 443 };
  const old = { ...service, name: "old" };
  await registerApiService(client, { service: old, caBundle: "pem" });
  expect(await registerApiService(client, { service, caBundle: "pem" })).toBeUndefined();
  const found = await find(client);
  await client.update(APIService, { ...found, spec: { ...found.spec, service: adapter } as typeof found.spec });
  const former = await registerApiService(client, { service: old, caBundle: "pem" });
  expect(former?.service).toEqual(adapter);
  expect(await registerApiService(client, { service, caBundle: "pem" })).toEqual(former);
  await unregisterApiService(client, service);
  expect((await find(client)).spec?.service).toEqual(adapter);
});
