import { expect, test } from "vitest";
import type { ApiObject } from "../api-object.ts";
import { configMaps, testServer } from "../testing-server.ts";

const message = (body: unknown) => (body as { message: string }).message;
const items = (body: unknown) => (body as { items: ApiObject[] }).items.map(({ metadata }) => metadata.name);

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
  expect(message(maps.body)).toBe('"data.x" is not a known field selector: only "metadata.name", "metadata.namespace"');
});
const token = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");

test.each([
  ["abc", "invalid character 'i' looking for beginning of value"],
  [token({}), "server does not recognize this encoded version "],
  [token({ v: "meta.k8s.io/v1", start: "a" }), "incorrect encoded start resourceVersion (version meta.k8s.io/v1)"],
  [token({ v: "meta.k8s.io/v1", rv: 5 }), "encoded start key empty (version meta.k8s.io/v1)"],
  [token({ v: "meta.k8s.io/v1", rv: 5, start: "../x" }), "../x"],
])("the continue token %s is refused", async (given, why) => {
  const { ask } = await testServer();
  const { status, body } = await ask("GET", `${configMaps}?continue=${given}`);
  expect([status, message(body)]).toEqual([400, `invalid continue token: continue key is not valid: ${why}`]);
});

test.each([
  ["limit=x", 400, 'strconv.ParseInt: parsing "x": invalid syntax'],
  [
    "resourceVersion=x",
    400,
    'invalid resource version: resourceVersion: Invalid value: "x": strconv.ParseUint: parsing "x": invalid syntax',
  ],
  ["resourceVersion=999999", 504, expect.stringMatching(/^Timeout: Too large resource version: 999999, current: \d+$/)],
  [
    "resourceVersionMatch=Exact",
    422,
    expect.stringContaining("resourceVersionMatch is forbidden unless resourceVersion is provided"),
  ],
  ["sendInitialEvents=true", 422, expect.stringContaining("sendInitialEvents is forbidden for list")],
])("a list with %s is refused with %i", async (query, status, text) => {
  const { ask } = await testServer();
  const answer = await ask("GET", `${configMaps}?${query}`);
  expect([answer.status, message(answer.body)]).toEqual([status, text]);
});
