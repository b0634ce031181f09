import { area, it } from "../harness/case.ts";
import type { Conversation, Json } from "../harness/conversation.ts";
import { configureWebhook } from "../harness/webhook-configuration.ts";
import { type Asked, httpsServer, ownAddress } from "../harness/webhook-server.ts";

/** Ports and addresses differ, and so do the names of connections. */
const steady = (text: string) => text.replace(/\d+\.\d+\.\d+\.\d+:\d+/g, "ADDRESS");
const told = (body: Json) =>
  typeof body === "string" ? steady(body) : body.kind === "Status" ? { ...body, message: steady(body.message) } : body;

/** A Service without pods that leads to a port of this machine. */
async function lead(t: Conversation, name: string, port: number, { ready = true } = {}): Promise<void> {
  await t.given("services", { metadata: { name }, spec: { ports: [{ name: "https", port: 443 }] } });
  await t.given("endpointslices", {
    metadata: { name, labels: { "kubernetes.io/service-name": name } },
    addressType: "IPv4",
    ports: [{ name: "https", port, protocol: "TCP" }],
    endpoints: [{ addresses: [ownAddress()], conditions: { ready } }],
  });
}

const group = (t: Conversation) => `${t.ns}.example.com`;

const version = (name: string, storage: boolean) => ({
  name,
  served: true,
  storage,
  schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
});

async function define(t: Conversation, clientConfig: Json, reviews = ["v1"]): Promise<void> {
  const path = "customresourcedefinitions";
  const name = `gadgets.${group(t)}`;
  t.deleteAtEnd(`${path}/${name}`);
  await t.given(path, {
    metadata: { name },
    spec: {
      group: group(t),
      scope: "Namespaced",
      names: { plural: "gadgets", singular: "gadget", kind: "Gadget", listKind: "GadgetList" },
      versions: [version("v1", true), version("v1beta1", false)],
      conversion: { strategy: "Webhook", webhook: { clientConfig, conversionReviewVersions: reviews } },
    },
  });
  await t.until(gadgets(t, "v1"), (_, status) => status === 200);
}

const gadgets = (t: Conversation, name: string) => `/apis/${group(t)}/${name}/namespaces/${t.ns}/gadgets`;
const gadget = (t: Conversation, name: string, more: object) => ({
  apiVersion: `${group(t)}/${name}`,
  kind: "Gadget",
  metadata: { name: "g" },
  ...more,
});
const show = (body: Json) =>
  body.kind === "Status" ? told(body) : { apiVersion: body.apiVersion, size: body.size, dimensions: body.dimensions };

/** v1beta1 has a size `1x2`, v1 its dimensions. */
function resized(object: Json, apiVersion: string): Json {
  const { size, dimensions, ...rest } = object;
  if (apiVersion.endsWith("v1beta1")) return { ...rest, apiVersion, ...(dimensions && { size: dimensions.join("x") }) };
  return { ...rest, apiVersion, ...(size && { dimensions: size.split("x").map(Number) }) };
}

type Convert = (object: Json, apiVersion: string) => Json;

async function converter(t: Conversation, convert: Convert = resized, more: object = {}): Promise<Json> {
  const { port, caBundle, close } = await httpsServer(({ body }) => review(body, convert, more));
  t.onEnd(close);
  return { url: `https://127.0.0.1:${port}/convert`, caBundle };
}

const review = ({ apiVersion, kind, request }: Json, convert: Convert, more: object) => ({
  apiVersion,
  kind,
  response: {
    uid: request.uid,
    result: { status: "Success" },
    convertedObjects: request.objects.map((object: Json) => convert(object, request.desiredAPIVersion)),
    ...more,
  },
});

/** Creates in a version that must be converted; what the webhook answers is wrong. */
const wrong = (what: string, convert: Convert | undefined, more: object = {}) =>
  it(`a conversion is refused: ${what}`, async (t) => {
    await define(t, await converter(t, convert, more));
    await t.post(gadgets(t, "v1beta1"), gadget(t, "v1beta1", { size: "1x2" }), {
      show: (body) => ({ ...told(body), message: told(body).message?.replace(/"[-0-9a-f]{36}"/g, "UID") }),
    });
  });

