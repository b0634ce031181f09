import { Node, Pod } from "@bellows/api";
import {
  type FleetRequest,
  InsufficientCapacityError,
  instanceTypeOf,
  NotFoundError,
  parseInterruption,
  ThrottledError,
} from "@bellows/aws";
import { parseTimestamp, seededRandom } from "@bellows/kube";
import { describe, expect, test } from "vitest";
import { SandboxWorld } from "../kubelet/testing/sandbox-world.ts";
import { AutoScalingGroup } from "./auto-scaling-group-kind.ts";
import { Instance, interruptAnnotation } from "./instance-kind.ts";
import { SimulatedCloud } from "./simulated-cloud.ts";

async function aCloud() {
  const world = new SandboxWorld();
  const { client, cache, clock, fleet } = world;
  const cloud = new SimulatedCloud({
    client,
    cache,
    clock,
    random: seededRandom(7),
    region: "us-east-1",
    clusterName: "test",
    fleet,
  });
  await world.start();
  /** Waits for a call of the cloud in virtual time. */
  const wait = <T>(call: Promise<T>): Promise<T> => clock.settled(call, clock.now() + 60_000);
  return { world, cloud, wait };
}

const userData = `MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="//"

--//
Content-Type: application/node.eks.aws

apiVersion: node.eks.aws/v1alpha1
kind: NodeConfig
spec:
  kubelet:
    config:
      maxPods: 20
      registerWithTaints:
      - key: karpenter.sh/unregistered
        effect: NoExecute
    flags:
    - --node-labels="karpenter.sh/capacity-type=on-demand,karpenter.sh/nodepool=default"

--//--
`;

function aFleet(
  cloud: SimulatedCloud,
  overrides: readonly (readonly [type: string, zoneIndex: number])[],
  more: Partial<FleetRequest> = {},
): FleetRequest {
  return {
    count: 1,
    capacityType: "on-demand",
    tags: { "karpenter.sh/nodepool": "default" },
    launchTemplates: [
      {
        launchTemplate: {
          imageId: "ami-1",
          userData,
          instanceProfile: "node",
          securityGroupIds: ["sg-1"],
          blockDeviceMappings: [],
        },
        overrides: overrides.map(([instanceType, index]) => {
          const subnet = cloud.vpc.subnets[index];
          return { instanceType, subnetId: subnet?.id ?? "", zone: subnet?.zone ?? "" };
        }),
      },
    ],
    ...more,
  };
}

