import {
  ConfigMap,
  Deployment,
  EndpointSlice,
  Endpoints,
  Namespace,
  Node,
  Pod,
  PodDisruptionBudget,
  ReplicaSet,
  ResourceQuota,
  ServiceAccount,
} from "@bellows/api";
import { isNotFound } from "@bellows/kube";
import { describe, expect, test } from "vitest";
import { aDeployment, addNode, aNode, podTemplate, startWorld, type World } from "../world.fixture.ts";

const inDefault = { namespace: "default" };
const web = { ...inDefault, name: "web" };

describe("garbage collection", () => {
  test("background: what a Deployment owned goes after it", async () => {
    const world = await startWorld();
    await world.apply(aDeployment("web", 2));
    await world.run(10);
    await world.client.delete(Deployment, web, { propagationPolicy: "Background" });
    expect(await world.client.find(Deployment, web)).toBeUndefined();
    await world.run(10);
    expect((await world.client.list(ReplicaSet, inDefault)).items).toEqual([]);
    expect(await world.pods()).toEqual([]);
    await world.stop();
  });

  test("foreground: the Deployment goes last", async () => {
    const world = await startWorld();
    await world.apply(aDeployment("web", 2));
    await world.run(10);
    await world.client.delete(Deployment, web, { propagationPolicy: "Foreground" });
    await world.run(0.5);
    expect(await world.pods()).toHaveLength(2);
    expect((await world.client.get(Deployment, web)).metadata.finalizers).toEqual(["foregroundDeletion"]);
    await world.run(10);
    expect(await world.pods()).toEqual([]);
    expect(await world.client.find(Deployment, web)).toBeUndefined();
    await world.stop();
  });

  test("orphan: the ReplicaSet stays, with no owner, and is adopted by a new Deployment", async () => {
    const world = await startWorld();
    await world.apply(aDeployment("web", 2));
    await world.run(10);
    await world.client.delete(Deployment, web, { propagationPolicy: "Orphan" });
    await world.run(5);
    expect(await world.client.find(Deployment, web)).toBeUndefined();
    const [orphan] = (await world.client.list(ReplicaSet, inDefault)).items;
    expect(orphan?.metadata.ownerReferences ?? []).toEqual([]);
    expect(await world.pods()).toHaveLength(2);
    await world.apply(aDeployment("web", 2));
    await world.run(5);
    const sets = (await world.client.list(ReplicaSet, inDefault)).items;
    expect(sets.map(({ metadata }) => [metadata.uid, metadata.ownerReferences?.[0]?.name])).toEqual([
      [orphan?.metadata.uid, "web"],
    ]);
    await world.stop();
  });

  test("an object whose owner does not exist is deleted", async () => {
    const world = await startWorld();
    const ownerReferences = [{ apiVersion: "apps/v1", kind: "Deployment", name: "never", uid: "no-such-uid" }];
    await world.apply({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "left", ownerReferences } });
    await world.run(5);
    expect(await world.client.find(ConfigMap, { ...inDefault, name: "left" })).toBeUndefined();
    await world.stop();
  });
});

test("a namespace comes with its ServiceAccount and certificate, and takes its content along", async () => {
  const world = await startWorld({ rootCa: "-----BEGIN CERTIFICATE-----" });
  await world.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: "team" } });
  await world.run(2);
  expect(await world.client.find(ServiceAccount, { namespace: "team", name: "default" })).toBeDefined();
  const ca = await world.client.get(ConfigMap, { namespace: "team", name: "kube-root-ca.crt" });
  expect(ca.data).toEqual({ "ca.crt": "-----BEGIN CERTIFICATE-----" });
  await world.apply({ ...aDeployment("web", 2), metadata: { name: "web", namespace: "team" } });
  await world.run(10);
  await world.client.delete(Namespace, { name: "team" });
  await world.run(0.5);
  const terminating = await world.client.get(Namespace, { name: "team" });
  expect(terminating.status?.phase).toBe("Terminating");
  const remaining = terminating.status?.conditions?.find(({ type }) => type === "NamespaceContentRemaining");
  expect(remaining).toMatchObject({
    status: "True",
    reason: "SomeResourcesRemain",
    message: "Some resources are remaining: pods. has 2 resource instances",
  });
  await world.run(20);
  expect(await world.client.find(Namespace, { name: "team" })).toBeUndefined();
  expect(await world.pods("team")).toEqual([]);
  await world.stop();
});