/** An aggregated API with one kind, which answers who asked. */
function gizmos(t: Conversation): (asked: Asked) => Json {
  return ({ method, path, headers, body }) => {
    const apiVersion = `${group(t)}/v1`;
    if (path.split("?")[0] === `/apis/${apiVersion}`)
      return {
        kind: "APIResourceList",
        apiVersion: "v1",
        groupVersion: apiVersion,
        resources: [
          { name: "gizmos", singularName: "gizmo", namespaced: true, kind: "Gizmo", verbs: ["get", "list", "create"] },
        ],
      };
    if (!path.includes("/gizmos")) return undefined;
    // The administrators of the two have other names.
    const remote = Object.entries(headers).filter(
      ([name, value]) => name.startsWith("x-remote-") && !/^(kubernetes-)?admin$/.test(String(value)),
    );
    return {
      kind: "Gizmo",
      apiVersion,
      metadata: { name: "g" },
      asked: {
        method,
        path,
        accept: headers["accept"],
        type: headers["content-type"],
        remote: Object.fromEntries(remote),
        body,
      },
    };
  };
}

async function aggregate(t: Conversation, spec: Json = {}): Promise<void> {
  const name = `v1.${group(t)}`;
  t.deleteAtEnd(`apiservices/${name}`);
  await t.given("apiservices", {
    metadata: { name },
    spec: {
      group: group(t),
      version: "v1",
      groupPriorityMinimum: 100,
      versionPriority: 100,
      insecureSkipTLSVerify: true,
      service: { namespace: t.ns, name: "api", port: 443 },
      ...spec,
    },
  });
}

const availability = async (t: Conversation, reason: string) => {
  await t.until(
    `apiservices/v1.${group(t)}`,
    ({ status }) => status.conditions?.[0]?.reason === reason,
    ({ status }) =>
      status.conditions.map(({ type, status: is, reason: why, message }: Json) => [type, is, why, steady(message)]),
  );
};

/** The server that passes requests on learns of an APIService and its condition a moment after others see it. */
const passedOn = (t: Conversation, wanted: 200 | 503) =>
  t.until(`/apis/${group(t)}/v1`, (_, status) => status === wanted);

const refuseAll = (t: Conversation, clientConfig: Json) => configureWebhook(t, "validating", { clientConfig });

/** Nobody listens there, and no case is given it: a port that was free a moment ago may be another case's by now. */
const closedPort = 1;

