import { describe, expect, test } from "vitest";
import type { ApiObject } from "./api-object.ts";
import { configMaps, testServer } from "./testing-server.ts";

const message = (body: unknown) => (body as { message: string }).message;
const object = (body: unknown) =>
  body as ApiObject & { spec: Record<string, unknown>; status: Record<string, unknown> };
const items = (body: unknown) => (body as { items: ApiObject[] }).items.map(({ metadata }) => metadata.name);

describe("writes", () => {
  test("a new object gets an identity and is frozen", async () => {
    const { ask } = await testServer();
    const { status, body } = await ask("POST", configMaps, { metadata: { generateName: "a-" }, data: { x: "1" } });
    expect(status).toBe(201);
    expect(object(body).metadata).toMatchObject({ namespace: "default", creationTimestamp: "2026-01-01T00:00:00Z" });
    expect(object(body).metadata.name).toMatch(/^a-[a-z0-9]{5}$/);
    expect(Object.isFrozen(body)).toBe(true);
  });

  test("an update from an old version is a conflict", async () => {
    const { ask } = await testServer();
    await ask("POST", configMaps, { metadata: { name: "a" } });
    const { status, body } = await ask("PUT", `${configMaps}/a`, { metadata: { name: "a", resourceVersion: "1" } });
    expect(status).toBe(409);
    expect(message(body)).toBe(
      'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again',
    );
  });

  test("a change that changes nothing makes no version", async () => {
    const { ask, merge } = await testServer();
    const first = object((await ask("POST", configMaps, { metadata: { name: "a" }, data: { x: "1" } })).body);
    const second = object((await merge(`${configMaps}/a`, { data: { x: "1" } })).body);
    expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
  });

  test("a dry run leaves nothing behind", async () => {
    const { ask } = await testServer();
    expect((await ask("POST", `${configMaps}?dryRun=All`, { metadata: { name: "a" } })).status).toBe(201);
    expect((await ask("GET", `${configMaps}/a`)).status).toBe(404);
  });

  test("an unknown field is a warning, or refused where the client is strict", async () => {
    const { ask } = await testServer();
    const warned = await ask("POST", configMaps, { metadata: { name: "a" }, foo: 1 });
    expect(warned.headers.warning).toBe('299 - "unknown field \\"foo\\""');
    const refused = await ask("POST", `${configMaps}?fieldValidation=Strict`, { metadata: { name: "b" }, foo: 1 });
    expect(refused.status).toBe(400);
    expect(message(refused.body)).toContain('strict decoding error: unknown field "foo"');
  });

  test("finalizers keep a deleted object until the last one is gone", async () => {
    const { ask, merge } = await testServer();
    await ask("POST", configMaps, { metadata: { name: "a", finalizers: ["example.com/x"] } });
    const { body } = await ask("DELETE", `${configMaps}/a`);
    expect(object(body).metadata.deletionTimestamp).toBe("2026-01-01T00:00:00Z");
    expect((await ask("GET", `${configMaps}/a`)).status).toBe(200);
    await merge(`${configMaps}/a`, { metadata: { finalizers: null } });
    expect((await ask("GET", `${configMaps}/a`)).status).toBe(404);
  });

  test("the scale subresource raises the generation, the status subresource does not", async () => {
    const { ask, merge } = await testServer();
    const url = "/apis/apps/v1/namespaces/default/deployments";
    const template = { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "c", image: "nginx" }] } };
    await ask("POST", url, { metadata: { name: "w" }, spec: { selector: { matchLabels: { a: "b" } }, template } });
    const scaled = await merge(`${url}/w/scale`, { spec: { replicas: 3 } });
    expect(scaled.body).toMatchObject({ kind: "Scale", spec: { replicas: 3 }, status: { selector: "a=b" } });
    await merge(`${url}/w/status`, { status: { replicas: 1 }, spec: { replicas: 9 } });
    const { body } = await ask("GET", `${url}/w`);
    expect(object(body)).toMatchObject({ metadata: { generation: 2 }, spec: { replicas: 3 }, status: { replicas: 1 } });
  });
});

