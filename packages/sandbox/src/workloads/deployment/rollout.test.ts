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
  expect(status).toMatchObject({ replicas: 3, updatedReplicas: 3, readyReplicas: 3, availableReplicas: 3, observedGeneration: 1 });
  const [set] = (await world.client.list(ReplicaSet, { namespace: "default" })).items;
  expect(set?.metadata.name).toMatch(/^web-[bcdfghjklmnpqrstvwxz2456789]+$/);
  const conditions = status?.conditions?.map(({ type, status: value, reason, message }) => [type, value, reason, message]);
  expect(conditions).toEqual([
    ["Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability."],
    ["Progressing", "True", "NewReplicaSetAvailable", `ReplicaSet "${set?.metadata.name}" has successfully progressed.`],
  ]);
  expect(await world.eventsOf("web")).toEqual([`ScalingReplicaSet: Scaled up replica set ${set?.metadata.name} from 0 to 3`]);
  expect((await world.pods()).map(({ spec }) => spec?.nodeName).sort()).toEqual(["node-a", "node-b", "node-c"]);
  await world.stop();
});
