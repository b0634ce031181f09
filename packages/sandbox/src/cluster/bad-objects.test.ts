import {
  CloudEventSource,
  ClusterTriggerAuthentication,
  CustomResourceDefinition,
  Event,
  Job,
  type Kind,
  type KubernetesObject,
  ScaledJob,
  ScaledObject,
  TriggerAuthentication,
} from "@bellows/api";
import { expect, test } from "vitest";
import { eventScalerWorld } from "./event-scaler.fixture.ts";

type World = Awaited<ReturnType<typeof eventScalerWorld>>;

/** As where the definition is another release's: everything is stored as it comes. */
async function takeAnything({ client, settled, clock }: World, kind: Kind): Promise<void> {
  const key = { name: `${kind.plural}.${kind.group}` };
  const { spec } = await settled(client.get(CustomResourceDefinition, key));
  const openAPIV3Schema = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
  const versions = (spec?.versions ?? []).map((version) => ({ ...version, schema: { openAPIV3Schema } }));
  await settled(client.patch(CustomResourceDefinition, key, { type: "merge", body: { spec: { versions } } }));
  await clock.run(1_000);
}

/** What can be seen of an object after a while. */
async function seenOf({ client, settled, clock }: World, kind: Kind, name: string) {
  await clock.run(5_000);
  const key = kind.scope === "Cluster" ? { name } : { namespace: "default", name };
  const object = (await settled(client.get(kind, key))) as KubernetesObject & {
    status?: { conditions?: { type: string; status: string; reason?: string; message?: string }[] };
  };
  const text = ({ status, reason, message }: { status: string; reason?: string; message?: string }) =>
    `${status} ${reason}: ${message}`;
  const conditions = Object.fromEntries((object.status?.conditions ?? []).map((one) => [one.type, text(one)]));
  const events = (await settled(client.list(Event))).items
    .filter(({ involvedObject }) => involvedObject.kind === kind.kind && involvedObject.name === name)
    .map(({ type, reason, message }) => `${type} ${reason}: ${message}`);
  return { conditions, events };
}

const cron = { timezone: "UTC", start: "0 8 * * *", end: "0 18 * * *", desiredReplicas: "5" };
const trigger = { type: "cron", metadata: cron };
const fake = { type: "fake", name: "queue", metadata: {} };
const scaleTargetRef = { name: "web" };
const checkFailed = "ScaledObject check failed";

test.each<[string, Record<string, unknown> | undefined, string]>([
  [
    "no spec",
    undefined,
    `ScaledObject doesn't have correct scaleTargetRef specification: ScaledObject.spec.scaleTargetRef.name is missing`,
  ],
  [
    "no target",
    { triggers: [trigger] },
    "ScaledObject doesn't have correct scaleTargetRef specification: ScaledObject.spec.scaleTargetRef.name is missing",
  ],
  [
    "null for its triggers",
    { scaleTargetRef, triggers: null },
    `${checkFailed}: spec.triggers: nothing, expected a list`,
  ],
  [
    "no triggers",
    { scaleTargetRef, triggers: [] },
    "ScaledObject doesn't have correct triggers specification: no triggers defined in the ScaledObject/ScaledJob",
  ],
  [
    "null for a trigger",
    { scaleTargetRef, triggers: [null] },
    `${checkFailed}: spec.triggers[0]: null, expected an object`,
  ],
  [
    "a trigger without metadata",
    { scaleTargetRef, triggers: [{ type: "cron" }] },
    `${checkFailed}: spec.triggers[0].metadata: nothing, expected an object`,
  ],
  [
    "metadata that is no text",
    { scaleTargetRef, triggers: [{ type: "cron", metadata: { ...cron, desiredReplicas: 5 } }] },
    `${checkFailed}: spec.triggers[0].metadata.desiredReplicas: 5, expected text`,
  ],
  [
    "a polling interval of 0",
    { scaleTargetRef, triggers: [trigger], pollingInterval: 0 },
    `${checkFailed}: spec.pollingInterval: 0, expected at least 1`,
  ],
  [
    "text for a number",
    { scaleTargetRef, triggers: [trigger], maxReplicaCount: "five" },
    `${checkFailed}: spec.maxReplicaCount: "five", expected a number`,
  ],
  [
    "a fallback of nothing",
    { scaleTargetRef, triggers: [trigger], fallback: {} },
    `${checkFailed}: spec.fallback.failureThreshold: nothing, expected a number; spec.fallback.replicas: nothing, expected a number`,
  ],
  [
    "text for advanced",
    { scaleTargetRef, triggers: [trigger], advanced: "yes" },
    `${checkFailed}: spec.advanced: "yes", expected an object`,
  ],
])("a stored ScaledObject with %s says so, and keeps no other from being scaled", async (_, spec, message) => {
  const world = await eventScalerWorld({ read: () => 3 });
  await world.scaled({ pollingInterval: 10 }, { name: "other" });
  await takeAnything(world, ScaledObject as unknown as Kind);
  const object = { metadata: { namespace: "default", name: "web" }, ...(spec && { spec }) } as unknown as ScaledObject;
  await world.settled(world.client.create(ScaledObject, object));
  const { conditions, events } = await seenOf(world, ScaledObject as unknown as Kind, "web");
  expect(conditions["Ready"]).toBe(`False ScaledObjectCheckFailed: ${message}`);
  expect(events).toContain(`Warning ScaledObjectCheckFailed: ${message}`);
  await world.scaled({ pollingInterval: 10 }, { name: "later" });
  await world.clock.run(30_000);
  expect(await world.replicas("other")).toBe(3);
  expect(await world.replicas("later")).toBe(3);
  await world.remove();
  await world.clock.run(5_000);
  await expect(world.scaledObject()).rejects.toThrow("not found");
});

