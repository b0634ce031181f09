import { Event, Lease, Node, Pod } from "@bellows/api";
import { describe, expect, test } from "vitest";
import { SandboxWorld } from "./testing/sandbox-world.ts";

async function aWorld() {
  const world = await new SandboxWorld().start();
  await world.fleet.add(world.machine());
  await world.seconds(10);
  return world;
}

async function eventsOf(world: SandboxWorld, name: string) {
  const { items } = await world.client.list(Event, { fieldSelector: `involvedObject.name=${name}` });
  return items.map((event) => `${event.type} ${event.reason} ${event.message}`);
}

describe("a node", () => {
  test("registers tainted and not ready, and becomes ready when its network is there", async () => {
    const world = await new SandboxWorld().start();
    await world.fleet.add(world.machine());
    const before = await world.client.get(Node, { name: "node-1" });
    expect(before.spec?.taints).toEqual([{ key: "node.kubernetes.io/not-ready", effect: "NoSchedule" }]);
    expect(before.spec?.providerID).toBe("aws:///us-east-1a/i-node-1");
    expect(before.status?.allocatable).toMatchObject({ cpu: "1930m", memory: "6903Mi", pods: "29" });
    const ready = before.status?.conditions?.find(({ type }) => type === "Ready");
    expect(ready).toMatchObject({ status: "False", reason: "KubeletNotReady" });
    expect(ready?.message).toContain("cni plugin not initialized");

    await world.seconds(10);
    const after = await world.client.get(Node, { name: "node-1" });
    expect(after.spec?.taints ?? []).toEqual([]);
    expect(after.status?.conditions?.find(({ type }) => type === "Ready")).toMatchObject({
      status: "True",
      reason: "KubeletReady",
      message: "kubelet is posting ready status",
    });
    expect(await eventsOf(world, "node-1")).toContain("Normal NodeReady Node node-1 status is now: NodeReady");
  });

  test("renews its lease every ten seconds until its machine is gone", async () => {
    const world = await aWorld();
    const renewed = async () =>
      (await world.client.get(Lease, { namespace: "kube-node-lease", name: "node-1" })).spec?.renewTime;
    const first = await renewed();
    await world.seconds(10);
    const second = await renewed();
    expect(Date.parse(second ?? "") - Date.parse(first ?? "")).toBe(10_000);
    world.fleet.remove("node-1");
    await world.seconds(60);
    expect(await renewed()).toBe(second);
  });

  test("is taken over, with its pods, by a process that starts later", async () => {
    const world = await aWorld();
    await world.createPod("web");
    await world.seconds(10);
    const before = await world.pod("web");
    world.fleet.remove("node-1");
    await world.fleet.add({ ...world.machine(), internalIp: before.status?.hostIP ?? "" });
    await world.seconds(10);
    const after = await world.pod("web");
    expect(after.status).toEqual(before.status);
    await world.client.delete(Pod, { namespace: "default", name: "web" });
    await world.seconds(5);
    await expect(world.pod("web")).rejects.toMatchObject({ code: 404 });
  });
});

