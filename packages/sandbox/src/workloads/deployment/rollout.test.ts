import { Deployment, ReplicaSet } from "@bellows/api";
import { expect, test } from "vitest";
import { aDeployment, startWorld } from "../world.fixture.ts";

const key = { namespace: "default", name: "web" };

test("a new Deployment comes up, and says so", async () => {
  const world = await startWorld();
  await world.apply(aDeployment("web", 3));
  await world.run(10);
  const { status, metadata } = await world.client.get(Deployment, key);
  expect(metadata.annotations?.["deployment.kubernetes.io/revision"]).toBe("1");
  expect(status).toMatchObject({
    replicas: 3,
    updatedReplicas: 3,
    readyReplicas: 3,
    availableReplicas: 3,
    observedGeneration: 1,
  });
  const [set] = (await world.client.list(ReplicaSet, { namespace: "default" })).items;
  expect(set?.metadata.name).toMatch(/^web-[bcdfghjklmnpqrstvwxz2456789]+$/);
  const conditions = status?.conditions?.map(({ type, status: value, reason, message }) => [
    type,
    value,
    reason,
    message,
  ]);
  expect(conditions).toEqual([
    ["Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability."],
    [
      "Progressing",
      "True",
      "NewReplicaSetAvailable",
      `ReplicaSet "${set?.metadata.name}" has successfully progressed.`,
    ],
  ]);
  expect(await world.eventsOf("web")).toEqual([
    `ScalingReplicaSet: Scaled up replica set ${set?.metadata.name} from 0 to 3`,
  ]);
  expect((await world.pods()).map(({ spec }) => spec?.nodeName).sort()).toEqual(["node-a", "node-b", "node-c"]);
  await world.stop();
});

const setImage = (image: string) => ({
  type: "strategic" as const,
  body: { spec: { template: { spec: { containers: [{ name: "main", image }] } } } },
});

test("a rolling update keeps within surge and unavailability, and keeps its history", async () => {
  const world = await startWorld();
  await world.apply(aDeployment("web", 4, { revisionHistoryLimit: 1 }));
  await world.run(10);
  const seen: number[] = [];
  await world.client.patch(Deployment, key, setImage("nginx:1.28"));
  for (let second = 0; second < 30; second++) {
    await world.run(1);
    seen.push((await world.client.get(Deployment, key)).status?.availableReplicas ?? 0);
    expect((await world.pods()).filter(({ metadata }) => !metadata.deletionTimestamp).length).toBeLessThanOrEqual(5);
  }
  expect(Math.min(...seen)).toBe(3);
  const deployment = await world.client.get(Deployment, key);
  expect(deployment.metadata.annotations?.["deployment.kubernetes.io/revision"]).toBe("2");
  expect(deployment.status).toMatchObject({ replicas: 4, updatedReplicas: 4, availableReplicas: 4 });
  const images = (await world.pods()).map(({ spec }) => spec?.containers[0]?.image);
  expect(new Set(images)).toEqual(new Set(["nginx:1.28"]));
  const sizes = (await world.eventsOf("web")).map((text) => text.replace(/replica set \S+/, "set"));
  // Events are listed by name, which says nothing of their order.
  expect(sizes.sort()).toEqual([
    "ScalingReplicaSet: Scaled down set from 1 to 0",
    "ScalingReplicaSet: Scaled down set from 2 to 1",
    "ScalingReplicaSet: Scaled down set from 3 to 2",
    "ScalingReplicaSet: Scaled down set from 4 to 3",
    "ScalingReplicaSet: Scaled up set from 0 to 1",
    "ScalingReplicaSet: Scaled up set from 0 to 4",
    "ScalingReplicaSet: Scaled up set from 1 to 2",
    "ScalingReplicaSet: Scaled up set from 2 to 3",
    "ScalingReplicaSet: Scaled up set from 3 to 4",
  ]);

  await world.client.patch(Deployment, key, setImage("nginx:1.29"));
  await world.run(30);
  expect((await world.client.list(ReplicaSet, { namespace: "default" })).items).toHaveLength(2);

  // `kubectl rollout undo` writes the old template back: the old ReplicaSet is the new one again.
  await world.client.patch(Deployment, key, setImage("nginx:1.28"));
  await world.run(30);
  const sets = (await world.client.list(ReplicaSet, { namespace: "default" })).items;
  const current = sets.find(({ spec }) => spec?.replicas === 4);
  expect(current?.metadata.annotations).toMatchObject({
    "deployment.kubernetes.io/revision": "4",
    "deployment.kubernetes.io/revision-history": "2",
    "deployment.kubernetes.io/desired-replicas": "4",
    "deployment.kubernetes.io/max-replicas": "5",
  });
  await world.stop();
});