const evict = (world: World, { metadata: { name, namespace = "" } }: Pod) =>
  world.client.createSub(Pod, { namespace, name }, "eviction", {
    apiVersion: "policy/v1",
    kind: "Eviction",
    metadata: { name, namespace },
  });

test("a drain waits for a PodDisruptionBudget", async () => {
  const world = await startWorld();
  await world.apply(aDeployment("web", 3), {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: { name: "web" },
    spec: { maxUnavailable: 1, selector: { matchLabels: { app: "web" } } },
  });
  await world.run(10);
  expect((await world.client.get(PodDisruptionBudget, web)).status).toMatchObject({
    expectedPods: 3,
    currentHealthy: 3,
    desiredHealthy: 2,
    disruptionsAllowed: 1,
    observedGeneration: 1,
    conditions: [{ type: "DisruptionAllowed", status: "True", reason: "SufficientPods" }],
  });
  const [first, second] = await world.pods();
  await evict(world, first as Pod);
  await expect(evict(world, second as Pod)).rejects.toThrow(/disruption budget/);
  await world.run(10);
  await evict(world, second as Pod);
  await world.run(10);
  expect((await world.client.get(PodDisruptionBudget, web)).status).toMatchObject({
    currentHealthy: 3,
    disruptionsAllowed: 1,
  });
  await world.stop();
});

test("Services get Endpoints and EndpointSlices that follow readiness", async () => {
  const world = await startWorld({ neverReady: ({ metadata }) => metadata.name === "sick" });
  await world.apply(
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "web", labels: { team: "x" } },
      spec: { selector: { app: "web" }, ports: [{ name: "http", port: 80, targetPort: "http" }] },
    },
    ...["well", "sick"].map((name) => ({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name, labels: { app: "web" } },
      spec: { containers: [{ name: "main", image: "nginx", ports: [{ name: "http", containerPort: 8080 }] }] },
    })),
  );
  await world.run(10);
  const pods = await world.pods();
  const ipOf = (name: string) => pods.find(({ metadata }) => metadata.name === name)?.status?.podIP;
  const { subsets, metadata } = await world.client.get(Endpoints, web);
  expect(metadata.labels).toEqual({ team: "x", "endpoints.kubernetes.io/managed-by": "endpoint-controller" });
  expect(subsets).toMatchObject([
    {
      addresses: [{ ip: ipOf("well"), targetRef: { kind: "Pod", name: "well" } }],
      notReadyAddresses: [{ ip: ipOf("sick") }],
      ports: [{ name: "http", port: 8080, protocol: "TCP" }],
    },
  ]);
  const [slice] = (await world.client.list(EndpointSlice, inDefault)).items;
  expect(slice?.metadata.name).toMatch(/^web-\w{5}$/);
  expect(slice?.metadata.labels).toMatchObject({
    "kubernetes.io/service-name": "web",
    "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
  });
  expect(slice?.addressType).toBe("IPv4");
  expect(slice?.endpoints?.map(({ addresses, conditions, zone }) => [addresses[0], conditions, zone])).toEqual([
    [ipOf("well"), { ready: true, serving: true, terminating: false }, "us-east-1a"],
    [ipOf("sick"), { ready: false, serving: false, terminating: false }, "us-east-1a"],
  ]);
  await world.client.delete(Pod, { ...inDefault, name: "well" });
  await world.run(0.1);
  const [later] = (await world.client.list(EndpointSlice, inDefault)).items;
  expect(later?.endpoints?.[0]?.conditions).toEqual({ ready: false, serving: true, terminating: true });
  await world.stop();
});