describe("a pod", () => {
  test("pulls, starts and is ready, with the events of each step", async () => {
    const world = await aWorld();
    await world.createPod("web");
    await world.seconds(0.2);
    const creating = await world.pod("web");
    expect(creating.status).toMatchObject({ phase: "Pending", hostIP: "192.168.0.4", startTime: world.now() });
    expect(creating.status?.containerStatuses?.[0]).toMatchObject({
      state: { waiting: { reason: "ContainerCreating" } },
      ready: false,
      image: "nginx:1.27",
    });
    await world.seconds(5);
    const running = await world.pod("web");
    expect(running.status?.phase).toBe("Running");
    expect(running.status?.podIP).toMatch(/^192\.168\.\d+\.\d+$/);
    expect(running.status?.containerStatuses?.[0]).toMatchObject({
      ready: true,
      started: true,
      restartCount: 0,
      image: "docker.io/library/nginx:1.27",
      allocatedResources: { cpu: "100m", memory: "64Mi" },
      resources: { requests: { cpu: "100m", memory: "64Mi" } },
    });
    const conditions = running.status?.conditions?.map(({ type, status }) => `${type}=${status}`);
    for (const type of ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady"])
      expect(conditions).toContain(`${type}=True`);
    const events = await eventsOf(world, "web");
    expect(events.slice(-4)).toEqual([
      'Normal Pulling Pulling image "nginx:1.27"',
      expect.stringMatching(
        /^Normal Pulled Successfully pulled image "nginx:1.27" in [\d.]+s \([\d.]+s including waiting\)\. Image size: 72324501 bytes\.$/,
      ),
      "Normal Created Container created",
      "Normal Started Container started",
    ]);
  });

  test("finds an image that is there", async () => {
    const world = await aWorld();
    await world.createPod("first");
    await world.seconds(10);
    await world.createPod("second");
    await world.seconds(2);
    expect((await world.pod("second")).status?.phase).toBe("Running");
    expect(await eventsOf(world, "second")).toContain(
      'Normal Pulled Container image "nginx:1.27" already present on machine and can be accessed by the pod',
    );
  });

  test("is refused where it does not fit", async () => {
    const world = await aWorld();
    await world.createPod("big", {
      containers: [{ name: "main", image: "nginx", resources: { requests: { cpu: "2" } } }],
    });
    await world.seconds(1);
    expect((await world.pod("big")).status).toMatchObject({
      phase: "Failed",
      reason: "OutOfcpu",
      message: "Pod was rejected: Node didn't have enough resource: cpu, requested: 2000, used: 0, capacity: 1930",
    });
    await world.createPod("elsewhere", { nodeSelector: { disk: "ssd" } });
    await world.seconds(1);
    expect((await world.pod("elsewhere")).status).toMatchObject({
      reason: "NodeAffinity",
      message: "Pod was rejected: Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector",
    });
  });

  test("runs init containers one by one, sidecars along, and completes", async () => {
    const world = await aWorld();
    const busybox = (name: string, script: string, restartPolicy?: string) => ({
      name,
      image: "busybox:1.28",
      command: ["sh", "-c", script],
      ...(restartPolicy && { restartPolicy }),
    });
    await world.createPod("job", {
      restartPolicy: "Never",
      initContainers: [
        busybox("first", "sleep 5"),
        busybox("proxy", "sleep infinity", "Always"),
        busybox("second", "sleep 5"),
      ],
      containers: [busybox("work", "echo hi; sleep 10")],
      terminationGracePeriodSeconds: 2,
    });
    await world.seconds(4);
    const first = await world.pod("job");
    expect(first.status?.initContainerStatuses?.map(({ state }) => Object.keys(state ?? {})[0])).toEqual([
      "running",
      "waiting",
      "waiting",
    ]);
    expect(first.status?.containerStatuses?.[0]?.state).toEqual({ waiting: { reason: "PodInitializing" } });
    expect(first.status?.conditions?.find(({ type }) => type === "Initialized")).toMatchObject({
      status: "False",
      reason: "ContainersNotInitialized",
      message: "containers with incomplete status: [first proxy second]",
    });
    await world.seconds(12);
    expect((await world.pod("job")).status?.phase).toBe("Running");
    await world.seconds(15);
    const done = await world.pod("job");
    expect(done.status?.phase).toBe("Succeeded");
    expect(done.status?.containerStatuses?.[0]?.state?.terminated).toMatchObject({ exitCode: 0, reason: "Completed" });
    expect(done.status?.conditions?.find(({ type }) => type === "Ready")).toMatchObject({
      status: "False",
      reason: "PodCompleted",
    });
  });

  test("that keeps failing is started again ever more slowly", async () => {
    const world = await aWorld();
    await world.createPod("crash", {
      containers: [{ name: "main", image: "busybox:1.28", command: ["sh", "-c", "exit 3"] }],
    });
    await world.seconds(6);
    const crashing = await world.pod("crash");
    const [status] = crashing.status?.containerStatuses ?? [];
    expect(status?.restartCount).toBe(1);
    expect(status?.state?.waiting).toEqual({
      reason: "CrashLoopBackOff",
      message: `back-off 10s restarting failed container=main pod=crash_default(${crashing.metadata.uid})`,
    });
    expect(status?.lastState?.terminated).toMatchObject({ exitCode: 3, reason: "Error" });
    expect(crashing.status?.phase).toBe("Running");
    expect(crashing.status?.conditions?.find(({ type }) => type === "Ready")?.message).toBe(
      "containers with unready status: [main]",
    );
    const restartsAfter = async (seconds: number) => {
      await world.seconds(seconds);
      return (await world.pod("crash")).status?.containerStatuses?.[0]?.restartCount;
    };
    expect([await restartsAfter(12), await restartsAfter(22), await restartsAfter(42)]).toEqual([2, 3, 4]);
  });

  test("whose image is missing waits in ImagePullBackOff", async () => {
    const world = await aWorld();
    await world.createPod("typo", { containers: [{ name: "main", image: "nginx:does-not-exist" }] });
    await world.seconds(5);
    const [status] = (await world.pod("typo")).status?.containerStatuses ?? [];
    expect(status?.state?.waiting?.reason).toBe("ImagePullBackOff");
    expect(status?.state?.waiting?.message).toMatch(
      /^Back-off pulling image "nginx:does-not-exist": ErrImagePull: rpc error/,
    );
  });

  test("stops within its grace period and is removed", async () => {
    const world = await aWorld();
    await world.createPod("web");
    await world.createPod("stubborn", {
      containers: [{ name: "main", image: "busybox:1.28", command: ["sh", "-c", "while true; do sleep 1; done"] }],
    });
    await world.seconds(10);
    for (const name of ["web", "stubborn"]) await world.client.delete(Pod, { namespace: "default", name });
    await world.seconds(2);
    await expect(world.pod("web")).rejects.toMatchObject({ code: 404 });
    expect(await eventsOf(world, "web")).toContain("Normal Killing Stopping container main");
    expect((await world.pod("stubborn")).status?.containerStatuses?.[0]?.state).toHaveProperty("running");
    await world.seconds(30);
    await expect(world.pod("stubborn")).rejects.toMatchObject({ code: 404 });
  });

  test("is ready when its probes say so, and no longer when they fail", async () => {
    const world = await aWorld();
    const probe = { httpGet: { path: "/", port: 80 }, initialDelaySeconds: 5, periodSeconds: 5, failureThreshold: 2 };
    const containers = [{ name: "main", image: "nginx:1.27", readinessProbe: probe }];
    await world.createPod("web", { containers });
    const ready = async () => (await world.pod("web")).status?.containerStatuses?.[0]?.ready;
    await world.seconds(5);
    expect(await ready()).toBe(false);
    await world.seconds(6);
    expect(await ready()).toBe(true);
    const annotate = (value: string | null) =>
      world.client.patch(
        Pod,
        { namespace: "default", name: "web" },
        { type: "merge", body: { metadata: { annotations: { "sandbox.bellows.dev/unhealthy": value } } } },
      );
    await annotate("readiness");
    await world.seconds(11);
    expect(await ready()).toBe(false);
    const podIp = (await world.pod("web")).status?.podIP;
    expect(await eventsOf(world, "web")).toContain(
      `Warning Unhealthy Readiness probe failed: Get "http://${podIp}:80/": dial tcp ${podIp}:80: connect: connection refused`,
    );
    await annotate(null);
    await world.seconds(6);
    expect(await ready()).toBe(true);
  });

  test("is killed and restarted when its liveness probe fails", async () => {
    const world = await aWorld();
    const livenessProbe = { exec: { command: ["cat", "/tmp/healthy"] }, periodSeconds: 2, failureThreshold: 3 };
    await world.createPod(
      "sick",
      { containers: [{ name: "main", image: "nginx:1.27", livenessProbe }] },
      { "sandbox.bellows.dev/unhealthy": "liveness" },
    );
    await world.seconds(18);
    expect(await eventsOf(world, "sick")).toContain(
      "Normal Killing Container main failed liveness probe, will be restarted",
    );
    expect((await world.pod("sick")).status?.containerStatuses?.[0]?.restartCount).toBeGreaterThan(0);
  });
});