describe("lists", () => {
  test("pages show one snapshot, whatever is written in between", async () => {
    const { ask } = await testServer();
    for (const name of ["a", "b", "c"]) await ask("POST", configMaps, { metadata: { name } });
    const first = (await ask("GET", `${configMaps}?limit=2`)).body as {
      metadata: { continue: string; remainingItemCount: number };
    };
    expect(items(first)).toEqual(["a", "b"]);
    expect(first.metadata.remainingItemCount).toBe(1);
    await ask("DELETE", `${configMaps}/c`);
    await ask("POST", configMaps, { metadata: { name: "d" } });
    const second = await ask("GET", `${configMaps}?limit=2&continue=${first.metadata.continue}`);
    expect(items(second.body)).toEqual(["c"]);
  });

  test("a continue token whose snapshot is gone is answered by 410 and a token to go on with", async () => {
    const { ask, server } = await testServer();
    for (const name of ["a", "b", "c"]) await ask("POST", configMaps, { metadata: { name } });
    const first = (await ask("GET", `${configMaps}?limit=1`)).body as { metadata: { continue: string } };
    await ask("DELETE", `${configMaps}/c`);
    server.store.compact();
    const expired = await ask("GET", `${configMaps}?limit=5&continue=${first.metadata.continue}`);
    expect(expired.status).toBe(410);
    const { continue: next } = (expired.body as { metadata: { continue: string } }).metadata;
    expect(items((await ask("GET", `${configMaps}?continue=${next}`)).body)).toEqual(["b"]);
  });

  test("a field that a kind cannot be selected by is refused", async () => {
    const { ask } = await testServer();
    const pods = await ask("GET", "/api/v1/pods?fieldSelector=foo=bar");
    expect([pods.status, message(pods.body)]).toEqual([400, "field label not supported: foo"]);
    const maps = await ask("GET", `${configMaps}?fieldSelector=data.x=1`);
    expect(message(maps.body)).toBe(
      '"data.x" is not a known field selector: only "metadata.name", "metadata.namespace"',
    );
  });
});

describe("watches", () => {
  test("a watch replays what came after its version, then follows", async () => {
    const { ask, watch, clock } = await testServer();
    const { body } = await ask("POST", configMaps, { metadata: { name: "a" } });
    await ask("POST", configMaps, { metadata: { name: "b" } });
    const { frames } = await watch(`${configMaps}?watch=true&resourceVersion=${object(body).metadata.resourceVersion}`);
    await clock.run(0);
    await ask("DELETE", `${configMaps}/a`);
    await clock.run(0);
    expect(frames.map(({ type, object: one }) => [type, (one as ApiObject).metadata.name])).toEqual([
      ["ADDED", "b"],
      ["DELETED", "a"],
    ]);
  });

  test("an object that stops matching is deleted for the watcher", async () => {
    const { ask, merge, watch, clock } = await testServer();
    await ask("POST", configMaps, { metadata: { name: "a", labels: { x: "1" } } });
    const { frames } = await watch(`${configMaps}?watch=true&labelSelector=x%3D1`);
    await clock.run(0);
    await merge(`${configMaps}/a`, { metadata: { labels: { x: "2" } } });
    await clock.run(0);
    expect(frames.map(({ type }) => type)).toEqual(["ADDED", "DELETED"]);
  });

  test("a version that has been forgotten ends the watch with 410", async () => {
    const { ask, watch, server, clock } = await testServer();
    const { body } = await ask("POST", configMaps, { metadata: { name: "a" } });
    await ask("DELETE", `${configMaps}/a`);
    server.store.compact();
    const seen = await watch(`${configMaps}?watch=true&resourceVersion=${object(body).metadata.resourceVersion}`);
    await clock.run(0);
    expect(seen.frames[0]).toMatchObject({ type: "ERROR", object: { code: 410, reason: "Expired" } });
    expect(message(seen.frames[0]?.object)).toMatch(/^too old resource version: \d+ \(\d+\)$/);
    expect(seen.ended()).toBe(true);
  });

  test("a watch-list ends its first part with an annotated bookmark", async () => {
    const { ask, watch, clock } = await testServer();
    await ask("POST", configMaps, { metadata: { name: "a" } });
    const { frames } = await watch(
      `${configMaps}?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`,
    );
    await clock.run(0);
    expect(frames.map(({ type }) => type)).toEqual(["ADDED", "BOOKMARK"]);
    expect(frames[1]?.object).toMatchObject({ metadata: { annotations: { "k8s.io/initial-events-end": "true" } } });
  });
});

describe("paths", () => {
  test.each([
    ["GET", "/api/v1/foos", 404],
    ["GET", "/nope", 404],
    ["PUT", configMaps, 405],
    ["POST", "/api/v1/configmaps", 405],
    ["GET", "/livez", 200],
    ["GET", "/version", 200],
  ])("%s %s is answered by %i", async (method, path, status) => {
    const { ask } = await testServer();
    expect((await ask(method, path)).status).toBe(status);
  });

  test("a user without a role is refused", async () => {
    const { ask } = await testServer();
    const { status, body } = await ask("GET", "/api/v1/pods", undefined, {}, { username: "jane", groups: [] });
    expect(status).toBe(403);
    expect(message(body)).toBe(
      'pods is forbidden: User "jane" cannot list resource "pods" in API group "" at the cluster scope',
    );
  });
});
