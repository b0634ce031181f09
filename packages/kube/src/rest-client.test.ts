import type { KubernetesObject } from "@bellows/api";
import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { isAlreadyExists, isConflict, isNotFound, isTooManyRequests } from "./api-error.ts";
import type { Client, Patch } from "./client.ts";
import { createClient } from "./rest-client.ts";
import { aKind, FakeApiServer, failure } from "./testing/fake-api-server.ts";
import { VirtualClock } from "./virtual-clock.ts";

interface Sized extends KubernetesObject {
  spec?: { size: number };
}
const Box = aKind<Sized>("Box", { group: "example.dev" });
const Crane = aKind<Sized>("Crane", { scope: "Cluster" });
const at = { namespace: "default", name: "a" };
const aBox = (name: string): Sized => ({ metadata: { namespace: "default", name }, spec: { size: 1 } });

const path = "/apis/example.dev/v1/namespaces/default/boxs/a";

test.each<{ name: string; act: (client: Client) => Promise<unknown>; sent: object }>([
  { name: "get", act: (c) => c.get(Box, at), sent: { method: "GET", path } },
  { name: "get of a subresource", act: (c) => c.get(Box, at, "scale"), sent: { method: "GET", path: `${path}/scale` } },
  { name: "get of a cluster's own", act: (c) => c.get(Crane, { name: "x" }), sent: { path: "/api/v1/cranes/x" } },
  {
    name: "list",
    act: (c) =>
      c.list(Box, {
        namespace: "default",
        labelSelector: "a=b",
        fieldSelector: "spec.x=y",
        limit: 2,
        resourceVersion: "0",
      }),
    sent: {
      path: "/apis/example.dev/v1/namespaces/default/boxs",
      query: { labelSelector: "a=b", fieldSelector: "spec.x=y", limit: "2", resourceVersion: "0" },
    },
  },
  {
    name: "create",
    act: (c) => c.create(Box, aBox("a"), { dryRun: true, fieldValidation: "Strict" }),
    sent: {
      method: "POST",
      path: "/apis/example.dev/v1/namespaces/default/boxs",
      query: { fieldManager: "bellows", dryRun: "All", fieldValidation: "Strict" },
      body: { apiVersion: "example.dev/v1", kind: "Box", ...aBox("a") },
    },
  },
  {
    name: "update of a status",
    act: (c) => c.update(Box, aBox("a"), { subresource: "status" }),
    sent: { method: "PUT", path: `${path}/status` },
  },
  {
    name: "apply",
    act: (c) => c.apply(Box, aBox("a"), { fieldManager: "me", force: true }),
    sent: {
      method: "PATCH",
      path,
      query: { fieldManager: "me", force: "true" },
      headers: { "content-type": "application/apply-patch+yaml" },
    },
  },
  {
    name: "delete",
    act: (c) => c.delete(Box, at, { propagationPolicy: "Foreground", preconditions: { uid: "u" } }),
    sent: {
      method: "DELETE",
      path,
      body: { kind: "DeleteOptions", apiVersion: "v1", propagationPolicy: "Foreground", preconditions: { uid: "u" } },
    },
  },
  {
    name: "an eviction",
    act: (c) => c.createSub(Box as never, at, "eviction", { kind: "Eviction" }),
    sent: { method: "POST", path: `${path}/eviction`, body: { kind: "Eviction" } },
  },
  ...(
    [
      [{ type: "json", body: [{ op: "add", path: "/a", value: 1 }] }, "application/json-patch+json"],
      [{ type: "merge", body: { a: 1 } }, "application/merge-patch+json"],
      [{ type: "strategic", body: { a: 1 } }, "application/strategic-merge-patch+json"],
    ] as [Patch, string][]
  ).map(([patch, type]) => ({
    name: `a ${patch.type} patch`,
    act: (c: Client) => c.patch(Box, at, patch),
    sent: { method: "PATCH", path, headers: { "content-type": type }, body: patch.body },
  })),
])("sends $name", async ({ act, sent }) => {
  const server = new FakeApiServer();
  server.intercept = async () => ({ status: 200, headers: {}, body: { metadata: {} } });
  await act(createClient(server, { fieldManager: "bellows" }));
  expect(server.requests[0]).toMatchObject(sent);
});

