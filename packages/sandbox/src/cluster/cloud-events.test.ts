import { CloudEventSource, ClusterCloudEventSource } from "@bellows/api";
import { expect, test } from "vitest";
import { eventScalerWorld } from "./event-scaler.fixture.ts";

interface Sent {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A world whose CloudEvents arrive in a list; the destination answers what `status` says. */
async function sendingWorld(status: () => number | Error = () => 200) {
  const sent: Sent[] = [];
  const world = await eventScalerWorld({
    read: () => 1,
    cloudEvents: {
      clusterName: "prod",
      async http({ url, headers }) {
        const answer = status();
        if (answer instanceof Error) throw answer;
        sent.push({ url, headers });
        return { status: answer, body: "" };
      },
    },
  });
  const { client, settled } = world;
  return {
    ...world,
    sent,
    typesTo: (url: string) => sent.filter((one) => one.url === url).map(({ headers }) => headers["ce-type"]),
    source: (name: string, spec: CloudEventSource["spec"]) =>
      settled(client.create(CloudEventSource, { metadata: { name, namespace: "default" }, spec })),
    async active(name: string) {
      const { status: found } = await settled(client.get(CloudEventSource, { namespace: "default", name }));
      const condition = found?.conditions?.find(({ type }) => type === "Active");
      return `${condition?.status} ${condition?.reason} ${condition?.message}`;
    },
  };
}

const to = (uri: string) => ({ destination: { http: { uri } } });
const works = "True CloudEventSourceActive Is configured to send events to the configured destination";

test("what happens to objects is sent to every source that wants it, in order", async () => {
  const world = await sendingWorld();
  await world.source("all", to("http://all"));
  await world.source("some", {
    ...to("http://some"),
    clusterName: "test",
    eventSubscription: { includedEventTypes: ["keda.scaledobject.removed.v1"] },
  });
  const cluster = { metadata: { name: "cluster" }, spec: to("http://cluster") };
  await world.settled(world.client.create(ClusterCloudEventSource, cluster));
  await world.clock.run(1_000);
  expect(await world.active("all")).toBe(works);

  await world.scaled({ minReplicaCount: 1 });
  await world.clock.run(2_000);
  await world.annotate({ "autoscaling.keda.sh/paused": "true" });
  await world.clock.run(2_000);
  await world.remove();
  await world.clock.run(2_000);
  const types = ["ready", "paused", "removed"].map((what) => `keda.scaledobject.${what}.v1`);
  expect(world.typesTo("http://all")).toEqual(types);
  expect(world.typesTo("http://cluster")).toEqual(types);
  expect(world.typesTo("http://some")).toEqual(["keda.scaledobject.removed.v1"]);
  expect(world.sent.at(-1)?.headers).toMatchObject({
    "ce-subject": expect.stringMatching(/\/default\/scaledobject\/web$/),
  });
  expect(world.sent.find(({ url }) => url === "http://all")?.headers["ce-source"]).toBe("/prod/keda/keda");
  expect(world.sent.find(({ url }) => url === "http://some")?.headers["ce-source"]).toBe("/test/keda/keda");
  expect(new Set(world.sent.map(({ headers }) => headers["ce-id"])).size).toBe(world.sent.length);
  const metrics = await world.metrics.metrics();
  expect(metrics).toContain(
    'keda_cloudeventsource_events_emitted_total{namespace="default",cloudeventsource="all",eventsink="http",state="emitted"} 3',
  );
  expect(metrics).toContain('keda_resource_registered_total{type="cluster_cloudevent_source",namespace="default"} 1');
});

test("a destination that fails is tried again, then seen in the condition, and is sent to when it works again", async () => {
  let answer: number | Error = new Error("connect ECONNREFUSED");
  const world = await sendingWorld(() => answer);
  await world.source("all", to("http://all"));
  await world.clock.run(1_000);
  await world.scaled({ minReplicaCount: 1 });
  await world.clock.run(60_000);
  expect(await world.active("all")).toBe(
    "False CloudEventSourceFailed Failed to send events to the configured destination: connect ECONNREFUSED",
  );
  const failed = 'eventsink="http",state="failed"} 6';
  expect(await world.metrics.metrics()).toContain(failed);
  expect(await world.condition("Ready")).toBe("True ScaledObjectReady");

  answer = 503;
  await world.annotate({ "autoscaling.keda.sh/paused": "true" });
  await world.clock.run(5_000);
  expect(world.typesTo("http://all")).toHaveLength(1);

  answer = 204;
  await world.annotate({ "autoscaling.keda.sh/paused": null });
  await world.clock.run(5_000);
  expect(await world.active("all")).toBe(works);
});

test.each([
  [{ destination: {} }, "spec.destination: nothing, expected http"],
  [to("ftp://x"), 'spec.destination.http.uri: "ftp://x", expected an http or https URL'],
  [
    { destination: { azureEventGridTopic: { endpoint: "https://topic" } } },
    "spec.destination.azureEventGridTopic: is not served by this version, expected spec.destination.http",
  ],
])("%j can't be sent to, and says why", async (spec, why) => {
  const world = await sendingWorld();
  await world.source("bad", spec);
  await world.clock.run(1_000);
  expect(await world.active("bad")).toBe(
    `False CloudEventSourceFailed Failed to send events to the configured destination: ${why}`,
  );
  expect((await world.events("CloudEventSource"))[0]).toContain(why);
});

test("a source that is deleted is sent nothing more", async () => {
  const world = await sendingWorld();
  await world.source("all", to("http://all"));
  await world.clock.run(1_000);
  await world.settled(world.client.delete(CloudEventSource, { namespace: "default", name: "all" }));
  await world.clock.run(1_000);
  await world.scaled({ minReplicaCount: 1 });
  await world.clock.run(2_000);
  expect(world.sent).toEqual([]);
  expect((await world.settled(world.client.list(CloudEventSource))).items).toEqual([]);
});