/** Servers that an API server asks: conversion webhooks, webhooks behind Services, aggregated APIs. */
export const reachedServers = area("reached servers", [
  it("an object is kept in one version and read in another", async (t) => {
    await define(t, await converter(t));
    const [old, current] = [gadgets(t, "v1beta1"), gadgets(t, "v1")];
    await t.post(old, gadget(t, "v1beta1", { size: "1x2" }), { show });
    await t.get(`${current}/g`, { show });
    await t.get(`${old}/g`, { show });
    await t.patch("merge", `${old}/g`, { size: "3x4" }, { show });
    await t.patch("merge", `${current}/g`, { dimensions: [5, 6] }, { show });
    await t.get(old, { show: ({ items }) => items.map(show) });
    await t.put(`${old}/g`, gadget(t, "v1beta1", { size: "7x8" }), { show });
    await t.del(`${old}/g`, undefined, { show: ({ status }) => status });
  }),
  it("an object is applied in one version and then in another", async (t) => {
    await define(t, await converter(t));
    await t.apply(`${gadgets(t, "v1beta1")}/g`, gadget(t, "v1beta1", { size: "1x2" }), { show });
    await t.apply(`${gadgets(t, "v1")}/g`, gadget(t, "v1", { dimensions: [3, 4] }), { show, manager: "other" });
    await t.get(`${gadgets(t, "v1beta1")}/g`, { show });
  }),
  it("a watch shows the version that is asked for", async (t) => {
    await define(t, await converter(t));
    await t.given(gadgets(t, "v1"), gadget(t, "v1", { dimensions: [1, 2] }));
    await t.until(gadgets(t, "v1beta1"), ({ items }) => items.length === 1);
    // From what the server's cache of the kind knows by now, which may be a little behind.
    const watch = await t.watch(`${gadgets(t, "v1beta1")}?resourceVersion=0`, show);
    await watch.events(1);
    await t.patch("merge", `${gadgets(t, "v1")}/g`, { dimensions: [3, 4] }, { bare: true });
    await watch.events(2);
    await t.del(`${gadgets(t, "v1")}/g`, undefined, { bare: true });
    await watch.events(3);
  }),
  it("labels may be converted, other metadata is kept", async (t) => {
    const convert: Convert = (object, apiVersion) => ({
      ...object,
      apiVersion,
      metadata: { ...object.metadata, labels: { in: apiVersion.split("/")[1] }, generation: 77, finalizers: ["x.y/z"] },
    });
    await define(t, await converter(t, convert));
    await t.post(gadgets(t, "v1beta1"), gadget(t, "v1beta1", {}), {
      show: ({ metadata: { labels, generation, finalizers } }) => [labels, generation, finalizers],
    });
  }),
  it("what a conversion webhook is asked", async (t) => {
    const asked: Json[] = [];
    const { port, caBundle, close } = await httpsServer((one) => {
      asked.push([one.method, one.path, one.body.apiVersion, one.body.kind, one.body.request]);
      return review(one.body, resized, {});
    });
    t.onEnd(close);
    await define(t, { url: `https://127.0.0.1:${port}/convert`, caBundle });
    await t.given(gadgets(t, "v1beta1"), gadget(t, "v1beta1", { size: "1x2" }));
    const [method, path, apiVersion, kind, { desiredAPIVersion, objects }] = asked[0];
    t.note("asked", [method, path, apiVersion, kind, desiredAPIVersion, objects.map(show)]);
  }),
  it("an older kind of review", async (t) => {
    await define(t, await converter(t), ["v1beta1"]);
    await t.post(gadgets(t, "v1beta1"), gadget(t, "v1beta1", { size: "1x2" }), { show });
  }),
  it("nobody answers a conversion", async (t) => {
    await define(t, { url: `https://127.0.0.1:${closedPort}/convert` });
    await t.post(gadgets(t, "v1"), gadget(t, "v1", {}), { show });
    await t.post(gadgets(t, "v1beta1"), gadget(t, "v1beta1", { metadata: { name: "h" } }), { show });
    await t.get(`${gadgets(t, "v1beta1")}/g`, { show });
    await t.get(`${gadgets(t, "v1beta1")}/none`, { show });
  }),
  it("a conversion webhook whose certificate is not trusted", async (t) => {
    const { url } = await converter(t);
    await define(t, { url });
    await t.post(gadgets(t, "v1beta1"), gadget(t, "v1beta1", {}), {
      show: ({ code, message }) => [code, steady(message).replace(/certificate.*$/, "certificate")],
    });
  }),
  wrong("it says so", undefined, { result: { status: "Failure", message: "too old" } }),
  wrong("it says so without a word", undefined, { result: { status: "Failure" } }),
  wrong("another uid", undefined, { uid: "other" }),
  wrong("too few objects", undefined, { convertedObjects: [] }),
  wrong("another version", (object) => object),
  wrong("another kind", (object, apiVersion) => ({ ...object, apiVersion, kind: "Other" })),
  wrong("another name", (object, apiVersion) => ({
    ...object,
    apiVersion,
    metadata: { ...object.metadata, name: "other" },
  })),
  wrong("no metadata", (object, apiVersion) => ({ apiVersion, kind: object.kind })),
  it("a conversion webhook that breaks", async (t) => {
    const { port, caBundle, close } = await httpsServer(() => undefined);
    t.onEnd(close);
    await define(t, { url: `https://127.0.0.1:${port}/convert`, caBundle });
    await t.post(gadgets(t, "v1beta1"), gadget(t, "v1beta1", {}), { show });
  }),
  it("a conversion webhook behind a Service", async (t) => {
    const { port, caBundle, close } = await httpsServer(({ body }) => review(body, resized, {}), [`hook.${t.ns}.svc`]);
    t.onEnd(close);
    await lead(t, "hook", port);
    await define(t, { service: { namespace: t.ns, name: "hook", path: "/convert" }, caBundle });
    await t.post(gadgets(t, "v1beta1"), gadget(t, "v1beta1", { size: "1x2" }), { show });
    await t.get(`${gadgets(t, "v1")}/g`, { show });
  }),
  ...(["none", "other port", "no endpoints", "not ready", "closed"] as const).map((what) =>
    it(`an admission webhook behind a Service: ${what}`, async (t) => {
      const ports = [{ name: "https", port: what === "other port" ? 80 : 443 }];
      if (what === "not ready" || what === "closed") await lead(t, "hook", closedPort, { ready: what === "closed" });
      else if (what !== "none") await t.given("services", { metadata: { name: "hook" }, spec: { ports } });
      await refuseAll(t, { service: { namespace: t.ns, name: "hook", path: "/admit" } });
      await t.post("configmaps", { metadata: { name: "a" } }, { show: ({ code, message }) => [code, steady(message)] });
    }),
  ),
  it("an admission webhook behind a Service answers", async (t) => {
    const { port, caBundle, close } = await httpsServer(
      ({ body: { apiVersion, kind, request } }) => ({
        apiVersion,
        kind,
        response: { uid: request.uid, allowed: false, status: { message: "not today" } },
      }),
      [`hook.${t.ns}.svc`],
    );
    t.onEnd(close);
    await lead(t, "hook", port);
    await refuseAll(t, { service: { namespace: t.ns, name: "hook" }, caBundle });
    await t.post("configmaps", { metadata: { name: "a" } }, { show: told });
  }),
  it("an admission webhook behind a Service of another name than its certificate", async (t) => {
    const { port, caBundle, close } = await httpsServer(() => ({}), ["other.example.com"]);
    t.onEnd(close);
    await lead(t, "hook", port);
    await refuseAll(t, { service: { namespace: t.ns, name: "hook" }, caBundle });
    await t.post("configmaps", { metadata: { name: "a" } }, { show: ({ code, reason }) => [code, reason] });
  }),
  ...[400, 401, 403, 404, 418, 429, 502, 503].map((status) =>
    it(`an admission webhook answers ${status}`, async (t) => {
      const { port, caBundle, close } = await httpsServer(() => ({}), undefined, status);
      t.onEnd(close);
      await refuseAll(t, { url: `https://127.0.0.1:${port}/hook`, caBundle });
      await t.post("configmaps", { metadata: { name: "a" } }, { show: told });
    }),
  ),
  it("an aggregated API", async (t) => {
    const { port, close } = await httpsServer(gizmos(t));
    t.onEnd(close);
    await lead(t, "api", port);
    await aggregate(t);
    await availability(t, "Passed");
    await t.until(
      `/apis/${group(t)}/v1`,
      (_, status) => status === 200,
      (body) => body,
    );
    const path = `/apis/${group(t)}/v1/namespaces/${t.ns}/gizmos`;
    await t.get(`${path}/g?a=b%20c`, { headers: { accept: "application/json" } });
    await t.post(path, { apiVersion: `${group(t)}/v1`, kind: "Gizmo", metadata: { name: "g" } });
    await t.get(`/apis/${group(t)}`);
    await t.get("/apis", { show: ({ groups }) => groups.find(({ name }: Json) => name === group(t)) });
    await t.get(`/apis/${group(t)}/v1/none`, { show: (body) => body });
  }),
  it("an aggregated API is asked on behalf of whoever asks", async (t) => {
    const { port, close } = await httpsServer(gizmos(t));
    t.onEnd(close);
    await lead(t, "api", port);
    await aggregate(t);
    await availability(t, "Passed");
    await passedOn(t, 200);
    const headers = {
      "impersonate-user": "jane",
      "impersonate-group": "system:masters",
      "impersonate-extra-scopes": "a,b",
      "impersonate-uid": "42",
    };
    await t.get(`/apis/${group(t)}/v1/namespaces/${t.ns}/gizmos/g`, {
      headers,
      show: ({ asked }) => asked?.remote,
    });
  }),
  it("an aggregated API in aggregated discovery", async (t) => {
    const { port, close } = await httpsServer(gizmos(t));
    t.onEnd(close);
    await lead(t, "api", port);
    await aggregate(t);
    await availability(t, "Passed");
    const accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
    const found = async () =>
      (await t.ask("GET", "/apis", undefined, { headers: { accept } })).body.items.find(
        ({ metadata }: Json) => metadata.name === group(t),
      );
    let one: Json;
    await t.awaited("resources of the aggregated API", async () => {
      one = await found();
      t.entries.pop();
      return one?.versions?.[0]?.resources?.length;
    });
    t.note("group", one);
  }),
  it("an aggregated API whose Service is not there", async (t) => {
    await aggregate(t);
    await availability(t, "ServiceNotFound");
    await passedOn(t, 503);
    await t.get(`/apis/${group(t)}/v1`);
    await t.get(`/apis/${group(t)}/v1/namespaces/${t.ns}/gizmos`);
  }),
  it("an aggregated API whose Service does not listen", async (t) => {
    await t.given("services", { metadata: { name: "api" }, spec: { ports: [{ port: 80 }] } });
    await aggregate(t);
    await availability(t, "ServicePortError");
  }),
  it("an aggregated API whose Service has no endpoints", async (t) => {
    await t.given("services", { metadata: { name: "api" }, spec: { ports: [{ port: 443 }] } });
    await aggregate(t);
    await availability(t, "EndpointsNotFound");
  }),
  it("an aggregated API whose endpoints are not ready", async (t) => {
    await lead(t, "api", 1, { ready: false });
    await aggregate(t);
    await availability(t, "MissingEndpoints");
  }),
  it("an aggregated API whose server is down, and comes up", async (t) => {
    await lead(t, "api", closedPort);
    await aggregate(t);
    await availability(t, "FailedDiscoveryCheck");
    await passedOn(t, 503);
    await t.get(`/apis/${group(t)}/v1`);
    const up = await httpsServer(gizmos(t));
    t.onEnd(up.close);
    const ports = [{ name: "https", port: up.port, protocol: "TCP" }];
    await t.patch("merge", "endpointslices/api", { ports }, { bare: true });
    await availability(t, "Passed");
  }),
  it("an aggregated API whose discovery breaks", async (t) => {
    const { port, close } = await httpsServer(() => undefined);
    t.onEnd(close);
    await lead(t, "api", port);
    await aggregate(t);
    await availability(t, "FailedDiscoveryCheck");
  }),
  it("an aggregated API whose certificate is its Service's", async (t) => {
    const { port, caBundle, close } = await httpsServer(gizmos(t), [`api.${t.ns}.svc`]);
    t.onEnd(close);
    await lead(t, "api", port);
    await aggregate(t, { insecureSkipTLSVerify: false, caBundle });
    await availability(t, "Passed");
    await t.until(
      `/apis/${group(t)}/v1`,
      (_, status) => status === 200,
      ({ kind }) => kind,
    );
  }),
  it("an aggregated API whose certificate is not trusted", async (t) => {
    const { port, close } = await httpsServer(gizmos(t));
    t.onEnd(close);
    const { caBundle, close: closeOther } = await httpsServer(() => ({}), ["other"]);
    closeOther();
    await lead(t, "api", port);
    await aggregate(t, { insecureSkipTLSVerify: false, caBundle });
    await availability(t, "Passed");
    await t.until(
      `/apis/${group(t)}/v1`,
      (body, status) => status === 503 && String(body).includes("tls"),
      (body) => String(body).replace(/certificate.*$/s, "certificate"),
    );
  }),
]);