describe("CreateFleet", () => {
  test("launches the cheapest pool, and its node is Ready 35 to 45 s later with what its user data says", async () => {
    const { world, cloud, wait } = await aCloud();
    const askedAt = world.clock.now();
    const { instances, errors } = await wait(
      cloud.ec2.createFleet(
        aFleet(cloud, [
          ["m5.xlarge", 0],
          ["m5.large", 1],
          ["c5.large", 0],
        ]),
      ),
    );
    expect(errors).toEqual([]);
    expect(instances).toMatchObject([{ instanceType: "c5.large", zone: "us-east-1a", capacityType: "on-demand" }]);
    const [id = ""] = instances.map((instance) => instance.id);
    const [described] = await wait(cloud.ec2.describeInstances({ ids: [id] }));
    expect(described).toMatchObject({
      state: "pending",
      tags: { "karpenter.sh/nodepool": "default" },
      zoneId: "use1-az1",
    });
    expect(described?.privateDnsName).toMatch(/^ip-192-168-\d+-\d+\.us-east-1\.compute\.internal$/);

    await world.seconds(60);
    const node = await world.client.get(Node, { name: described?.privateDnsName ?? "" });
    expect(node.spec?.providerID).toBe(`aws:///us-east-1a/${id}`);
    expect(node.spec?.taints).toEqual([{ key: "karpenter.sh/unregistered", effect: "NoExecute" }]);
    expect(node.metadata.labels).toMatchObject({
      "karpenter.sh/nodepool": "default",
      "node.kubernetes.io/instance-type": "c5.large",
      "topology.kubernetes.io/zone": "us-east-1a",
      "topology.k8s.aws/zone-id": "use1-az1",
      "kubernetes.io/arch": "amd64",
    });
    expect(node.status?.allocatable).toMatchObject({ cpu: "1930m", pods: "20" });
    const ready = node.status?.conditions?.find(({ type }) => type === "Ready");
    expect(ready?.status).toBe("True");
    const seconds = ((parseTimestamp(ready?.lastTransitionTime) ?? 0) - askedAt) / 1000;
    expect(seconds).toBeGreaterThanOrEqual(35);
    expect(seconds).toBeLessThanOrEqual(46);
  });

  test("goes on to the next pool where one has no capacity, and says which", async () => {
    const { cloud, wait } = await aCloud();
    cloud.pools.set({ instanceType: "c5.large", remaining: 0 });
    const fleet = await wait(
      cloud.ec2.createFleet(
        aFleet(cloud, [
          ["c5.large", 0],
          ["m5.large", 1],
        ]),
      ),
    );
    expect(fleet.instances).toMatchObject([{ instanceType: "m5.large" }]);
    expect(fleet.errors).toMatchObject([
      { code: "InsufficientInstanceCapacity", instanceType: "c5.large", zone: "us-east-1a" },
    ]);
    expect(fleet.errors[0]?.message).toMatch(/^We currently do not have sufficient c5.large capacity/);
  });

  test("stops at the account's limit, and at what a zone does not sell", async () => {
    const { cloud, wait } = await aCloud();
    cloud.pools.limits = { onDemandVcpus: 3 };
    const fleet = await wait(
      cloud.ec2.createFleet(
        aFleet(
          cloud,
          [
            ["m5.large", 0],
            ["nonsense.large", 0],
          ],
          { count: 2 },
        ),
      ),
    );
    expect(fleet.instances).toHaveLength(2);
    expect(fleet.errors).toEqual([]);
    const more = await wait(
      cloud.ec2.createFleet(
        aFleet(cloud, [
          ["m5.large", 0],
          ["nonsense.large", 0],
        ]),
      ),
    );
    expect(more.errors.map(({ code }) => code)).toEqual(["VcpuLimitExceeded", "Unsupported"]);
  });

  test("answers a repeated token with the same instances", async () => {
    const { cloud, wait } = await aCloud();
    const request = aFleet(cloud, [["m5.large", 0]], { clientToken: "once" });
    const [first, second] = await wait(Promise.all([cloud.ec2.createFleet(request), cloud.ec2.createFleet(request)]));
    expect(second).toEqual(first);
    expect(await wait(cloud.ec2.describeInstances({}))).toHaveLength(1);
  });

  test("fails as it is told to", async () => {
    const { cloud, wait } = await aCloud();
    cloud.failNext("CreateFleet", new ThrottledError("RequestLimitExceeded", "Request limit exceeded."));
    await expect(wait(cloud.ec2.createFleet(aFleet(cloud, [["m5.large", 0]])))).rejects.toBeInstanceOf(ThrottledError);
    expect((await wait(cloud.ec2.createFleet(aFleet(cloud, [["m5.large", 0]])))).instances).toHaveLength(1);
  });
});

describe("an instance", () => {
  test("that is terminated takes its node with it, and gives its address back", async () => {
    const { world, cloud, wait } = await aCloud();
    const { instances } = await wait(cloud.ec2.createFleet(aFleet(cloud, [["m5.large", 0]])));
    const id = instances[0]?.id ?? "";
    await world.seconds(60);
    const free = cloud.vpc.pool(cloud.vpc.subnets[0]?.id ?? "").available;
    const [terminated] = await wait(cloud.ec2.terminateInstances([id]));
    expect(terminated).toEqual({ id, previousState: "running", currentState: "shutting-down" });
    await world.seconds(60);
    expect((await world.client.list(Node)).items).toEqual([]);
    expect(cloud.vpc.pool(cloud.vpc.subnets[0]?.id ?? "").available).toBe(free + 1);
    expect(await wait(cloud.ec2.describeInstances({}))).toEqual([]);
    expect(await wait(cloud.ec2.describeInstances({ ids: [id] }))).toMatchObject([
      { state: "terminated", stateReason: "Client.UserInitiatedShutdown" },
    ]);
    await expect(wait(cloud.ec2.terminateInstances(["i-none"]))).rejects.toBeInstanceOf(NotFoundError);
    await world.seconds(3600);
    await expect(wait(cloud.ec2.describeInstances({ ids: [id] }))).rejects.toThrow("InvalidInstanceID.NotFound");
  });

  test("on spot gets a recommendation, a notice, and is taken back two minutes after it", async () => {
    const { world, cloud, wait } = await aCloud();
    const { instances } = await wait(cloud.ec2.createFleet(aFleet(cloud, [["m5.large", 0]], { capacityType: "spot" })));
    const id = instances[0]?.id ?? "";
    await world.seconds(60);
    await cloud.interruptions.receive();
    await world.client.patch(
      Instance,
      { name: id },
      { type: "merge", body: { metadata: { annotations: { [interruptAnnotation]: "now" } } } },
    );
    const kinds = async () => {
      const messages = await cloud.interruptions.receive();
      for (const { receiptHandle } of messages) await cloud.interruptions.delete(receiptHandle);
      return messages
        .map(({ body }) => parseInterruption(body))
        .filter(({ kind }) => kind !== "noop")
        .map(({ kind }) => kind);
    };
    await world.seconds(1);
    expect(await kinds()).toEqual(["rebalance-recommendation"]);
    await world.seconds(60);
    expect(await kinds()).toEqual(["spot-interruption"]);
    await world.seconds(110);
    expect((await world.client.get(Instance, { name: id })).status?.state).toBe("running");
    await world.seconds(12);
    expect((await world.client.get(Instance, { name: id })).status).toMatchObject({
      state: "shutting-down",
      stateReason: "Server.SpotInstanceTermination",
    });
    expect(await kinds()).toEqual(["state-change"]);
  });
});

