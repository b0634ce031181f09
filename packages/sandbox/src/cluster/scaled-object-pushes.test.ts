import { HorizontalPodAutoscaler } from "@bellows/api";
import { describe, expect, test } from "vitest";
import { eventScalerWorld } from "./event-scaler.fixture.ts";

const engine = "event-scaler.bellows.dev/engine";
const slowly = { pollingInterval: 3600, minReplicaCount: 0, cooldownPeriod: 300 };

describe.each(["hpa", "direct"])("with the engine %s", (name) => {
  const annotations = { [engine]: name };

  test("a push is acted on at once, though the source is polled once an hour", async () => {
    let length = 2;
    const world = await eventScalerWorld({ read: () => length });
    await world.scaled({ ...slowly, minReplicaCount: 1 }, { annotations });
    await world.clock.run(20_000);
    expect(await world.replicas()).toBe(2);
    length = 4;
    world.push("web/queue");
    await world.clock.run(1_500);
    expect(await world.replicas()).toBe(4);
  });

  test("a target at zero has all its replicas a second after a push", async () => {
    let length = 0;
    const world = await eventScalerWorld({ read: () => length });
    await world.scaled(slowly, { annotations, replicas: 0 });
    await world.clock.run(20_000);
    expect(await world.replicas()).toBe(0);
    length = 5;
    world.push("web/queue");
    await world.clock.run(200);
    expect(await world.replicas()).toBeGreaterThan(0);
    await world.clock.run(2_500);
    expect(await world.replicas()).toBe(5);
    expect(await world.condition("Active")).toBe("True ScalerActive");
  });

  test("a pace of the user's own begins at the activation, without waiting for a turn of 15 s", async () => {
    let length = 0;
    const world = await eventScalerWorld({ read: () => length });
    const behavior = { scaleUp: { policies: [{ type: "Pods", value: 2, periodSeconds: 15 }] } };
    const advanced = { horizontalPodAutoscalerConfig: { behavior } };
    await world.scaled({ ...slowly, pollingInterval: 1, advanced }, { annotations, replicas: 0 });
    await world.clock.run(20_000);
    length = 9;
    await world.clock.run(3_000);
    expect(await world.replicas()).toBe(3);
    await world.clock.run(16_000);
    expect(await world.replicas()).toBe(5);
  });

  test("values that a source pushes are taken as they are, and the other sources are left alone", async () => {
    const world = await eventScalerWorld({ read: () => 1 });
    const triggers = ["queue", "other"].map((trigger) => ({ type: "fake", name: trigger, metadata: {} }));
    await world.scaled({ ...slowly, triggers }, { annotations });
    await world.clock.run(20_000);
    world.reads.length = 0;
    world.push("web/queue", { active: true, values: [{ metricName: "s0-queue", value: 3 }] });
    await world.clock.run(1_000);
    // An HPA asks for both metrics by itself.
    expect(world.reads.filter(() => name === "direct")).toEqual([]);
    expect((await world.scaledObject()).status?.triggersActivity).toMatchObject({ "s0-queue": { isActive: true } });
  });

  test("with useCachedMetrics a push activates, and changes no value before the next poll", async () => {
    let length = 4;
    const world = await eventScalerWorld({ read: () => length });
    const cached = { type: "fake", name: "queue", metadata: {}, useCachedMetrics: true };
    await world.scaled({ pollingInterval: 1000, minReplicaCount: 0, triggers: [cached] }, { annotations });
    await world.clock.run(60_000);
    expect(await world.replicas()).toBe(4);
    length = 3;
    world.push("web/queue", { active: true, values: [{ metricName: "s0-queue", value: 3 }] });
    world.push("web/queue");
    expect(await world.replicasFor(600)).toEqual([4]);
    await world.clock.run(1_000_000);
    expect(await world.replicas()).toBe(3);
  });

  test("a flood of pushes is one reading a second after the first few, and the last value counts", async () => {
    let length = 1;
    const world = await eventScalerWorld({ read: () => length });
    await world.scaled({ ...slowly, minReplicaCount: 1 }, { annotations });
    await world.scaled({ pollingInterval: 5, minReplicaCount: 1 }, { annotations, name: "other" });
    await world.clock.run(20_000);
    world.reads.length = 0;
    for (let count = 0; count < 200; count++) {
      length = count % 4;
      world.push("web/queue", { active: count % 2 === 0 });
      await world.clock.run(50);
    }
    const readsOf = (object: string) => world.reads.filter((read) => read === `${object}/queue`).length;
    // A second reading for the HPA.
    expect(readsOf("web")).toBeLessThanOrEqual(name === "direct" ? 16 : 30);
    expect(readsOf("other")).toBeGreaterThanOrEqual(2);
    await world.clock.run(1_500);
    expect(await world.replicas()).toBe(3);
  });
});

test("an HPA that no Bellows controller scales is not written to at every push", async () => {
  const world = await eventScalerWorld({ read: () => 2, controllers: [] });
  await world.scaled({ ...slowly, minReplicaCount: 1 });
  await world.clock.run(20_000);
  const [before] = await world.hpas();
  world.push("web/queue");
  await world.clock.run(2_000);
  const key = { namespace: "default", name: "keda-hpa-web" };
  expect((await world.settled(world.client.get(HorizontalPodAutoscaler, key))).metadata).toEqual(before?.metadata);
});
