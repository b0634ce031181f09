import { expect, test } from "vitest";
import type { ApiObject } from "../api-object.ts";
import { configMaps, testServer } from "../testing-server.ts";

const message = (body: unknown) => (body as { message: string }).message;
const object = (body: unknown) =>
  body as ApiObject & { spec: Record<string, unknown>; status: Record<string, unknown> };

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

const deploymentBody = (name: string) => ({ apiVersion: "apps/v1", kind: "Deployment", metadata: { name } });

test.each([
  [
    "a kind of another group",
    deploymentBody("x"),
    'Deployment in version "v1" cannot be handled as a ConfigMap: converting (v1.Deployment) to (core.ConfigMap): unknown conversion',
  ],
  [
    "a kind that nobody knows",
    { apiVersion: "v1", kind: "Foo" },
    'Foo in version "v1" cannot be handled as a ConfigMap: no kind "Foo" is registered for version "v1" in scheme "pkg/runtime/scheme.go:111"',
  ],
  [
    "a version that nobody knows",
    { apiVersion: "v2", kind: "ConfigMap" },
    'ConfigMap in version "v2" cannot be handled as a ConfigMap: no kind "ConfigMap" is registered for version "v2" in scheme "pkg/runtime/scheme.go:111"',
  ],
  [
    "another namespace",
    { metadata: { name: "x", namespace: "other" } },
    "the namespace of the provided object does not match the namespace sent on the request",
  ],
  [
    "no body",
    undefined,
    "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: unexpected end of JSON input (<empty>)",
  ],
])("a create with %s is refused", async (_what, body, text) => {
  const { ask } = await testServer();
  const answer = await ask("POST", configMaps, body);
  expect([answer.status, message(answer.body)]).toEqual([400, text]);
});

test.each([
  ["no name", {}, 400, "the name of the object (a based on URL) was undeterminable: name must be provided"],
  [
    "another name",
    { metadata: { name: "b" } },
    400,
    "the name of the object (b) does not match the name on the URL (a)",
  ],
  [
    "a version that is no number",
    { metadata: { name: "a", resourceVersion: "x" } },
    500,
    'strconv.ParseUint: parsing "x": invalid syntax',
  ],
])("an update with %s is refused", async (_what, body, status, text) => {
  const { ask } = await testServer();
  await ask("POST", configMaps, { metadata: { name: "a" } });
  const answer = await ask("PUT", `${configMaps}/a`, body);
  expect([answer.status, message(answer.body)]).toEqual([status, text]);
});

test.each([
  ["application/merge-patch+json", { data: { x: null, y: "2" } }],
  ["application/strategic-merge-patch+json", { data: { x: null, y: "2" } }],
  [
    "application/json-patch+json",
    [
      { op: "remove", path: "/data/x" },
      { op: "add", path: "/data/y", value: "2" },
    ],
  ],
])("a patch of type %s changes what it names", async (type, patch) => {
  const { ask } = await testServer();
  await ask("POST", configMaps, { metadata: { name: "a" }, data: { x: "1", z: "3" } });
  const { body } = await ask("PATCH", `${configMaps}/a`, patch, { "content-type": type });
  expect(object(body).data).toEqual({ y: "2", z: "3" });
});

test.each([
  ["a type that is none", "application/json", "", 415, "415: Unsupported Media Type"],
  [
    "force, but no apply",
    "application/merge-patch+json",
    "?force=true",
    422,
    'PatchOptions.meta.k8s.io "" is invalid: force: Forbidden: may not be specified for non-apply patch',
  ],
  [
    "an apply without an owner",
    "application/apply-patch+yaml",
    "",
    422,
    'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
  ],
  ["an apply without a kind", "application/apply-patch+yaml", "?fieldManager=m", 400, "invalid object type: /, Kind="],
])("a patch with %s is refused", async (_what, type, query, status, text) => {
  const { ask } = await testServer();
  await ask("POST", configMaps, { metadata: { name: "a" } });
  const answer = await ask("PATCH", `${configMaps}/a${query}`, {}, { "content-type": type });
  expect([answer.status, message(answer.body)]).toEqual([status, text]);
});
