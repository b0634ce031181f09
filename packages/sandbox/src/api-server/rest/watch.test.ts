import { expect, test } from "vitest";
import type { ApiObject } from "../api-object.ts";
import { configMaps, testServer } from "../testing-server.ts";

const message = (body: unknown) => (body as { message: string }).message;
const object = (body: unknown) => body as ApiObject;

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
test.each([
  ["resourceVersion=x", 500, 'resourceVersion: Invalid value: "x": strconv.ParseUint: parsing "x": invalid syntax'],
  ["resourceVersion=999999", 504, expect.stringContaining("Too large resource version: 999999")],
  [
    "sendInitialEvents=true",
    422,
    expect.stringContaining("sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"),
  ],
])("a watch with %s is refused with %i", async (query, status, text) => {
  const { ask } = await testServer();
  const answer = await ask("GET", `${configMaps}?watch=true&${query}`);
  expect([answer.status, message(answer.body)]).toEqual([status, text]);
});

test("a watch that is stopped, or runs out of time, leaves no subscriber behind", async () => {
  const { server, watch, clock } = await testServer();
  const { subscribers } = server.store.collection("/configmaps");
  const before = subscribers.size;
  const stopped = await watch(`${configMaps}?watch=true`);
  const timed = await watch(`${configMaps}?watch=true&timeoutSeconds=5`);
  await clock.run(0);
  expect(subscribers.size).toBe(before + 2);
  stopped.stop();
  await clock.run(5_000);
  expect(timed.ended()).toBe(true);
  expect(subscribers.size).toBe(before);
});