describe("an Auto Scaling group", () => {
  async function aGroup(spec: Partial<AutoScalingGroup["spec"]> = {}) {
    const made = await aCloud();
    await made.world.client.create(AutoScalingGroup, {
      metadata: { name: "ng1" },
      spec: {
        minSize: 3,
        maxSize: 6,
        desiredCapacity: 3,
        instanceTypes: ["t3.medium"],
        capacityType: "on-demand",
        subnetIds: [],
        launchTemplate: {
          imageId: "ami-1",
          userData: "",
          instanceProfile: "",
          securityGroupIds: [],
          tenancy: "default",
        },
        labels: { team: "a" },
        taints: [],
        tags: { "k8s.io/cluster-autoscaler/enabled": "true", "k8s.io/cluster-autoscaler/test": "owned" },
        suspendedProcesses: [],
        nodeGroup: "ng1",
        ...spec,
      },
    });
    await made.world.seconds(60);
    return made;
  }
  const nodes = async (world: SandboxWorld) => (await world.client.list(Node)).items;

  test("makes nodes, one in each zone, with the labels of its node group", async () => {
    const { world, cloud, wait } = await aGroup();
    const made = await nodes(world);
    expect(made.map(({ metadata }) => metadata.labels?.["topology.kubernetes.io/zone"]).sort()).toEqual([
      "us-east-1a",
      "us-east-1b",
      "us-east-1c",
    ]);
    expect(made[0]?.metadata.labels).toMatchObject({
      "eks.amazonaws.com/nodegroup": "ng1",
      "eks.amazonaws.com/capacityType": "ON_DEMAND",
      team: "a",
    });
    const [group] = await wait(
      cloud.autoScaling.describeAutoScalingGroups({ tags: { "k8s.io/cluster-autoscaler/enabled": "*" } }),
    );
    expect(group).toMatchObject({ name: "ng1", desiredCapacity: 3 });
    expect(group?.instances.map(({ lifecycleState }) => lifecycleState)).toEqual([
      "InService",
      "InService",
      "InService",
    ]);
    expect((await world.client.get(AutoScalingGroup, { name: "ng1" })).status).toMatchObject({
      replicas: 3,
      inService: 3,
    });
  });

  test("grows at once to what is asked for, within its bounds", async () => {
    const { world, cloud, wait } = await aGroup();
    await expect(wait(cloud.autoScaling.setDesiredCapacity("ng1", 7))).rejects.toThrow(
      "New SetDesiredCapacity value 7 is above max value 6",
    );
    await wait(cloud.autoScaling.setDesiredCapacity("ng1", 5));
    await world.seconds(60);
    expect(await nodes(world)).toHaveLength(5);
    const activities = await wait(cloud.autoScaling.describeScalingActivities("ng1"));
    expect(activities[0]?.description).toMatch(/^Launching a new EC2 instance: i-/);
    expect(activities[0]?.cause).toContain("increasing the capacity from 3 to 5");
  });

  test("replaces an instance that was terminated, unless its capacity was lowered with it", async () => {
    const { world, cloud, wait } = await aGroup();
    const [first, second] = await wait(cloud.ec2.describeInstances({ tags: { "aws:autoscaling:groupName": "ng1" } }));
    await wait(cloud.ec2.terminateInstances([first?.id ?? ""]));
    await world.seconds(120);
    expect(await nodes(world)).toHaveLength(3);
    await expect(
      wait(cloud.autoScaling.terminateInstanceInAutoScalingGroup(second?.id ?? "", { decrementDesiredCapacity: true })),
    ).rejects.toThrow("Terminating instance without replacement will violate group's min size constraint");
    await wait(cloud.autoScaling.updateAutoScalingGroup("ng1", { minSize: 1 }));
    await wait(
      cloud.autoScaling.terminateInstanceInAutoScalingGroup(second?.id ?? "", { decrementDesiredCapacity: true }),
    );
    await world.seconds(120);
    expect(await nodes(world)).toHaveLength(2);
  });

  test("drains a node, pod by pod, before its instance leaves", async () => {
    const { world, cloud, wait } = await aGroup({ minSize: 1 });
    for (const { metadata } of await nodes(world)) {
      const terminationGracePeriodSeconds = 20;
      const containers = [
        { name: "main", image: "busybox:1.28", command: ["sh", "-c", "while true; do sleep 1; done"] },
      ];
      await world.createPod(`on-${metadata.name}`, {
        nodeName: metadata.name,
        containers,
        terminationGracePeriodSeconds,
      });
    }
    await world.seconds(10);
    await wait(cloud.autoScaling.setDesiredCapacity("ng1", 2));
    await world.seconds(10);
    const cordoned = (await nodes(world)).filter(({ spec }) => spec?.unschedulable);
    expect(cordoned).toHaveLength(1);
    const leaving = (await world.client.list(Instance)).items.find(
      ({ status }) => status?.lifecycleState === "Terminating:Wait",
    );
    expect(leaving?.status?.state).toBe("running");
    expect((await world.pod(`on-${cordoned[0]?.metadata.name}`)).metadata.deletionTimestamp).toBeDefined();
    await world.seconds(120);
    expect(await nodes(world)).toHaveLength(2);
    expect((await world.client.list(Pod)).items).toHaveLength(2);
  });

  test("says why it cannot launch, and tries again", async () => {
    const { world, cloud, wait } = await aGroup();
    cloud.pools.set({ instanceType: "t3.*", remaining: 0 });
    await wait(cloud.autoScaling.setDesiredCapacity("ng1", 4));
    await world.seconds(60);
    const [activity] = await wait(cloud.autoScaling.describeScalingActivities("ng1"));
    expect(activity).toMatchObject({ statusCode: "Failed" });
    expect(activity?.statusMessage).toContain("do not have sufficient t3.medium capacity");
    cloud.pools.clear({ instanceType: "t3.*" });
    await world.seconds(90);
    expect(await nodes(world)).toHaveLength(4);
  });
});