test("a spec that can't be read any more takes nothing to zero, and is followed again once it is mended", async () => {
  let messages = 3;
  const world = await eventScalerWorld({ read: () => messages });
  await world.scaled({ pollingInterval: 10, cooldownPeriod: 0 });
  await world.clock.run(30_000);
  expect(await world.replicas()).toBe(3);
  await takeAnything(world, ScaledObject as unknown as Kind);
  const key = { namespace: "default", name: "web" };
  const patch = (triggers: unknown) =>
    world.settled(world.client.patch(ScaledObject, key, { type: "merge", body: { spec: { triggers } } }));
  await patch("queue");
  messages = 0;
  expect(await world.replicasFor(120)).toEqual([3]);
  expect(await world.condition("Ready")).toBe("False ScaledObjectCheckFailed");
  messages = 5;
  await patch([fake]);
  await world.clock.run(60_000);
  expect(await world.replicas()).toBe(5);
  expect(await world.condition("Ready")).toBe("True ScaledObjectReady");
});

const jobTargetRef = { template: { spec: { containers: [{ name: "main", image: "nginx" }], restartPolicy: "Never" } } };

test.each<[string, Record<string, unknown>, string]>([
  ["no Job", { triggers: [fake] }, "ScaledJob check failed: ScaledJob.spec.jobTargetRef not found"],
  [
    "null for its triggers",
    { jobTargetRef, triggers: null },
    "ScaledJob check failed: spec.triggers: nothing, expected a list",
  ],
  [
    "no triggers",
    { jobTargetRef, triggers: [] },
    "ScaledJob doesn't have correct triggers specification: no triggers defined in the ScaledObject/ScaledJob",
  ],
  [
    "text for a Job",
    { jobTargetRef: "job", triggers: [fake] },
    'ScaledJob check failed: spec.jobTargetRef: "job", expected an object',
  ],
  [
    "a polling interval of 0",
    { jobTargetRef, triggers: [fake], pollingInterval: 0 },
    "ScaledJob check failed: spec.pollingInterval: 0, expected at least 1",
  ],
  [
    "an unknown strategy",
    { jobTargetRef, triggers: [fake], scalingStrategy: { strategy: "lazy" } },
    'ScaledJob check failed: spec.scalingStrategy.strategy: "lazy", expected one of "default", "custom", "accurate", "eager"',
  ],
])("a stored ScaledJob with %s says so, and keeps no other from being scaled", async (_, spec, message) => {
  const world = await eventScalerWorld({ read: () => 3 });
  await takeAnything(world, ScaledJob as unknown as Kind);
  const create = (name: string, given: unknown) =>
    world.settled(
      world.client.create(ScaledJob, { metadata: { namespace: "default", name }, spec: given } as unknown as ScaledJob),
    );
  await create("work", spec);
  await create("other", { jobTargetRef, triggers: [fake], pollingInterval: 10, maxReplicaCount: 5 });
  const { conditions, events } = await seenOf(world, ScaledJob as unknown as Kind, "work");
  expect(conditions["Ready"]).toBe(`False ScaledJobCheckFailed: ${message}`);
  expect(events).toContain(`Warning ScaledJobCheckFailed: ${message}`);
  await world.clock.run(30_000);
  const jobs = (await world.settled(world.client.list(Job, { namespace: "default" }))).items;
  expect(jobs.map(({ metadata }) => metadata.labels?.["scaledjob.keda.sh/name"])).toEqual(["other", "other", "other"]);
});

