import { Event, Pod } from "@bellows/api";
import { expect, test } from "vitest";
import { UsageSource } from "../usage/index.ts";
import { MemoryWatch } from "./memory-watch.ts";
import { SandboxWorld } from "./testing/sandbox-world.ts";

async function aWorld() {
  const world = await new SandboxWorld().start();
  await world.fleet.add(world.machine());
  await world.seconds(10);
  return world;
}

const resources = (cpu: string, memory = "64Mi") => ({ requests: { cpu, memory } });

/** As `kubectl patch --subresource resize` does; over the spec where the server has no such subresource. */
const resize = (world: SandboxWorld, name: string, cpu: string) =>
  world.client.patch(
    Pod,
    { namespace: "default", name },
    { type: "strategic", body: { spec: { containers: [{ name: "main", resources: resources(cpu) }] } } },
    { subresource: "resize" },
  );

const conditionOf = async (world: SandboxWorld, name: string, type: string) =>
  (await world.pod(name)).status?.conditions?.find((condition) => condition.type === type);

const reasons = async (world: SandboxWorld, name: string) =>
  (await world.client.list(Event, { fieldSelector: `involvedObject.name=${name}` })).items.map(({ reason }) => reason);

test("a container gets more CPU in place, without a restart", async () => {
  const world = await aWorld();
  await world.createPod("web");
  await world.seconds(10);
  await resize(world, "web", "500m");
  await world.seconds(0.1);
  expect(await conditionOf(world, "web", "PodResizeInProgress")).toMatchObject({ status: "True" });
  await world.seconds(2);
  const { status, metadata } = await world.pod("web");
  expect(status?.containerStatuses?.[0]).toMatchObject({
    restartCount: 0,
    allocatedResources: { cpu: "500m", memory: "64Mi" },
    resources: resources("500m"),
  });
  expect(status?.conditions?.some(({ type }) => type.startsWith("PodResize"))).toBe(false);
  expect(status?.observedGeneration).toBe(metadata.generation);
  const events = await reasons(world, "web");
  expect(events).toContain("ResizeStarted");
  expect(events).toContain("ResizeCompleted");
});

test("a resize that does not fit now waits until a neighbour leaves", async () => {
  const world = await aWorld();
  await world.createPod("web");
  await world.createPod("neighbour", {
    containers: [{ name: "main", image: "nginx:1.27", resources: resources("1500m") }],
  });
  await world.seconds(10);
  await resize(world, "web", "1");
  await world.seconds(1);
  expect(await conditionOf(world, "web", "PodResizePending")).toMatchObject({
    status: "True",
    reason: "Deferred",
    message: "Node didn't have enough resource: cpu, requested: 1000, used: 1500, capacity: 1930",
  });
  expect((await world.pod("web")).status?.containerStatuses?.[0]?.allocatedResources?.cpu).toBe("100m");
  await world.client.delete(Pod, { namespace: "default", name: "neighbour" });
  await world.seconds(5);
  expect(await conditionOf(world, "web", "PodResizePending")).toBeUndefined();
  expect((await world.pod("web")).status?.containerStatuses?.[0]?.resources).toEqual(resources("1"));
});

test("a resize beyond the node is infeasible", async () => {
  const world = await aWorld();
  await world.createPod("web");
  await world.seconds(10);
  await resize(world, "web", "4");
  await world.seconds(1);
  expect(await conditionOf(world, "web", "PodResizePending")).toMatchObject({
    reason: "Infeasible",
    message: "Node didn't have enough capacity: cpu, requested: 4000, capacity: 1930",
  });
  await resize(world, "web", "100m");
  await world.seconds(1);
  expect(await conditionOf(world, "web", "PodResizePending")).toBeUndefined();
});

test("a container is restarted where its resize policy says so", async () => {
  const world = await aWorld();
  const resizePolicy = [{ resourceName: "cpu", restartPolicy: "RestartContainer" }];
  await world.createPod("web", {
    containers: [{ name: "main", image: "nginx:1.27", resources: resources("100m"), resizePolicy }],
  });
  await world.seconds(10);
  await resize(world, "web", "200m");
  await world.seconds(5);
  const [status] = (await world.pod("web")).status?.containerStatuses ?? [];
  expect(status).toMatchObject({ restartCount: 1, resources: resources("200m"), state: { running: {} } });
});

test("a container that outgrows its memory limit is killed and started again", async () => {
  const world = new SandboxWorld();
  const usage = new UsageSource(world.cache, world.clock, { loadProfiles: false });
  await world.start();
  await world.fleet.add(world.machine());
  const watch = new MemoryWatch(world.fleet, usage, world.clock);
  watch.start();
  const args = ["--vm", "1", "--vm-bytes", "250M", "--vm-hang", "1"];
  await world.createPod("hog", {
    containers: [
      { name: "main", image: "polinux/stress", command: ["stress"], args, resources: { limits: { memory: "100Mi" } } },
    ],
  });
  await world.seconds(22);
  const [status] = (await world.pod("hog")).status?.containerStatuses ?? [];
  expect(status?.restartCount).toBe(1);
  expect(status?.lastState?.terminated).toMatchObject({ reason: "OOMKilled", exitCode: 137 });
});
