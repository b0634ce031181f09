import {
  ClusterProportionalAutoscaler,
  Deployment,
  decisionAnnotation,
  decisionRecordAnnotation,
  Event,
} from "@bellows/api";
import { afterEach, beforeEach, expect, test } from "vitest";
import { clusterProportionalAutoscalerController } from "./controller.ts";
import { CpaWorld } from "./testing/cpa-world.ts";

let world: CpaWorld;

beforeEach(async () => {
  world = new CpaWorld();
  await world.addNodes("a", "b", "c");
  await world.addDeployment("web");
  await world.addDeployment("dns");
  await world.run(clusterProportionalAutoscalerController());
});
afterEach(() => world.stop());

const target = (name: string) => ({ apiVersion: "apps/v1", kind: "Deployment", name });

async function autoscaler(name: string, spec: object, createdAt = "2026-01-05T00:00:00Z"): Promise<void> {
  const metadata = { namespace: "default", name, creationTimestamp: createdAt, generation: 1 };
  await world.client.create(ClusterProportionalAutoscaler, { metadata, spec } as ClusterProportionalAutoscaler);
  await world.settle();
}

const statusOf = (name: string) =>
  world.server.objects(ClusterProportionalAutoscaler).find((each) => each.metadata.name === name)?.status;

test("sizes several targets and says by what", async () => {
  await autoscaler("size", { targets: [target("web"), target("dns")], linear: { coresPerReplica: 2 } });
  expect([world.replicas("web"), world.replicas("dns")]).toEqual([3, 3]);
  expect(statusOf("size")).toMatchObject({
    observedGeneration: 1,
    nodes: 3,
    cores: 6,
    replicas: 3,
    lastScaleTime: expect.any(String),
    targets: [
      { kind: "Deployment", name: "web", replicas: 3 },
      { kind: "Deployment", name: "dns", replicas: 3 },
    ],
    conditions: [{ type: "Ready", status: "True", reason: "TargetsSized" }],
  });
});

test("carries why: what was seen, what it asks for, what held it back, what was done", async () => {
  await autoscaler("size", { targets: [target("web")], linear: { coresPerReplica: 1, nodesPerReplica: 2, max: 4 } });
  const { annotations } = world.server.objects(ClusterProportionalAutoscaler)[0]?.metadata ?? {};
  const record = JSON.parse(annotations?.[decisionRecordAnnotation] ?? "{}");
  expect(record).toMatchObject({
    id: annotations?.[decisionAnnotation],
    subject: { kind: "ClusterProportionalAutoscaler", namespace: "default", name: "size" },
    seen: { schedulableNodes: 3, schedulableCores: 6, totalNodes: 3, totalCores: 6 },
    computed: ["6 cores, 1 for each replica -> 6", "3 nodes, 2 for each replica -> 2"],
    limits: [{ reason: "max", from: 6, to: 4 }],
    action: { replicas: 4, targets: ["Deployment/web"] },
  });
  await world.clock.run(2_000);
  const [event] = world.server.objects(Event);
  expect(event?.metadata.annotations?.[decisionAnnotation]).toBe(record.id);
});

test("a target that is not there is in the condition, and is sized once it is", async () => {
  await autoscaler("size", { targets: [target("late"), target("web")], linear: { nodesPerReplica: 1 } });
  expect(world.replicas("web")).toBe(3);
  expect(statusOf("size")?.conditions).toMatchObject([{ status: "False", reason: "FailedRescale" }]);
  await world.addDeployment("late");
  expect(world.replicas("late")).toBe(3);
  expect(statusOf("size")?.conditions).toMatchObject([{ status: "True", reason: "TargetsSized" }]);
});

test("two that name one target do not fight: it is the older one's until that is gone", async () => {
  await autoscaler("first", { targets: [target("web")], linear: { nodesPerReplica: 1 } });
  await autoscaler(
    "second",
    { targets: [target("dns"), target("web")], linear: { nodesPerReplica: 3 } },
    "2026-01-05T00:01:00Z",
  );
  world.scaleRequests();
  await world.clock.run(60_000);
  expect(world.scaleRequests()).toBe(0);
  expect([world.replicas("web"), world.replicas("dns")]).toEqual([3, 1]);
  const message =
    "spec.targets[1]: Deployment/web is a target of ClusterProportionalAutoscaler/first, which is older; expected one autoscaler for it";
  expect(statusOf("second")?.conditions).toMatchObject([{ status: "False", reason: "AmbiguousTarget", message }]);
  expect(await world.events()).toContain(`ClusterProportionalAutoscaler/second AmbiguousTarget: ${message}`);
  await world.client.delete(ClusterProportionalAutoscaler, { namespace: "default", name: "first" });
  await world.settle();
  expect(world.replicas("web")).toBe(1);
  expect(statusOf("second")?.conditions).toMatchObject([{ status: "True", reason: "TargetsSized" }]);
});

