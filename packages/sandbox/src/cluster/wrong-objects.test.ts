import {
  Deployment,
  HorizontalPodAutoscaler,
  type Kind,
  type KubernetesObject,
  LimitRange,
  ScaledJob,
  ScaledObject,
  Secret,
  StatefulSet,
  TriggerAuthentication,
} from "@bellows/api";
import { admissionHandler } from "@bellows/event-scaler";
import type { Cache } from "@bellows/kube";
import { expect, test } from "vitest";
import { eventScalerWorld } from "./event-scaler.fixture.ts";

type World = Awaited<ReturnType<typeof eventScalerWorld>>;

/** What the webhook would say of an object, among those that are there. */
async function admission({ client, settled }: World, path: string, object: KubernetesObject): Promise<string> {
  const kinds = [ScaledObject, HorizontalPodAutoscaler, LimitRange, Deployment, StatefulSet] as unknown as Kind[];
  const found = new Map<string, readonly KubernetesObject[]>();
  for (const kind of kinds) found.set(kind.kind, (await settled(client.list(kind, { namespace: "default" }))).items);
  const cache = {
    list: ({ kind }: Kind) => found.get(kind) ?? [],
    get: ({ kind }: Kind, { name }: { name: string }) =>
      found.get(kind)?.find(({ metadata }) => metadata.name === name),
  } as unknown as Cache;
  const handle = admissionHandler({
    cache,
    resourceOf: (apiVersion, kind) => settled(client.resourceOf(apiVersion, kind)),
  });
  const request = { uid: "u", operation: "CREATE", namespace: "default", object };
  const { body } = await handle({ path, body: { kind: "AdmissionReview", request } });
  const { allowed, status } = (body as { response: { allowed: boolean; status: { message?: string } } }).response;
  return allowed ? "allowed" : (status.message ?? "");
}

async function seenOf({ client, settled }: World, kind: Kind, events: readonly string[]) {
  const object = (await settled(client.get(kind, { namespace: "default", name: "wrong" }))) as KubernetesObject & {
    status?: { conditions?: { type: string; status: string; reason?: string; message?: string }[] };
  };
  const ready = object.status?.conditions?.find(({ type }) => type === "Ready");
  return { ready: `${ready?.status} ${ready?.reason}: ${ready?.message}`, events };
}

const cron = (changes: Readonly<Record<string, string>> = {}) => ({
  type: "cron",
  metadata: { timezone: "UTC", start: "0 8 * * *", end: "0 18 * * *", desiredReplicas: "5", ...changes },
});
const fake = (name: string) => ({ type: "fake", name, metadata: {} });
const redis = { type: "redis", metadata: { listName: "work", listLength: "5" } };
const toWeb = { scaleTargetRef: { name: "web" } };
const modifiers = (formula: string, target = "2") => ({ advanced: { scalingModifiers: { formula, target } } });

const target = "ScaledObject doesn't have correct scaleTargetRef specification: ";
const bounds = "ScaledObject doesn't have correct Idle/Min/Max Replica Counts specification: ";
const triggers = "ScaledObject doesn't have correct triggers specification: ";
const hpa = "failed to ensure HPA is correctly created for ScaledObject: ";

type Case = readonly [name: string, spec: Record<string, unknown>, message: string, admission: string];