test("what comes back is frozen, all of it, and says what it is also where it comes from a list", async () => {
  const client = createClient(new FakeApiServer());
  const body = {
    status: 200,
    headers: {},
    body: { metadata: { resourceVersion: "1" }, items: [{ metadata: { name: "a" }, spec: { size: 1 } }] },
  };
  const list = createClient({ request: async () => body, watch: () => ({ stop() {} }) });
  const item = (await list.list(Box)).items[0] as Sized;
  expect(item).toMatchObject({ apiVersion: "example.dev/v1", kind: "Box" });
  expect(() => Object.assign(item.spec as object, { size: 2 })).toThrow(TypeError);
  await client.create(Box, aBox("a"));
});

test("tells refusals apart", async () => {
  const client = createClient(new FakeApiServer());
  await client.create(Box, aBox("a"));
  const caught = (promise: Promise<unknown>) => promise.catch((error: unknown) => error);
  expect(isAlreadyExists(await caught(client.create(Box, aBox("a"))))).toBe(true);
  expect(isNotFound(await caught(client.get(Box, { ...at, name: "b" })))).toBe(true);
  const stale = { ...aBox("a"), metadata: { ...at, resourceVersion: "999" } };
  expect(isConflict(await caught(client.update(Box, stale)))).toBe(true);
  expect(await client.find(Box, { ...at, name: "b" })).toBeUndefined();
});

test("a key without its namespace is refused before it is sent", async () => {
  await expect(createClient(new FakeApiServer()).get(Box, { name: "a" })).rejects.toThrow(
    'Box "a": no namespace, expected one',
  );
});

test("reads all pages, and once more from the start where the token has expired", async () => {
  const server = new FakeApiServer();
  const client = createClient(server);
  for (const name of ["a", "b", "c", "d", "e"]) await client.create(Box, aBox(name));
  let continued = 0;
  server.intercept = async ({ query }) =>
    query?.continue && ++continued === 2 ? failure(410, "Expired", "too old") : undefined;
  const { items } = await client.listAll(Box, { namespace: "default", limit: 2 });
  expect(items.map(({ metadata }) => metadata.name)).toEqual(["a", "b", "c", "d", "e"]);
});

test("tries again when the server says after how long, and only then", async () => {
  const clock = new VirtualClock(0);
  const server = new FakeApiServer();
  const metrics = new Registry();
  const client = createClient(server, { clock, metrics, host: "k8s" });
  let left = 2;
  server.intercept = async () =>
    left-- > 0 ? failure(429, "TooManyRequests", "slow down", { "retry-after": "3" }) : undefined;
  const created = client.create(Box, aBox("a"));
  await clock.run(6000);
  expect((await created).metadata.name).toBe("a");
  expect(await metrics.metrics()).toContain('rest_client_requests_total{code="429",method="POST",host="k8s"} 2');
  server.intercept = async () =>
    failure(429, "TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget.");
  const refused = await client.createSub(Box as never, at, "eviction", {}).catch((error: unknown) => error);
  expect(isTooManyRequests(refused)).toBe(true);
});

test("scales what is named by apiVersion and kind only, and finds a kind that was installed later", async () => {
  const server = new FakeApiServer();
  let resources: object[] = [];
  server.intercept = async ({ path, method }) => {
    if (path === "/apis/example.dev/v1") return { status: 200, headers: {}, body: { resources } };
    return method === "PATCH" ? { status: 200, headers: {}, body: { metadata: {}, spec: { replicas: 3 } } } : undefined;
  };
  const client = createClient(server);
  const target = { apiVersion: "example.dev/v1", kind: "Box", namespace: "default", name: "a" };
  await expect(client.updateScale(target, 3)).rejects.toThrow('no matches for kind "Box" in version "example.dev/v1"');
  resources = [
    { name: "boxes", kind: "Box", namespaced: true },
    { name: "boxes/scale", kind: "Scale", namespaced: true },
  ];
  await client.updateScale(target, 3, "12");
  expect(await client.resourceOf("example.dev/v1", "Box")).toMatchObject({ plural: "boxes", subresources: ["scale"] });
  expect(server.requests.at(-1)).toMatchObject({
    path: "/apis/example.dev/v1/namespaces/default/boxes/a/scale",
    body: { metadata: { resourceVersion: "12" }, spec: { replicas: 3 } },
  });
  expect(server.requests.filter(({ path }) => path === "/apis/example.dev/v1")).toHaveLength(2);
});
