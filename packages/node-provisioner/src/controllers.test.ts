import { Node, NodeClaim, NodePool, Pod } from "@bellows/api";
import { cloudError } from "@bellows/aws";
import { failure } from "@bellows/kube/testing";
import { describe, expect, test } from "vitest";
import { aNodeClass, aNodePool, aPod, ProvisionerWorld } from "./testing/provisioner-world.ts";

async function aWorld(pool = aNodePool()): Promise<ProvisionerWorld> {
  const world = new ProvisionerWorld();
  await world.start();
  await world.apply(aNodeClass(), pool);
  return world;
}

describe("pods that fit on no node", () => {
  test("get one node that fits them all, which is registered, initialized and taken away when it is empty", async () => {
    const world = await aWorld();
    for (const name of ["a", "b", "c"]) await world.apply(aPod(name));
    await world.run(3_000);
    expect(world.cloud.running.map(({ instanceType }) => instanceType)).toEqual(["c5.xlarge"]);
    const [claim] = await world.claims();
    const name = claim?.metadata.name as string;
    expect(await world.conditionOf(name, "Launched")).toBe("True");
    expect(await world.conditionOf(name, "Registered")).toBe("Unknown");
    expect(await world.eventsOf("a")).toEqual([`Nominated: Pod should schedule on: nodeclaim/${name}`]);

    await world.join();
    const [node] = await world.nodes();
    expect(node?.metadata.labels).toMatchObject({
      "karpenter.sh/nodepool": "default",
      "karpenter.sh/registered": "true",
      "karpenter.sh/initialized": "true",
      "karpenter.k8s.aws/instance-family": "c5",
    });
    expect(node?.spec?.taints).toEqual([]);
    expect(node?.metadata.finalizers).toEqual(["karpenter.sh/termination"]);
    expect(await world.conditionOf(name, "Ready")).toBe("True");

    for (const pod of ["a", "b", "c"]) await world.bind(pod, node?.metadata.name as string);
    await world.run(60_000);
    expect(world.cloud.running).toHaveLength(1);
    for (const pod of ["a", "b", "c"]) await world.client.delete(Pod, { namespace: "default", name: pod });
    await world.run(25_000);
    expect(world.cloud.running).toHaveLength(1);
    await world.run(40_000);
    expect(world.cloud.running).toHaveLength(0);
    expect(await world.nodes()).toEqual([]);
    expect(await world.claims()).toEqual([]);
    expect(world.messages()).toEqual([
      "found provisionable pod(s)",
      "computed new nodeclaim(s) to fit pod(s)",
      "created nodeclaim",
      "launched nodeclaim",
      "registered nodeclaim",
      "initialized nodeclaim",
      "disrupting node(s)",
      "deleted node",
      "deleted nodeclaim",
    ]);
  });

  test("are not given a second node while the first one starts", async () => {
    const world = await aWorld();
    await world.apply(aPod("a"), aPod("b"));
    await world.run(60_000);
    await world.apply(aPod("c", { cpu: "10m" }));
    await world.run(60_000);
    expect(world.cloud.fleets).toHaveLength(1);
  });

  test("are told why where no pool can have them, once", async () => {
    const world = await aWorld(aNodePool({ limits: { cpu: "1" } }));
    await world.apply(aPod("a"));
    await world.run(120_000);
    expect(await world.eventsOf("a")).toEqual([
      "FailedScheduling: Failed to schedule pod, all available instance types exceed limits for nodepool (NodePool=default)",
    ]);
    expect(world.cloud.fleets).toHaveLength(0);
  });

  test("get their node once a pool is there", async () => {
    const world = new ProvisionerWorld();
    await world.start();
    await world.apply(aPod("a"));
    await world.run(30_000);
    expect(world.messages()).toEqual(["no dynamic nodepools found"]);
    await world.apply(aNodeClass(), aNodePool());
    await world.run(15_000);
    expect(world.cloud.running).toHaveLength(1);
  });
});