test("only nodes with the labels count", async () => {
  await world.patchNode("a", { metadata: { labels: { pool: "dns" } } });
  await autoscaler("size", {
    targets: [target("web")],
    nodeSelector: { pool: "dns" },
    ladder: {
      nodesToReplicas: [
        [1, 5],
        [2, 6],
      ],
    },
  });
  expect(world.replicas("web")).toBe(5);
  await world.patchNode("b", { metadata: { labels: { pool: "dns" } } });
  expect(world.replicas("web")).toBe(6);
});

test("a target of a Deployment that runs upstream's autoscaler is left to that until it is scaled to zero", async () => {
  const flags = ["--namespace=default", "--configmap=params", "--target=deployment/web"];
  const image = "registry.k8s.io/cpa/cluster-proportional-autoscaler:1.8.6";
  await world.addDeployment("dns-autoscaler", {
    template: { spec: { containers: [{ name: "a", image, args: flags }] } },
  });
  const key = { namespace: "default", name: "dns-autoscaler" };
  await world.client.patch(Deployment, key, { type: "merge", body: { status: { readyReplicas: 1 } } });
  await autoscaler("size", { targets: [target("web"), target("dns")], linear: { nodesPerReplica: 1 } });
  expect([world.replicas("web"), world.replicas("dns")]).toEqual([1, 3]);
  expect(statusOf("size")?.conditions).toMatchObject([
    {
      status: "False",
      reason: "AmbiguousTarget",
      message: expect.stringContaining("is a target of Deployment default/dns-autoscaler, which runs"),
    },
  ]);
  await world.client.patch(Deployment, key, {
    type: "merge",
    body: { spec: { replicas: 0 }, status: { readyReplicas: 0 } },
  });
  await world.clock.run(10_000);
  expect(world.replicas("web")).toBe(3);
});

test("somebody else who scales a target is put right at once, and where they do it again, once in ten seconds", async () => {
  await autoscaler("size", { targets: [target("web")], linear: { nodesPerReplica: 1 } });
  const web = { apiVersion: "apps/v1", kind: "Deployment", namespace: "default", name: "web" };
  const seen: (number | undefined)[] = [];
  for (let second = 0; second < 25; second++) {
    await world.client.updateScale(web, 9);
    await world.settle();
    seen.push(world.replicas("web"));
    await world.clock.run(900);
  }
  expect(seen.filter((each) => each === 3)).toHaveLength(3);
  expect(seen.slice(0, 11)).toEqual([3, ...Array(9).fill(9), 3]);
  expect(statusOf("size")?.conditions).toMatchObject([{ status: "False", reason: "ScaledByAnother" }]);
  expect(await world.events()).toContain(
    "ClusterProportionalAutoscaler/size ScaledByAnother: Deployment/web: somebody else scales it, to 9; put right at most once in a poll period",
  );
  await world.addNodes("d");
  expect(world.replicas("web")).toBe(4);
});

test.each([
  [undefined, "spec: nothing, expected an object"],
  [{ linear: { coresPerReplica: 2 } }, "spec.targets: nothing, expected a list"],
  [{ targets: [null], linear: { coresPerReplica: 2 } }, "spec.targets[0]: null, expected an object"],
  [
    { targets: [target("web")], linear: { coresPerReplica: "2" } },
    'spec.linear.coresPerReplica: "2", expected a number',
  ],
  [{ targets: [target("web")] }, "spec: neither linear nor ladder, expected one of them"],
])(
  "a spec that nothing can be made of, %j, is in the condition and an Event, and hurts no other",
  async (spec, problem) => {
    await autoscaler("wrong", spec as object);
    await autoscaler("size", { targets: [target("web")], linear: { coresPerReplica: 2 } }, "2026-01-06T00:00:00Z");
    expect(world.replicas("web")).toBe(3);
    expect(statusOf("wrong")?.conditions).toMatchObject([
      { type: "Ready", status: "False", reason: "InvalidSpec", message: problem, observedGeneration: 1 },
    ]);
    await world.clock.run(2_000);
    const events = world.server.objects(Event).filter(({ reason }) => reason === "InvalidSpec");
    expect(events.map(({ type, message, count }) => [type, message, count ?? 1])).toEqual([["Warning", problem, 1]]);
    await world.addDeployment("later");
    await autoscaler("late", { targets: [target("later")], linear: { coresPerReplica: 2 } });
    expect(world.replicas("later")).toBe(3);
  },
);

test("what was stored without the defaults of the API is sized as if it had them, and has its target to itself", async () => {
  await autoscaler("size", { targets: [{ name: "web" }], linear: { coresPerReplica: 2 } });
  await autoscaler("later", { targets: [target("web")], linear: { coresPerReplica: 1 } }, "2026-01-06T00:00:00Z");
  await autoscaler("few", { targets: [{ name: "dns", kind: null }], linear: { nodesPerReplica: 100 } });
  expect([world.replicas("web"), world.replicas("dns")]).toEqual([3, 1]);
  expect(statusOf("size")).toMatchObject({
    targets: [{ kind: "Deployment", name: "web", replicas: 3 }],
    conditions: [{ type: "Ready", status: "True" }],
  });
  expect(statusOf("later")?.conditions).toMatchObject([{ type: "Ready", status: "False", reason: "AmbiguousTarget" }]);
  await world.addNodes("d", "e");
  expect(world.replicas("web")).toBe(5);
});
