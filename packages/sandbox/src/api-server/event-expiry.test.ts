import { seededRandom, VirtualClock } from "@bellows/kube";
import { expect, test } from "vitest";
import type { ApiObject } from "./api-object.ts";
import { ApiServer } from "./api-server.ts";
import { testServer } from "./testing-server.ts";

const events = "/api/v1/namespaces/default/events";
const about = (name: string) => ({
  metadata: { name },
  involvedObject: { kind: "Pod", namespace: "default", name: "p" },
  reason: "Started",
});
const minutes = 60_000;

test("an Event is deleted an hour after it was last written", async () => {
  const { ask, merge, watch, clock } = await testServer();
  const start = clock.now();
  await ask("POST", events, about("a"));
  await ask("POST", events, about("b"));
  const { frames } = await watch(`${events}?watch=true`);
  await clock.run(30 * minutes);
  await merge(`${events}/b`, { count: 2 });
  await clock.run(29 * minutes);
  expect((await ask("GET", `${events}/a`)).status).toBe(200);
  await clock.run(minutes);
  expect((await ask("GET", `${events}/a`)).status).toBe(404);
  expect(frames.at(-1)).toMatchObject({ type: "DELETED", object: { metadata: { name: "a" } } });
  expect((await ask("GET", `${events}/b`)).status).toBe(200);
  await clock.run(30 * minutes);
  expect((await ask("GET", `${events}/b`)).status).toBe(404);
  expect(clock.now()).toBe(start + 90 * minutes);
});

test("Events that were saved expire by what they tell", async () => {
  const clock = new VirtualClock(Date.parse("2026-01-01T02:00:00Z"));
  const saved = (name: string, lastTimestamp: string) => {
    const metadata = { name, namespace: "default", resourceVersion: "5" };
    const object = { apiVersion: "v1", kind: "Event", ...about(name), metadata, lastTimestamp };
    return ["/events", `default/${name}`, object as ApiObject] as const;
  };
  const objects = [saved("old", "2026-01-01T00:30:00Z"), saved("new", "2026-01-01T01:30:00Z")];
  const server = new ApiServer({ clock, random: seededRandom(1), saved: { revision: 9, objects } });
  const left = () =>
    server.store
      .collection("/events")
      .list()
      .map(({ metadata }) => metadata.name);
  await clock.run(minutes);
  expect(left()).toEqual(["new"]);
  await clock.run(30 * minutes);
  expect(left()).toEqual([]);
});

test("times that an Event does not have are null", async () => {
  const { ask } = await testServer();
  const { body } = await ask("POST", events, about("a"));
  expect(body).toMatchObject({ eventTime: null, firstTimestamp: null, lastTimestamp: null });
  const { body: other } = await ask("GET", "/apis/events.k8s.io/v1/namespaces/default/events/a");
  expect(other).toMatchObject({ deprecatedFirstTimestamp: null, regarding: { name: "p" } });
});