describe("a cloud that fails", () => {
  test("out of capacity: another claim is made without the pools that had none", async () => {
    const world = await aWorld(
      aNodePool({}, [
        { key: "karpenter.sh/capacity-type", operator: "In", values: ["on-demand"] },
        { key: "node.kubernetes.io/instance-type", operator: "In", values: ["c5.large", "m5.large"] },
        { key: "topology.kubernetes.io/zone", operator: "In", values: ["us-east-1a"] },
      ]),
    );
    world.cloud.empty.add("c5.large/us-east-1a/on-demand").add("m5.large/us-east-1a/on-demand");
    await world.apply(aPod("a"));
    await world.run(8_000);
    expect(world.messages()).toContain("failed launching nodeclaim");
    expect(await world.claims()).toEqual([]);
    expect(world.cloud.fleets).toHaveLength(1);
    world.cloud.empty.clear();
    await world.run(200_000);
    expect(world.cloud.running).toHaveLength(1);
  });

  test("throttled: the claim says so and is launched later, once", async () => {
    const world = await aWorld();
    world.cloud.failures.push(
      cloudError("RequestLimitExceeded", "slow down"),
      cloudError("RequestLimitExceeded", "slow"),
    );
    await world.apply(aPod("a"));
    await world.run(3_000);
    const [claim] = await world.claims();
    expect(claim?.status?.conditions?.find(({ type }) => type === "Launched")).toMatchObject({
      status: "Unknown",
      reason: "RequestLimitExceeded",
    });
    await world.run(20_000);
    expect(await world.claims()).toHaveLength(1);
    expect(world.cloud.running).toHaveLength(1);
  });

  test("a node that never joins is given up after 15 minutes", async () => {
    const world = await aWorld();
    await world.apply(aPod("a"));
    await world.run(5_000);
    const [first] = await world.claims();
    await world.run(15 * 60_000 + 30_000);
    const left = await world.claims();
    expect(left.map(({ metadata }) => metadata.name)).not.toContain(first?.metadata.name);
    expect(world.cloud.running).toHaveLength(1);
  });
});

describe("a crash", () => {
  test("between launch and its record: the instance is found again, and no second one launched", async () => {
    const world = await aWorld();
    world.cluster.intercept = ({ method, path }) =>
      method === "PATCH" && path.includes("/nodeclaims/") ? failure(500, "InternalError", "down") : undefined;
    await world.apply(aPod("a"));
    await world.run(3_000);
    expect(world.cloud.running).toHaveLength(1);
    await world.stop();
    world.cluster.intercept = () => undefined;
    await world.start();
    await world.run(5_000);
    expect(world.cloud.running).toHaveLength(1);
    const [claim] = await world.claims();
    expect(claim?.status?.providerID).toBe(`aws:///${world.cloud.running[0]?.zone}/${world.cloud.running[0]?.id}`);
  });

  test("an instance whose claim is gone is ended", async () => {
    const world = await aWorld();
    await world.apply(aPod("a"));
    await world.run(5_000);
    await world.stop();
    const [claim] = await world.claims();
    const key = { name: claim?.metadata.name as string };
    await world.client.patch(NodeClaim, key, { type: "merge", body: { metadata: { finalizers: [] } } });
    await world.client.delete(NodeClaim, key);
    await world.client.delete(Pod, { namespace: "default", name: "a" });
    await world.start();
    await world.run(5 * 60_000);
    expect(world.cloud.running).toHaveLength(0);
  });

  test("in the middle of a termination is made good by the next start", async () => {
    const world = await aWorld();
    await world.apply(aPod("a"));
    await world.run(5_000);
    await world.join();
    const [node] = await world.nodes();
    await world.bind("a", node?.metadata.name as string);
    await world.client.delete(Node, { name: node?.metadata.name as string });
    await world.stop();
    await world.start();
    await world.run(60_000);
    expect(await world.nodes()).toEqual([]);
    expect(await world.claims()).toEqual([]);
    expect(world.cloud.running).toHaveLength(0);
  });
});

