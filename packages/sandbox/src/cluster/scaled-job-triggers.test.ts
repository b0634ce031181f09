import { TransportError } from "@bellows/kube";
import { expect, test } from "vitest";
import type { Answer, FakeSources } from "./event-scaler.fixture.ts";
import { scaledJobWorld } from "./scaled-job.fixture.ts";

/** A ScaledJob with the triggers a and b. */
async function ordersWith(pollingInterval: number, sources: FakeSources) {
  const world = await scaledJobWorld(sources);
  const trigger = (name: string) => ({ type: "fake", name, metadata: {} });
  await world.scaledJob("orders", { pollingInterval, triggers: [trigger("a"), trigger("b")] });
  return {
    ...world,
    jobs: () => world.jobs("orders"),
    condition: (type: string) => world.jobCondition(type, "orders"),
    events: () => world.events("ScaledJob"),
  };
}

test("a trigger that fails takes nothing from the others, and says so until it is well again", async () => {
  let b: Answer = new Error("the broker is down");
  let a: Answer = 2;
  const world = await ordersWith(10, { read: (name) => (name === "a" ? a : b) });
  await world.clock.run(15_000);
  expect(await world.jobs()).toBe(2);
  expect(await world.condition("Ready")).toBe("Unknown PartialTriggerError");
  expect(await world.condition("Active")).toBe("True ScalerActive");
  expect(await world.activity("orders")).toEqual({ "s0-a": { isActive: true }, "s1-b": { isActive: false } });
  expect(await world.events()).toContain("Warning KEDAScalerFailed the broker is down");

  a = { values: [{ metricName: "s0-a", value: Number.NaN }], active: true };
  await world.clock.run(15_000);
  expect(await world.jobs()).toBe(2);
  expect(await world.condition("Ready")).toBe("False TriggerError");
  expect(await world.condition("Active")).toBe("False ScalerNotActive");

  a = 0;
  b = 4;
  await world.clock.run(15_000);
  expect(await world.jobs()).toBe(4);
  expect(await world.condition("Ready")).toBe("True ScaledJobReady");
});

test("a push makes Jobs at once, and a flood of them reads no more often than each second", async () => {
  let length = 0;
  const world = await ordersWith(3600, { read: (name) => (name === "a" ? length : 0) });
  const seen = async () => ({ jobs: await world.jobs(), readings: world.reads.length });
  await world.clock.run(5_000);
  expect(await seen()).toEqual({ jobs: 0, readings: 2 });

  length = 3;
  world.push("orders/a");
  await world.clock.run(200);
  expect(await seen()).toEqual({ jobs: 3, readings: 4 });

  for (let count = 0; count < 50; count++) {
    world.push("orders/a");
    await world.clock.run(100);
  }
  expect(await world.jobs()).toBe(3);
  expect(world.reads.length).toBeLessThanOrEqual(4 + 2 * 6);
});

test("the metrics of KEDA count ScaledJobs, their triggers and what was read of them", async () => {
  const world = await ordersWith(10, { read: () => 2 });
  await world.clock.run(5_000);
  const text = await world.metrics.metrics();
  expect(text).toContain('keda_resource_registered_total{type="scaled_job",namespace="default"} 1');
  expect(text).toContain('keda_trigger_registered_total{type="fake"} 2');
  expect(text).toMatch(/keda_scaler_metrics_value\{[^}]*metric="s0-a"[^}]*type="scaledjob"[^}]*\} 2/);
});

test("where the connection breaks between two Jobs, only those that are missing are made", async () => {
  let created = 0;
  const world = await ordersWith(10, {
    read: (name) => (name === "a" ? 4 : 0),
    beforeCreate(kind) {
      if (kind === "Job" && ++created === 2) throw new TransportError("the connection broke");
    },
  });
  await world.clock.run(30_000);
  expect(await world.jobs()).toBe(4);
  expect(created).toBe(5);
  expect(await world.condition("Ready")).toBe("True ScaledJobReady");
});