test("a rollout that makes no progress times out, and its old pods stay", async () => {
  const world = await startWorld({ neverReady: ({ spec }) => spec?.containers[0]?.image === "broken" });
  await world.apply(aDeployment("web", 2, { progressDeadlineSeconds: 60 }));
  await world.run(10);
  await world.client.patch(Deployment, key, setImage("broken"));
  await world.run(90);
  const { status } = await world.client.get(Deployment, key);
  const progressing = status?.conditions?.find(({ type }) => type === "Progressing");
  expect(progressing).toMatchObject({ status: "False", reason: "ProgressDeadlineExceeded" });
  expect(progressing?.message).toMatch(/^ReplicaSet "web-\w+" has timed out progressing\.$/);
  expect(status?.availableReplicas).toBe(2);
  await world.stop();
});

test("Recreate starts the new pods when the last old one is gone", async () => {
  const world = await startWorld();
  await world.apply(aDeployment("web", 3, { strategy: { type: "Recreate" } }));
  await world.run(10);
  await world.client.patch(Deployment, key, setImage("nginx:2"));
  for (let second = 0; second < 15; second++) {
    await world.run(1);
    const images = new Set((await world.pods()).map(({ spec }) => spec?.containers[0]?.image));
    expect(images.size).toBeLessThanOrEqual(1);
  }
  expect((await world.client.get(Deployment, key)).status).toMatchObject({ availableReplicas: 3, updatedReplicas: 3 });
  await world.stop();
});

test("a paused Deployment scales but does not roll", async () => {
  const world = await startWorld();
  await world.apply(aDeployment("web", 2));
  await world.run(10);
  await world.client.patch(Deployment, key, { type: "merge", body: { spec: { paused: true, replicas: 4 } } });
  await world.client.patch(Deployment, key, setImage("nginx:2"));
  await world.run(20);
  const paused = await world.client.get(Deployment, key);
  expect(paused.status?.replicas).toBe(4);
  expect(paused.status?.updatedReplicas).toBeUndefined();
  expect(paused.status?.conditions?.find(({ type }) => type === "Progressing")).toMatchObject({
    status: "Unknown",
    reason: "DeploymentPaused",
    message: "Deployment is paused",
  });
  await world.client.patch(Deployment, key, { type: "merge", body: { spec: { paused: false } } });
  await world.run(40);
  expect((await world.client.get(Deployment, key)).status).toMatchObject({ updatedReplicas: 4, replicas: 4 });
  await world.stop();
});

test("scaling in the middle of a rollout shares by proportion", async () => {
  const world = await startWorld({ neverReady: ({ spec }) => spec?.containers[0]?.image === "broken" });
  await world.apply(aDeployment("web", 8));
  await world.run(10);
  await world.client.patch(Deployment, key, setImage("broken"));
  await world.run(10);
  const before = (await world.client.list(ReplicaSet, { namespace: "default" })).items.map(
    ({ spec }) => spec?.replicas,
  );
  expect(before.sort()).toEqual([4, 6]);
  await world.client.patch(Deployment, key, { type: "merge", body: { spec: { replicas: 16 } } });
  await world.run(2);
  const after = (await world.client.list(ReplicaSet, { namespace: "default" })).items.map(({ spec }) => spec?.replicas);
  expect(after.sort()).toEqual([12, 8]);
  await world.stop();
});
