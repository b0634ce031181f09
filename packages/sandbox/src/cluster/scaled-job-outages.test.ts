import { expect, test } from "vitest";
import type { Answer } from "./event-scaler.fixture.ts";
import { scaledJobWorld } from "./scaled-job.fixture.ts";

const range = "expected a number from 0 to 9200000000000000";

test.each<[string, Answer, string]>([
  ["is down", new Error("connect ECONNREFUSED 10.0.0.9:6379"), "connect ECONNREFUSED 10.0.0.9:6379"],
  ["answers too slowly", new Promise<never>(() => {}), "no answer within 15 s"],
  ["says NaN", Number.NaN, `s0-queue: the source gave NaN, ${range}`],
  ["says a negative number", -3, `s0-queue: the source gave -3, ${range}`],
  ["says more than there can be", 1e300, `s0-queue: the source gave 1e+300, ${range}`],
  [
    "says what is no number",
    { values: [{ metricName: "s0-queue", value: "12" as unknown as number }], active: true },
    `s0-queue: the source gave "12", ${range}`,
  ],
])("a source that %s makes no Jobs, is seen, and keeps no other ScaledJob waiting", async (_, bad, message) => {
  let [answer, others]: [Answer, number] = [2, 1];
  const world = await scaledJobWorld({ read: (_name, object) => (object === "orders" ? answer : others) });
  await world.scaledJob("orders");
  await world.scaledJob("other");
  await world.clock.run(30_000);
  expect([await world.jobs("orders"), await world.jobs("other")]).toEqual([2, 1]);

  [answer, others] = [bad, 3];
  world.reads.length = 0;
  await world.clock.run(300_000);
  expect([await world.jobs("orders"), await world.jobs("other")]).toEqual([2, 3]);
  expect(await world.jobCondition("Ready", "orders")).toBe("False TriggerError");
  expect(await world.jobCondition("Ready", "other")).toBe("True ScaledJobReady");
  expect(await world.events("ScaledJob")).toContain(`Warning KEDAScalerFailed ${message}`);
  expect(world.reads.filter((read) => read === "other/queue").length).toBeGreaterThanOrEqual(29);

  answer = 4;
  await world.clock.run(60_000);
  expect(await world.jobs("orders")).toBe(4);
  expect(await world.jobCondition("Ready", "orders")).toBe("True ScaledJobReady");
});

test("a source that is down from the start makes no Jobs", async () => {
  const world = await scaledJobWorld({ read: () => new Error("no route to host") });
  await world.scaledJob("orders");
  await world.clock.run(120_000);
  expect(await world.jobs("orders")).toBe(0);
  expect(await world.jobCondition("Ready", "orders")).toBe("False TriggerError");
});

test("a source that claims a flood gets maxReplicaCount Jobs and no more", async () => {
  const world = await scaledJobWorld({ read: () => 9e15 });
  await world.scaledJob("orders", { maxReplicaCount: 4 });
  await world.clock.run(300_000);
  expect(await world.jobs("orders")).toBe(4);
});

test("a source that pushes in a flood makes no more Jobs than its queue has, and is read no more than it can be", async () => {
  const world = await scaledJobWorld({ read: (_name, object) => (object === "orders" ? 2 : 1) });
  await world.scaledJob("orders");
  await world.scaledJob("other");
  await world.clock.run(30_000);
  world.reads.length = 0;
  for (let second = 0; second < 20; second++) {
    for (let push = 0; push < 100; push++) world.push("orders/queue");
    await world.clock.run(1_000);
  }
  expect(await world.jobs("orders")).toBe(2);
  const reads = world.reads.filter((read) => read === "orders/queue").length;
  expect(reads).toBeGreaterThan(10);
  expect(reads).toBeLessThanOrEqual(40);
  expect(world.reads.filter((read) => read === "other/queue").length).toBeGreaterThanOrEqual(2);
});
