import { expect, test } from "vitest";
import type { ApiObject } from "../api-object.ts";
import { configMaps, testServer } from "../testing-server.ts";

const message = (body: unknown) => (body as { message: string }).message;
const metadata = (body: unknown) => (body as ApiObject).metadata;

test.each([
  ["", undefined, undefined],
  ["?propagationPolicy=Background", undefined, undefined],
  ["?propagationPolicy=Orphan", undefined, ["orphan"]],
  ["", { propagationPolicy: "Foreground" }, ["foregroundDeletion"]],
])("a deletion %s %j leaves the finalizers %j", async (query, body, finalizers) => {
  const { ask } = await testServer();
  await ask("POST", configMaps, { metadata: { name: "a" } });
  await ask("DELETE", `${configMaps}/a${query}`, body);
  const after = await ask("GET", `${configMaps}/a`);
  expect(after.status).toBe(finalizers ? 200 : 404);
  if (finalizers) expect(metadata(after.body).finalizers).toEqual(finalizers);
});

test.each([
  ["?gracePeriodSeconds=x", undefined, 400, 'strconv.ParseInt: parsing "x": invalid syntax'],
  [
    "",
    { kind: "Foo", apiVersion: "v1" },
    400,
    'no kind "Foo" is registered for version "v1" in scheme "pkg/runtime/scheme.go:111"',
  ],
  [
    "",
    { gracePeriodSeconds: "x" },
    400,
    "json: cannot unmarshal string into Go struct field DeleteOptions.gracePeriodSeconds of type int64",
  ],
  [
    "",
    { preconditions: { uid: "x" } },
    409,
    expect.stringContaining("the UID in the precondition (x) does not match the UID in record"),
  ],
  [
    "",
    { preconditions: { resourceVersion: "1" } },
    409,
    expect.stringContaining("the ResourceVersion in the precondition (1) does not match"),
  ],
  [
    "?propagationPolicy=Foo",
    undefined,
    422,
    expect.stringContaining('supported values: "Foreground", "Background", "Orphan", "nil"'),
  ],
])("a deletion %s %j is refused", async (query, body, status, text) => {
  const { ask } = await testServer();
  await ask("POST", configMaps, { metadata: { name: "a" } });
  const answer = await ask("DELETE", `${configMaps}/a${query}`, body);
  expect([answer.status, message(answer.body)]).toEqual([status, text]);
  expect((await ask("GET", `${configMaps}/a`)).status).toBe(200);
});

test("a dry run deletes nothing", async () => {
  const { ask } = await testServer();
  await ask("POST", configMaps, { metadata: { name: "a" } });
  expect((await ask("DELETE", `${configMaps}/a?dryRun=All`)).status).toBe(200);
  expect((await ask("GET", `${configMaps}/a`)).status).toBe(200);
});

test("a collection's deletion takes what its selector matches", async () => {
  const { ask } = await testServer();
  await ask("POST", configMaps, { metadata: { name: "a", labels: { x: "1" } } });
  await ask("POST", configMaps, { metadata: { name: "b" } });
  await ask("DELETE", `${configMaps}?labelSelector=x%3D1`);
  const { items } = (await ask("GET", configMaps)).body as { items: ApiObject[] };
  expect(items.map((one) => one.metadata.name)).toEqual(["b"]);
});