describe("taking nodes away", () => {
  async function withNode(pool = aNodePool()): Promise<{ world: ProvisionerWorld; node: string; claim: string }> {
    const world = await aWorld(pool);
    await world.apply(aPod("a"));
    await world.run(5_000);
    await world.join();
    const [node] = await world.nodes();
    const [claim] = await world.claims();
    await world.bind("a", node?.metadata.name as string);
    return { world, node: node?.metadata.name as string, claim: claim?.metadata.name as string };
  }

  test("a budget of nought keeps an empty node, and says so", async () => {
    const { world } = await withNode(
      aNodePool({
        disruption: { consolidationPolicy: "WhenEmpty", consolidateAfter: "30s", budgets: [{ nodes: "0" }] },
      }),
    );
    await world.client.delete(Pod, { namespace: "default", name: "a" });
    await world.run(120_000);
    expect(world.cloud.running).toHaveLength(1);
    expect(await world.eventsOf("default")).toEqual([
      "DisruptionBlocked: No allowed disruptions for disruption reason Empty due to blocking budget",
    ]);
  });

  test("consolidateAfter Never keeps an empty node", async () => {
    const { world } = await withNode(
      aNodePool({
        disruption: { consolidationPolicy: "WhenEmpty", consolidateAfter: "Never", budgets: [{ nodes: "100%" }] },
      }),
    );
    await world.client.delete(Pod, { namespace: "default", name: "a" });
    await world.run(600_000);
    expect(world.cloud.running).toHaveLength(1);
  });

  test("a node with do-not-disrupt is kept", async () => {
    const { world, node } = await withNode();
    const body = { metadata: { annotations: { "karpenter.sh/do-not-disrupt": "true" } } };
    await world.client.patch(Node, { name: node }, { type: "merge", body });
    await world.client.delete(Pod, { namespace: "default", name: "a" });
    await world.run(120_000);
    expect(world.cloud.running).toHaveLength(1);
    expect(await world.eventsOf(node)).toContain(
      'DisruptionBlocked: Disruption is blocked through the "karpenter.sh/do-not-disrupt" annotation',
    );
  });

  test("a node that was kept goes once nothing keeps it, though nobody tells", async () => {
    const { world, node } = await withNode();
    const annotate = (value: string | null) =>
      world.client.patch(
        Node,
        { name: node },
        { type: "merge", body: { metadata: { annotations: { "karpenter.sh/do-not-disrupt": value } } } },
      );
    await annotate("true");
    await world.client.delete(Pod, { namespace: "default", name: "a" });
    await world.run(120_000);
    await annotate(null);
    await world.run(60_000);
    expect(world.cloud.running).toEqual([]);
  });

  test("a budget for disruptions holds a pod on the node until it allows the eviction", async () => {
    const { world, node } = await withNode();
    world.cluster.intercept = ({ path }) =>
      path.endsWith("/eviction") ? failure(429, "TooManyRequests", "Cannot evict pod") : undefined;
    await world.client.delete(Node, { name: node });
    await world.run(30_000);
    // Nothing was ended while the pod was there.
    expect(world.cloud.instances.get(node.split(".")[0] as string)?.state).toBe("running");
    expect(await world.eventsOf(node)).toContain(
      "FailedDraining: Failed to drain node, evicting pod violates a PDB (Pod=default/a)",
    );
    world.cluster.intercept = () => undefined;
    await world.run(60_000);
    expect((await world.nodes()).map(({ metadata }) => metadata.name)).not.toContain(node);
  });

  test("a claim that is old enough expires", async () => {
    const pool = aNodePool();
    pool[1].spec.template.spec.expireAfter = "1h";
    const { world, claim } = await withNode(pool);
    await world.run(3_600_000);
    await world.run(120_000);
    expect((await world.claims()).map(({ metadata }) => metadata.name)).not.toContain(claim);
  });
});

test("a pool says what its nodes add up to", async () => {
  const world = await aWorld();
  await world.apply(aPod("a"));
  await world.run(5_000);
  const pool = await world.client.get(NodePool, { name: "default" });
  expect(pool.status?.nodes).toBe(1);
  expect(pool.status?.resources).toMatchObject({ cpu: "2", nodes: "1" });
});