describe("nodes", () => {
  test("a silent node is tainted, and its pods move after five minutes", async () => {
    const world = await startWorld({ nodes: [aNode("node-a"), aNode("node-b")] });
    await world.apply(aDeployment("web", 2));
    await world.run(10);
    await world.client.patch(
      Node,
      { name: "node-a" },
      { type: "merge", body: { metadata: { labels: { "test/silent": "1" } } } },
    );
    await world.run(70);
    const node = await world.client.get(Node, { name: "node-a" });
    expect(node.status?.conditions?.find(({ type }) => type === "Ready")).toMatchObject({
      status: "Unknown",
      reason: "NodeStatusUnknown",
      message: "Kubelet stopped posting node status.",
    });
    expect(node.spec?.taints?.map(({ key, effect }) => `${key}:${effect}`)).toEqual([
      "node.kubernetes.io/unreachable:NoSchedule",
      "node.kubernetes.io/unreachable:NoExecute",
    ]);
    expect((await world.client.get(Deployment, web)).status?.readyReplicas).toBe(1);
    expect(await world.eventsOf("node-a")).toContain("NodeNotReady: Node node-a status is now: NodeNotReady");
    await world.run(310);
    expect((await world.client.get(Deployment, web)).status?.readyReplicas).toBe(2);
    const doomed = (await world.pods()).find(({ spec }) => spec?.nodeName === "node-a");
    expect(doomed?.metadata.deletionTimestamp).toBeDefined();
    // The instance is gone for good: so are its pods.
    await world.client.delete(Node, { name: "node-a" });
    await world.run(60);
    expect((await world.pods()).map(({ spec }) => spec?.nodeName)).toEqual(["node-b", "node-b"]);
    await world.stop();
  });

  test("a cordoned node carries the taint of it", async () => {
    const world = await startWorld();
    await world.client.patch(Node, { name: "node-a" }, { type: "merge", body: { spec: { unschedulable: true } } });
    await world.run(1);
    const taints = (await world.client.get(Node, { name: "node-a" })).spec?.taints;
    expect(taints).toMatchObject([{ key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" }]);
    await world.client.patch(Node, { name: "node-a" }, { type: "merge", body: { spec: { unschedulable: null } } });
    await world.run(1);
    expect((await world.client.get(Node, { name: "node-a" })).spec?.taints ?? []).toEqual([]);
    await world.stop();
  });
});

test("a ResourceQuota tells what is used", async () => {
  const world = await startWorld();
  await world.apply(
    {
      apiVersion: "v1",
      kind: "ResourceQuota",
      metadata: { name: "all" },
      spec: { hard: { pods: "10", "requests.cpu": "2", "count/deployments.apps": "5", services: "1" } },
    },
    aDeployment("web", 3),
  );
  await world.run(10);
  expect((await world.client.get(ResourceQuota, { ...inDefault, name: "all" })).status?.used).toEqual({
    pods: "3",
    "requests.cpu": "300m",
    "count/deployments.apps": "1",
    services: "0",
  });
  await world.stop();
});

describe("scheduling", () => {
  const aPod = (name: string, cpu: string, spec: object = {}, labels = {}) => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, labels },
    spec: { ...podTemplate("x", "nginx", cpu).spec, ...spec },
  });

  test("with no node the pod waits, and starts when one comes", async () => {
    const world = await startWorld({ nodes: [] });
    await world.apply(aPod("p", "1"));
    await world.run(2);
    const [waiting] = await world.pods();
    expect(waiting?.status?.conditions?.find(({ type }) => type === "PodScheduled")).toMatchObject({
      status: "False",
      reason: "Unschedulable",
      message: "no nodes available to schedule pods",
    });
    expect(await world.eventsOf("p")).toEqual(["FailedScheduling: no nodes available to schedule pods"]);
    await addNode(world.client, aNode("late"));
    await world.run(3);
    expect((await world.pods())[0]?.spec?.nodeName).toBe("late");
    await world.stop();
  });

  test("the reasons are counted over nodes", async () => {
    const tainted = { ...aNode("node-t"), spec: { taints: [{ key: "a", effect: "NoSchedule" }] } };
    const world = await startWorld({ nodes: [aNode("node-a", "2"), aNode("node-b", "2"), tainted] });
    await world.apply(aPod("big", "3"), aPod("fill-a", "1500m"), aPod("fill-b", "1500m"), aPod("more", "1"));
    await world.run(2);
    expect(await world.eventsOf("big")).toEqual([
      "FailedScheduling: 0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 Insufficient cpu. " +
        "no new claims to deallocate, preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.",
    ]);
    expect(await world.eventsOf("more")).toEqual([
      "FailedScheduling: 0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 Insufficient cpu. " +
        "no new claims to deallocate, preemption: 0/3 nodes are available: 1 Preemption is not helpful for scheduling, 2 No preemption victims found for incoming pod.",
    ]);
    await world.stop();
  });

  test("a pod of higher priority takes the place of a lesser one, sparing what a budget protects", async () => {
    const world = await startWorld({ nodes: [aNode("node-a", "1"), aNode("node-b", "1")] });
    await world.apply(
      { apiVersion: "scheduling.k8s.io/v1", kind: "PriorityClass", metadata: { name: "high" }, value: 1000 },
      {
        apiVersion: "policy/v1",
        kind: "PodDisruptionBudget",
        metadata: { name: "guard" },
        spec: { minAvailable: 1, selector: { matchLabels: { app: "guarded" } } },
      },
      aPod("guarded", "900m", {}, { app: "guarded" }),
      aPod("plain", "900m", {}, { app: "plain" }),
    );
    await world.run(5);
    await world.apply(aPod("urgent", "900m", { priorityClassName: "high" }));
    await world.run(0.5);
    const victim = (await world.pods()).find(({ metadata }) => metadata.deletionTimestamp);
    expect(victim?.metadata.name).toBe("plain");
    expect(victim?.status?.conditions?.find(({ type }) => type === "DisruptionTarget")).toMatchObject({
      status: "True",
      reason: "PreemptionByScheduler",
      message: "default-scheduler: preempting to accommodate a higher priority pod",
    });
    const urgent = await world.client.get(Pod, { ...inDefault, name: "urgent" });
    expect(urgent.status?.nominatedNodeName).toBe(victim?.spec?.nodeName);
    await world.run(10);
    const placed = await world.client.get(Pod, { ...inDefault, name: "urgent" });
    expect(placed.spec?.nodeName).toBe(victim?.spec?.nodeName);
    expect(await world.eventsOf("plain")).toContain(
      `Preempted: Preempted by pod ${urgent.metadata.uid} on node ${victim?.spec?.nodeName}`,
    );
    await expect(world.client.get(Pod, { ...inDefault, name: "plain" })).rejects.toSatisfy(isNotFound);
    await world.stop();
  });

  test("a gated pod waits for its gates", async () => {
    const world = await startWorld();
    await world.apply(aPod("gated", "1", { schedulingGates: [{ name: "example.com/hold" }] }));
    await world.run(2);
    expect((await world.pods())[0]?.spec?.nodeName).toBeUndefined();
    expect(await world.eventsOf("gated")).toEqual([]);
    await world.client.patch(
      Pod,
      { ...inDefault, name: "gated" },
      { type: "merge", body: { spec: { schedulingGates: null } } },
    );
    await world.run(2);
    expect((await world.pods())[0]?.spec?.nodeName).toBeDefined();
    await world.stop();
  });
});