test.each([
  [TriggerAuthentication, { namespace: "default", name: "login" }],
  [ClusterTriggerAuthentication, { name: "login" }],
] as const)("a stored authentication that can't be read says so, and so do its users: %o", async (kind, metadata) => {
  const world = await eventScalerWorld({ read: () => 3 });
  await takeAnything(world, kind as unknown as Kind);
  const object = { metadata, spec: { secretTargetRef: [{ parameter: "host", name: "db" }] } };
  await world.settled(
    world.client.create(kind as typeof TriggerAuthentication, object as unknown as TriggerAuthentication),
  );
  const authenticationRef = { name: "login", kind: kind.kind as "TriggerAuthentication" };
  await world.scaled({ triggers: [{ ...fake, authenticationRef }] });
  await world.scaled({ pollingInterval: 10 }, { name: "other" });
  const problem = "spec.secretTargetRef[0].key: nothing, expected text";
  const { events } = await seenOf(world, kind as unknown as Kind, "login");
  expect(events).toContain(`Warning ${kind.kind}Failed: ${problem}`);
  const { conditions } = await seenOf(world, ScaledObject as unknown as Kind, "web");
  expect(conditions["Ready"]).toBe(
    `False ScaledObjectCheckFailed: failed to ensure HPA is correctly created for ScaledObject: ${kind.kind} "login": ${problem} (spec.triggers[0])`,
  );
  await world.clock.run(30_000);
  expect(await world.replicas("other")).toBe(3);
});

test.each<[string, unknown, string]>([
  ["no spec", undefined, "spec: nothing, expected an object"],
  ["no destination", {}, "spec.destination: nothing, expected an object"],
  [
    "text for types",
    { destination: { http: { uri: "http://x" } }, eventSubscription: { includedEventTypes: "all" } },
    'spec.eventSubscription.includedEventTypes: "all", expected a list',
  ],
  ["no URL", { destination: { http: { uri: "x" } } }, 'spec.destination.http.uri: "x", expected an http or https URL'],
  [
    "types both to be sent and not",
    {
      destination: { http: { uri: "http://x" } },
      eventSubscription: {
        includedEventTypes: ["keda.scaledobject.ready.v1"],
        excludedEventTypes: ["keda.scaledobject.failed.v1"],
      },
    },
    "spec.eventSubscription: setting included types and excluded types at the same time is not supported",
  ],
])("a stored CloudEventSource with %s says so, and keeps nothing from being scaled", async (_, spec, problem) => {
  const world = await eventScalerWorld({ read: () => 3 });
  await takeAnything(world, CloudEventSource as unknown as Kind);
  const object = { metadata: { namespace: "default", name: "sink" }, spec } as unknown as CloudEventSource;
  await world.settled(world.client.create(CloudEventSource, object));
  const message = `Failed to send events to the configured destination: ${problem}`;
  const { conditions, events } = await seenOf(world, CloudEventSource as unknown as Kind, "sink");
  expect(conditions["Active"]).toBe(`False CloudEventSourceFailed: ${message}`);
  expect(events).toContain(`Warning CloudEventSourceFailed: ${message}`);
  await world.scaled({ pollingInterval: 10 });
  await world.clock.run(30_000);
  expect(await world.replicas()).toBe(3);
});
