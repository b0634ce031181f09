import { Event, Job, ScaledJob } from "@bellows/api";
import { createEventScaler, type OpenTrigger } from "@bellows/event-scaler";
import { type Client, createManager, seededRandom, silentLogger, TransportError, VirtualClock } from "@bellows/kube";
import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { createWorld } from "./world.ts";

type Trigger = Awaited<ReturnType<OpenTrigger>>;
type Reading = Awaited<ReturnType<Trigger["read"]>>;
type PushHandler = Parameters<NonNullable<Trigger["listen"]>>[0];

const startAt = Date.parse("2026-01-05T00:00:00Z");

/** A cluster with an event scaler whose triggers answer what the test says. */
async function scaledJobWith(
  pollingInterval: number,
  read: (name: string) => Reading | Error,
  beforeCreatingJob: () => void = () => undefined,
) {
  const clock = new VirtualClock(startAt);
  const random = seededRandom(1);
  const world = createWorld({
    clock,
    random,
    region: "us-east-1",
    clusterName: "bellows",
    nodeGroups: [],
    controllers: [],
  });
  const handlers: PushHandler[] = [];
  const metrics = new Registry();
  const scaler = createEventScaler({
    registry: metrics,
    resolveAccess: async () => ({ authParams: {}, podIdentity: { provider: "none" }, resolvedEnv: {} }),
    openTrigger: ({ index, name }) => ({
      metricSpecs: () => [
        {
          type: "External",
          external: { metric: { name: `s${index}-${name}` }, target: { type: "AverageValue", averageValue: "1" } },
        },
      ],
      async read() {
        const reading = read(name);
        if (reading instanceof Error) throw reading;
        return reading;
      },
      listen: (handler, signal) => {
        handlers.push(handler);
        return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
      },
      async close() {},
    }),
  });
  const settled = <T>(promise: Promise<T>) => clock.settled(promise);
  await settled(world.start());
  const client = new Proxy(world.client, {
    get(target, name: keyof Client) {
      const member = target[name];
      if (typeof member !== "function") return member;
      return (...args: unknown[]) => {
        if (name === "create" && args[0] === Job) beforeCreatingJob();
        return (member as (...args: unknown[]) => unknown).apply(target, args);
      };
    },
  });
  const manager = createManager({ client, clock, random, log: silentLogger, metrics });
  await settled(manager.add(...scaler.controllers).start());
  const trigger = (name: string) => ({ type: "fake", name, metadata: {} });
  const scaledJob: ScaledJob = {
    metadata: { name: "orders", namespace: "default" },
    spec: {
      pollingInterval,
      jobTargetRef: { template: { spec: { containers: [{ name: "work", image: "busybox" }] } } },
      triggers: [trigger("a"), trigger("b")],
    },
  };
  await settled(world.client.create(ScaledJob, scaledJob));
  const key = { namespace: "default", name: "orders" };
  return {
    clock,
    metrics,
    handlers,
    jobs: async () => (await settled(world.client.list(Job, { namespace: "default" }))).items.length,
    condition: async (type: string) => {
      const { status } = await settled(world.client.get(ScaledJob, key));
      const found = status?.conditions?.find((one) => one.type === type);
      return `${found?.status} ${found?.reason}`;
    },
    activity: async () => (await settled(world.client.get(ScaledJob, key))).status?.triggersActivity,
    events: async () =>
      (await settled(world.client.list(Event, { namespace: "default" }))).items
        .filter(({ involvedObject }) => involvedObject.kind === "ScaledJob")
        .map(({ type, reason, message }) => `${type} ${reason} ${message}`),
  };
}

const queue = (name: "a" | "b", value: number): Reading => ({
  values: [{ metricName: `s${name === "a" ? 0 : 1}-${name}`, value }],
  active: value > 0,
});

test("a trigger that fails takes nothing from the others, and says so until it is well again", async () => {
  let b: Reading | Error = new Error("the broker is down");
  let a: Reading | Error = queue("a", 2);
  const world = await scaledJobWith(10, (name) => (name === "a" ? a : b));
  await world.clock.run(15_000);
  expect(await world.jobs()).toBe(2);
  expect(await world.condition("Ready")).toBe("Unknown PartialTriggerError");
  expect(await world.condition("Active")).toBe("True ScalerActive");
  expect(await world.activity()).toEqual({ "s0-a": { isActive: true }, "s1-b": { isActive: false } });
  expect(await world.events()).toContain("Warning KEDAScalerFailed the broker is down");

  a = { values: [{ metricName: "s0-a", value: Number.NaN }], active: true };
  await world.clock.run(15_000);
  expect(await world.jobs()).toBe(2);
  expect(await world.condition("Ready")).toBe("False TriggerError");
  expect(await world.condition("Active")).toBe("False ScalerNotActive");

  a = queue("a", 0);
  b = queue("b", 4);
  await world.clock.run(15_000);
  expect(await world.jobs()).toBe(4);
  expect(await world.condition("Ready")).toBe("True ScaledJobReady");
});

test("a push makes Jobs at once, and a flood of them reads no more often than each second", async () => {
  let length = 0;
  let readings = 0;
  const world = await scaledJobWith(3600, (name) => {
    readings++;
    return queue(name as "a" | "b", name === "a" ? length : 0);
  });
  await world.clock.run(5_000);
  expect({ jobs: await world.jobs(), readings }).toEqual({ jobs: 0, readings: 2 });

  length = 3;
  world.handlers[0]?.push({ active: true });
  await world.clock.run(200);
  expect({ jobs: await world.jobs(), readings }).toEqual({ jobs: 3, readings: 4 });

  for (let count = 0; count < 50; count++) {
    world.handlers[0]?.push({ active: true });
    await world.clock.run(100);
  }
  expect(await world.jobs()).toBe(3);
  expect(readings).toBeLessThanOrEqual(4 + 2 * 6);
});

test("the metrics of KEDA count ScaledJobs, their triggers and what was read of them", async () => {
  const world = await scaledJobWith(10, (name) => queue(name as "a" | "b", 2));
  await world.clock.run(5_000);
  const text = await world.metrics.metrics();
  expect(text).toContain('keda_resource_registered_total{type="scaled_job",namespace="default"} 1');
  expect(text).toContain('keda_trigger_registered_total{type="fake"} 2');
  expect(text).toMatch(/keda_scaler_metrics_value\{[^}]*metric="s0-a"[^}]*type="scaledjob"[^}]*\} 2/);
});

test("where the connection breaks between two Jobs, only those that are missing are made", async () => {
  let created = 0;
  const breakOnce = () => {
    created++;
    if (created === 2) throw new TransportError("the connection broke");
  };
  const world = await scaledJobWith(10, (name) => queue(name as "a" | "b", name === "a" ? 4 : 0), breakOnce);
  await world.clock.run(30_000);
  expect(await world.jobs()).toBe(4);
  expect(created).toBe(5);
  expect(await world.condition("Ready")).toBe("True ScaledJobReady");
});
