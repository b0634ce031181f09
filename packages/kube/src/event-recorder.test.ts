import type { KubernetesObject } from "@bellows/api";
import { describe, expect, test } from "vitest";
import { createEventRecorder } from "./event-recorder.ts";
import { silentLogger } from "./logging.ts";
import { seededRandom } from "./random.ts";
import { createClient } from "./rest-client.ts";
import { aKind, FakeApiServer } from "./testing/fake-api-server.ts";
import { VirtualClock } from "./virtual-clock.ts";

const Event = aKind<KubernetesObject & { message: string; count: number; lastTimestamp: string }>("Event");
const hpa: KubernetesObject = {
  apiVersion: "autoscaling/v2",
  kind: "HorizontalPodAutoscaler",
  metadata: { namespace: "default", name: "php-apache", uid: "u1", resourceVersion: "7" },
};

function aRecorder() {
  const clock = new VirtualClock(Date.parse("2026-01-01T00:00:00Z"));
  const server = new FakeApiServer();
  const client = createClient(server);
  const recorder = createEventRecorder({
    client,
    clock,
    random: seededRandom(1),
    log: silentLogger,
    component: "horizontal-pod-autoscaler",
  });
  const record = (message: string, of = hpa) =>
    recorder.record(of, { type: "Normal", reason: "SuccessfulRescale", message });
  return { clock, server, client, recorder, record, events: () => server.objects(Event) };
}

test("writes the Event that kubectl describe shows", async () => {
  const { recorder, record, events } = aRecorder();
  record("New size: 4; reason: cpu resource utilization (percentage of request) above target");
  await recorder.flush();
  const [event] = events();
  expect(event?.metadata.name).toMatch(/^php-apache\.[0-9a-f]{16}$/);
  expect(event).toMatchObject({
    metadata: { namespace: "default" },
    involvedObject: {
      apiVersion: "autoscaling/v2",
      kind: "HorizontalPodAutoscaler",
      namespace: "default",
      name: "php-apache",
      uid: "u1",
      resourceVersion: "7",
    },
    reason: "SuccessfulRescale",
    type: "Normal",
    count: 1,
    firstTimestamp: "2026-01-01T00:00:00Z",
    lastTimestamp: "2026-01-01T00:00:00Z",
    source: { component: "horizontal-pod-autoscaler" },
    reportingComponent: "horizontal-pod-autoscaler",
    reportingInstance: "",
  });
});

test("an Event of a cluster-scoped object is in the namespace default", async () => {
  const { recorder, record, events } = aRecorder();
  record("x", { apiVersion: "v1", kind: "Node", metadata: { name: "n1" } });
  await recorder.flush();
  expect(events()[0]?.metadata.namespace).toBe("default");
});

test("a part of an object has Events of its own", async () => {
  const { recorder, events } = aRecorder();
  const pulled = (name: string) =>
    recorder.record(hpa, { type: "Normal", reason: "Pulled", message: "x", fieldPath: `spec.containers{${name}}` });
  for (const name of ["a", "b", "a"]) pulled(name);
  await recorder.flush();
  expect(events()).toMatchObject([
    { count: 2, involvedObject: { fieldPath: "spec.containers{a}" } },
    { count: 1, involvedObject: { fieldPath: "spec.containers{b}" } },
  ]);
});

test("a repeat is counted on the first", async () => {
  const { clock, recorder, record, events } = aRecorder();
  record("New size: 4");
  await clock.run(60_000);
  record("New size: 4");
  record("New size: 5");
  await recorder.flush();
  expect(events().map(({ message, count, lastTimestamp }) => [message, count, lastTimestamp])).toEqual([
    ["New size: 4", 2, "2026-01-01T00:01:00Z"],
    ["New size: 5", 1, "2026-01-01T00:01:00Z"],
  ]);
});

test("a repeat of an Event that has expired is written anew", async () => {
  const { client, recorder, record, events } = aRecorder();
  record("x");
  await recorder.flush();
  await client.delete(Event, events()[0]?.metadata as { namespace: string; name: string });
  record("x");
  record("x");
  await recorder.flush();
  expect(events().map(({ count }) => count)).toEqual([2]);
});

test("from the tenth that differs by message only, they are combined into one", async () => {
  const { recorder, record, events } = aRecorder();
  for (let size = 1; size <= 12; size++) record(`New size: ${size}`);
  await recorder.flush();
  expect(events()).toHaveLength(10);
  expect(events().at(-1)).toMatchObject({ message: "(combined from similar events): New size: 12", count: 3 });
});

test("after ten quiet minutes they are told apart again", async () => {
  const { clock, recorder, record, events } = aRecorder();
  for (let size = 1; size <= 10; size++) record(`New size: ${size}`);
  await clock.run(600_001);
  record("New size: 11");
  await recorder.flush();
  expect(events().at(-1)).toMatchObject({ message: "New size: 11", count: 1 });
});

test("one object gets 25 at once, then one in five minutes; others are not affected", async () => {
  const { clock, recorder, record, server, events } = aRecorder();
  for (let times = 0; times < 100; times++) record("x");
  await recorder.flush();
  expect(events()[0]?.count).toBe(25);
  record("x", { ...hpa, metadata: { ...hpa.metadata, name: "other", uid: "u2" } });
  await recorder.flush();
  expect(events()).toHaveLength(2);
  const before = server.requests.length;
  await clock.run(300_000);
  record("x");
  record("x");
  await recorder.flush();
  expect(server.requests.length - before).toBe(1);
});

test("while no answer comes an Event is tried again, and what overflows is dropped", async () => {
  const { clock, server, recorder, record, events } = aRecorder();
  server.down = true;
  for (let index = 0; index < 1500; index++)
    record("x", { ...hpa, metadata: { ...hpa.metadata, name: `a${index}`, uid: `${index}` } });
  await clock.run(15_000);
  server.down = false;
  const flushed = recorder.flush();
  await clock.run(30_000);
  await flushed;
  expect(events().length).toBeGreaterThanOrEqual(1000);
  expect(events().length).toBeLessThanOrEqual(1001);
});

test("an Event that is refused is given up, and the next is written", async () => {
  const { server, recorder, record, events } = aRecorder();
  server.intercept = async (request) => {
    server.intercept = async () => undefined;
    return {
      status: 403,
      headers: {},
      body: { kind: "Status", code: 403, reason: "Forbidden", message: `no ${request.path}` },
    };
  };
  record("a");
  record("b");
  await recorder.flush();
  expect(events().map(({ message }) => message)).toEqual(["b"]);
});

describe("whoever flushes is about to end", () => {
  test("and is not kept by an API server that refuses connections: one more try, and no waiting", async () => {
    const { clock, server, recorder, record, events } = aRecorder();
    server.down = true;
    record("a");
    await clock.run(1_000);
    const tries = server.requests.length;
    await recorder.flush();
    expect(server.requests.length).toBe(tries + 1);
    server.down = false;
    await recorder.flush();
    expect(events().map(({ message }) => message)).toEqual(["a"]);
    expect(clock.now()).toBe(Date.parse("2026-01-01T00:00:01Z"));
  });

  test("and waits five seconds for one that does not answer", async () => {
    const { clock, server, recorder, record } = aRecorder();
    server.intercept = () => new Promise(() => {});
    record("a");
    let flushed = false;
    void recorder.flush().then(() => {
      flushed = true;
    });
    await clock.run(4_999);
    expect(flushed).toBe(false);
    await clock.run(1);
    expect(flushed).toBe(true);
  });
});