describe("what a node class asks about", () => {
  test("subnets and groups are found by the discovery tag of any cluster, images by their SSM parameters", async () => {
    const { cloud, wait } = await aCloud();
    const terms = [{ tags: { "karpenter.sh/discovery": "myeks2" } }];
    expect((await wait(cloud.ec2.describeSubnets(terms))).map(({ zone }) => zone).sort()).toEqual([
      "us-east-1a",
      "us-east-1b",
      "us-east-1c",
    ]);
    expect(await wait(cloud.ec2.describeSecurityGroups(terms))).toHaveLength(1);
    expect(await wait(cloud.ec2.describeSubnets([{ tags: { other: "x" } }]))).toEqual([]);
    const path = "/aws/service/eks/optimized-ami/1.35/amazon-linux-2023/x86_64/standard/recommended/image_id";
    const id = await wait(cloud.parameters.get(path));
    const [image] = await wait(cloud.ec2.describeImages([{ id }]));
    expect(image).toMatchObject({
      name: "amazon-eks-node-al2023-x86_64-standard-1.35-v20260105",
      architecture: "x86_64",
      state: "available",
    });
    const byName = await wait(
      cloud.ec2.describeImages([{ name: "amazon-eks-node-al2023-x86_64-standard-*", owner: "amazon" }]),
    );
    expect(byName.map(({ name }) => name.slice(-8))).toEqual(["20260105", "20251206"]);
    await expect(wait(cloud.parameters.get("/nothing"))).rejects.toBeInstanceOf(NotFoundError);
  });

  test("prices cover every type of the region", async () => {
    const { cloud, wait } = await aCloud();
    const prices = await wait(cloud.pricing.onDemandPrices());
    expect(prices.get("m5.large")).toBe(instanceTypeOf("m5.large")?.onDemandUsdPerHour);
    expect((await wait(cloud.pricing.spotPrices())).length).toBeGreaterThan(1000);
  });
});

test("a capacity error is a class of its own", () => {
  expect(new InsufficientCapacityError("InsufficientInstanceCapacity", "none")).toMatchObject({
    code: "InsufficientInstanceCapacity",
  });
});