const cases: readonly Case[] = [
  [
    "an unknown type of trigger",
    { ...toWeb, triggers: [{ type: "crom", metadata: {} }] },
    `${hpa}no scaler found for type: crom (spec.triggers[0])`,
    "allowed",
  ],
  [
    "a parameter that is missing",
    { ...toWeb, triggers: [{ type: "cron", metadata: { timezone: "UTC", start: "0 8 * * *", end: "0 18 * * *" } }] },
    `${hpa}error parsing cron metadata: missing required parameter "desiredReplicas" in [triggerMetadata]`,
    "allowed",
  ],
  [
    "a parameter of another type",
    { ...toWeb, triggers: [cron({ desiredReplicas: "many" })] },
    "desiredReplicas",
    "allowed",
  ],
  ["a schedule that is none", { ...toWeb, triggers: [cron({ start: "8 o'clock" })] }, "8 o'clock", "allowed"],
  ["a time zone that is none", { ...toWeb, triggers: [cron({ timezone: "Mars/Olympus" })] }, "Mars/Olympus", "allowed"],
  [
    "a formula that is none",
    { ...toWeb, triggers: [fake("a")], ...modifiers("a +") },
    `${hpa}error validating formula in ScalingModifiers`,
    "error validating formula in ScalingModifiers",
  ],
  [
    "a formula over a trigger that isn't there",
    { ...toWeb, triggers: [fake("a")], ...modifiers("a + b") },
    `${hpa}error validating formula in ScalingModifiers`,
    "error validating formula in ScalingModifiers",
  ],
  [
    "a formula without a target",
    { ...toWeb, triggers: [fake("a")], ...modifiers("a", "") },
    `${hpa}error validating formula in ScalingModifiers\nformula is given but target is empty`,
    "formula is given but target is empty",
  ],
  [
    "an activation target that is no number",
    {
      ...toWeb,
      triggers: [fake("a")],
      advanced: { scalingModifiers: { formula: "a", target: "2", activationTarget: "few" } },
    },
    `${hpa}scalingModifiers.ActivationTarget parsing error strconv.ParseFloat: parsing "few": invalid syntax`,
    'parsing "few": invalid syntax',
  ],
  [
    "a fallback that leaves it to a formula which isn't there",
    {
      ...toWeb,
      triggers: [fake("a")],
      fallback: { failureThreshold: 1, replicas: 0, behavior: "scalingModifiers" },
    },
    `${hpa}scalingModifiers fallback behavior requires scalingModifiers.formula to be defined`,
    "scalingModifiers fallback behavior requires scalingModifiers.formula to be defined",
  ],
  [
    "a target that isn't there",
    { scaleTargetRef: { name: "nothing" }, triggers: [cron()] },
    `${target}deployments.apps "nothing" not found`,
    "allowed",
  ],
  [
    "a target of a kind that isn't there",
    { scaleTargetRef: { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", name: "web" }, triggers: [cron()] },
    `${target}no matches for kind "Rollout" in version "argoproj.io/v1alpha1"`,
    'no matches for kind "Rollout" in version "argoproj.io/v1alpha1"',
  ],
  [
    "the target of another one",
    { scaleTargetRef: { name: "taken" }, triggers: [cron()] },
    `${target}the workload 'taken' of type 'apps/v1.Deployment' is already managed by the ScaledObject 'taken'`,
    "the workload 'taken' of type 'apps/v1.Deployment' is already managed by the ScaledObject 'taken'",
  ],
  [
    "idle replicas that are no fewer than the least",
    { ...toWeb, triggers: [cron()], idleReplicaCount: 2, minReplicaCount: 2 },
    `${bounds}IdleReplicaCount=2 must be less than MinReplicaCount=2`,
    "IdleReplicaCount=2 must be less than MinReplicaCount=2",
  ],
  [
    "two triggers of one name",
    { ...toWeb, triggers: [fake("a"), fake("a")] },
    `${triggers}triggerName "a" is defined multiple times in the ScaledObject/ScaledJob, but it must be unique`,
    'triggerName "a" is defined multiple times in the ScaledObject/ScaledJob, but it must be unique',
  ],
  [
    "cached metrics of what has none",
    { ...toWeb, triggers: [{ ...cron(), useCachedMetrics: true }] },
    `${triggers}property "useCachedMetrics" is not supported for "cron" scaler`,
    'property "useCachedMetrics" is not supported for "cron" scaler',
  ],
  [
    "credentials that aren't there",
    { ...toWeb, triggers: [{ ...redis, authenticationRef: { name: "login" } }] },
    'spec.triggers[0].authenticationRef: TriggerAuthentication "login" not found',
    "allowed",
  ],
];

test.each(cases)(
  "a ScaledObject with %s says so in its condition and an Event, and to who creates it",
  async (_, spec, message, refusal) => {
    const world = await eventScalerWorld({ read: () => 3 });
    await world.scaled({}, { name: "taken" });
    await world.scaled({ minReplicaCount: 3 });
    await world.clock.run(30_000);
    await world.remove();
    await world.clock.run(5_000);
    const object = { metadata: { namespace: "default", name: "wrong" }, spec } as unknown as ScaledObject;
    const admitted = await admission(world, "/validate-keda-sh-v1alpha1-scaledobject", object);
    if (refusal === "allowed") expect(admitted).toBe("allowed");
    else expect(admitted).toContain(refusal);
    await world.settled(world.client.create(ScaledObject, object));
    await world.clock.run(5_000);
    const { ready, events } = await seenOf(world, ScaledObject as unknown as Kind, await world.events());
    expect(ready).toMatch(/^False ScaledObjectCheckFailed: /);
    expect(ready).toContain(message);
    expect(events).toContain(`Warning ${ready.replace(/^False (\w+):/, "$1")}`);
    expect(await world.replicasFor(60)).toEqual([3]);
  },
);

const jobTargetRef = { template: { spec: { containers: [{ name: "main", image: "nginx" }], restartPolicy: "Never" } } };
const job = "Failed to ensure ScaledJob is correctly created: ";

test.each<Case>([
  [
    "an unknown type of trigger",
    { triggers: [fake("a"), { type: "crom", metadata: {} }] },
    `${job}no scaler found for type: crom (spec.triggers[1])`,
    "allowed",
  ],
  ["a schedule that is none", { triggers: [cron({ end: "24 * *" })] }, "expected exactly 5 fields, found 3", "allowed"],
  [
    "two triggers of one name",
    { triggers: [fake("a"), fake("a")] },
    'ScaledJob doesn\'t have correct triggers specification: triggerName "a" is defined multiple times in the ScaledObject/ScaledJob, but it must be unique',
    'triggerName "a" is defined multiple times in the ScaledObject/ScaledJob, but it must be unique',
  ],
  [
    "credentials that aren't there",
    { triggers: [{ ...redis, authenticationRef: { name: "login" } }] },
    'spec.triggers[0].authenticationRef: TriggerAuthentication "login" not found',
    "allowed",
  ],
])(
  "a ScaledJob with %s says so in its condition and an Event, and to who creates it",
  async (_, spec, message, refusal) => {
    const world = await eventScalerWorld({ read: () => 3 });
    const metadata = { namespace: "default", name: "wrong" };
    const object = { metadata, spec: { jobTargetRef, ...spec } } as unknown as ScaledJob;
    expect(await admission(world, "/validate-keda-sh-v1alpha1-scaledjob", object)).toBe(refusal);
    await world.settled(world.client.create(ScaledJob, object));
    await world.clock.run(5_000);
    const { ready, events } = await seenOf(world, ScaledJob as unknown as Kind, await world.events("ScaledJob"));
    expect(ready).toMatch(/^False ScaledJobCheckFailed: /);
    expect(ready).toContain(message);
    expect(events).toContain(`Warning ${ready.replace(/^False (\w+):/, "$1")}`);
  },
);

test("a key that a Secret lacks is told, also where the trigger can do without it", async () => {
  const world = await eventScalerWorld({ read: () => 3 });
  const spec = { secretTargetRef: [{ parameter: "password", name: "login", key: "pass" }] };
  const metadata = { namespace: "default", name: "login" };
  await world.settled(world.client.create(TriggerAuthentication, { metadata, spec }));
  await world.settled(world.client.create(Secret, { metadata, data: { word: "aHVzaA==" } }));
  await world.scaled({ triggers: [{ ...fake("queue"), authenticationRef: { name: "login" } }] });
  await world.clock.run(30_000);
  expect(await world.replicas()).toBe(3);
  expect(await world.events()).toContain(
    'Warning KEDAScalerInfo spec.triggers[0].authenticationRef: parameter password: no key "pass" in Secret "login" of namespace default',
  );
});
