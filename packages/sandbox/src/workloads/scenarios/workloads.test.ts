import {
  CronJob,
  DaemonSet,
  Job,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  ReplicaSet,
  StatefulSet,
} from "@bellows/api";
import { describe, expect, test } from "vitest";
import { addNode, aNode, podTemplate, startWorld } from "../world.fixture.ts";

const inDefault = { namespace: "default" };

describe("ReplicaSets", () => {
  const aReplicaSet = (replicas: number) => ({
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: { name: "web" },
    spec: { replicas, selector: { matchLabels: { app: "web" } }, template: podTemplate("web") },
  });

  test("a matching orphan is adopted, a pod whose labels no longer match is released", async () => {
    const world = await startWorld();
    await world.apply({
      apiVersion: "v1",
      kind: "Pod",
      ...podTemplate("web"),
      metadata: { name: "orphan", labels: { app: "web" } },
    });
    await world.apply(aReplicaSet(2));
    await world.run(5);
    const pods = await world.pods();
    expect(pods).toHaveLength(2);
    expect(pods.every(({ metadata }) => metadata.ownerReferences?.[0]?.name === "web")).toBe(true);
    await world.client.patch(
      Pod,
      { ...inDefault, name: "orphan" },
      { type: "merge", body: { metadata: { labels: { app: "x" } } } },
    );
    await world.run(5);
    const after = await world.pods();
    expect(after).toHaveLength(3);
    expect(after.find(({ metadata }) => metadata.name === "orphan")?.metadata.ownerReferences ?? []).toEqual([]);
    await world.stop();
  });

  test("a refused pod is told of by condition and Event", async () => {
    const world = await startWorld();
    await world.apply({
      apiVersion: "v1",
      kind: "ResourceQuota",
      metadata: { name: "few" },
      spec: { hard: { pods: "1" } },
    });
    await world.run(1);
    await world.apply(aReplicaSet(3));
    await world.run(5);
    const { status } = await world.client.get(ReplicaSet, { ...inDefault, name: "web" });
    expect(status?.replicas).toBe(1);
    const failure = status?.conditions?.find(({ type }) => type === "ReplicaFailure");
    expect(failure).toMatchObject({ status: "True", reason: "FailedCreate" });
    expect(failure?.message).toContain("exceeded quota: few, requested: pods=1, used: pods=1, limited: pods=1");
    expect((await world.eventsOf("web")).some((text) => text.startsWith("FailedCreate: Error creating: pods "))).toBe(
      true,
    );
    await world.stop();
  });
});

describe("StatefulSets", () => {
  const aStatefulSet = (extra: object = {}) => ({
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata: { name: "db" },
    spec: {
      replicas: 3,
      serviceName: "db",
      selector: { matchLabels: { app: "db" } },
      template: podTemplate("db"),
      ...extra,
    },
  });

  test("pods come up in order, go in reverse, and keep their names", async () => {
    const world = await startWorld();
    await world.apply(aStatefulSet());
    await world.run(1);
    expect((await world.pods()).map(({ metadata }) => metadata.name)).toEqual(["db-0"]);
    await world.run(10);
    const pods = await world.pods();
    expect(pods.map(({ metadata }) => metadata.name)).toEqual(["db-0", "db-1", "db-2"]);
    expect(pods[1]?.metadata.labels).toMatchObject({
      "statefulset.kubernetes.io/pod-name": "db-1",
      "apps.kubernetes.io/pod-index": "1",
    });
    expect(pods[1]?.spec).toMatchObject({ hostname: "db-1", subdomain: "db" });
    expect(await world.eventsOf("db")).toContain("SuccessfulCreate: Create Pod db-0 in StatefulSet db successful");
    const set = await world.client.get(StatefulSet, { ...inDefault, name: "db" });
    expect(set.status).toMatchObject({ replicas: 3, readyReplicas: 3, currentReplicas: 3, updatedReplicas: 3 });
    expect(set.status?.currentRevision).toBe(set.status?.updateRevision);
    await world.client.patch(
      StatefulSet,
      { ...inDefault, name: "db" },
      { type: "merge", body: { spec: { replicas: 1 } } },
    );
    await world.run(10);
    expect((await world.pods()).map(({ metadata }) => metadata.name)).toEqual(["db-0"]);
    await world.stop();
  });

  test("a partition holds back the update of lower ordinals", async () => {
    const world = await startWorld();
    await world.apply(aStatefulSet({ podManagementPolicy: "Parallel" }));
    await world.run(10);
    const body = {
      spec: {
        updateStrategy: { rollingUpdate: { partition: 2 } },
        template: { spec: { containers: [{ name: "main", image: "db:2" }] } },
      },
    };
    await world.client.patch(StatefulSet, { ...inDefault, name: "db" }, { type: "strategic", body });
    await world.run(30);
    const images = (await world.pods()).map(({ spec }) => spec?.containers[0]?.image).sort();
    expect(images).toEqual(["db:2", "nginx:1.27", "nginx:1.27"]);
    const { status } = await world.client.get(StatefulSet, { ...inDefault, name: "db" });
    expect(status).toMatchObject({ currentReplicas: 2, updatedReplicas: 1 });
    await world.stop();
  });

  test("claims are made from templates, bound in the node's zone, and go by the retention policy", async () => {
    const world = await startWorld({
      nodes: [aNode("node-a"), aNode("node-b", "4", { "topology.kubernetes.io/zone": "us-east-1b" })],
    });
    await world.apply({
      apiVersion: "storage.k8s.io/v1",
      kind: "StorageClass",
      metadata: { name: "gp3" },
      provisioner: "ebs.csi.aws.com",
      volumeBindingMode: "WaitForFirstConsumer",
      reclaimPolicy: "Delete",
    });
    const claim = {
      metadata: { name: "data" },
      spec: { accessModes: ["ReadWriteOnce"], storageClassName: "gp3", resources: { requests: { storage: "5Gi" } } },
    };
    await world.apply(
      aStatefulSet({
        replicas: 2,
        volumeClaimTemplates: [claim],
        persistentVolumeClaimRetentionPolicy: { whenScaled: "Delete", whenDeleted: "Retain" },
      }),
    );
    await world.run(30);
    const claims = (await world.client.list(PersistentVolumeClaim, inDefault)).items;
    expect(claims.map(({ metadata, status }) => [metadata.name, status?.phase])).toEqual([
      ["data-db-0", "Bound"],
      ["data-db-1", "Bound"],
    ]);
    for (const pod of await world.pods()) {
      const node = await world.client.get(Node, { name: pod.spec?.nodeName as string });
      const bound = claims.find(({ metadata }) => metadata.name === `data-${pod.metadata.name}`);
      const volume = await world.client.get(PersistentVolume, { name: bound?.spec?.volumeName as string });
      const zones = volume.spec?.nodeAffinity?.required?.nodeSelectorTerms[0]?.matchExpressions?.[0]?.values;
      expect(zones).toEqual([node.metadata.labels?.["topology.kubernetes.io/zone"]]);
      expect(pod.status?.phase).toBe("Running");
    }
    await world.client.patch(
      StatefulSet,
      { ...inDefault, name: "db" },
      { type: "merge", body: { spec: { replicas: 1 } } },
    );
    await world.run(20);
    expect(
      (await world.client.list(PersistentVolumeClaim, inDefault)).items.map(({ metadata }) => metadata.name),
    ).toEqual(["data-db-0"]);
    expect((await world.client.list(PersistentVolume)).items).toHaveLength(1);
    await world.stop();
  });
});

describe("DaemonSets", () => {
  const aDaemonSet = (extra: object = {}) => ({
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name: "agent" },
    spec: { selector: { matchLabels: { app: "agent" } }, template: podTemplate("agent"), ...extra },
  });

  test("one pod on each node, new nodes included, and an update one by one", async () => {
    const world = await startWorld();
    await world.apply(aDaemonSet());
    await world.run(10);
    expect((await world.pods()).map(({ spec }) => spec?.nodeName).sort()).toEqual(["node-a", "node-b", "node-c"]);
    await addNode(world.client, aNode("node-d"));
    await world.run(10);
    const key = { ...inDefault, name: "agent" };
    expect((await world.client.get(DaemonSet, key)).status).toMatchObject({
      desiredNumberScheduled: 4,
      currentNumberScheduled: 4,
      numberReady: 4,
      numberAvailable: 4,
      updatedNumberScheduled: 4,
      numberMisscheduled: 0,
    });
    const body = { spec: { template: { spec: { containers: [{ name: "main", image: "agent:2" }] } } } };
    await world.client.patch(DaemonSet, key, { type: "strategic", body });
    let least = 4;
    for (let second = 0; second < 40; second++) {
      await world.run(1);
      least = Math.min(least, (await world.client.get(DaemonSet, key)).status?.numberAvailable ?? 0);
    }
    expect(least).toBe(3);
    expect(new Set((await world.pods()).map(({ spec }) => spec?.containers[0]?.image))).toEqual(new Set(["agent:2"]));
    await world.stop();
  });

  test("nodes with taints are left out, cordoned ones are not", async () => {
    const tainted = { ...aNode("node-t"), spec: { taints: [{ key: "team", value: "x", effect: "NoSchedule" }] } };
    const cordoned = { ...aNode("node-u"), spec: { unschedulable: true } };
    const world = await startWorld({ nodes: [aNode("node-a"), tainted, cordoned] });
    await world.apply(aDaemonSet());
    await world.run(10);
    expect((await world.pods()).map(({ spec }) => spec?.nodeName).sort()).toEqual(["node-a", "node-u"]);
    await world.stop();
  });
});

describe("Jobs", () => {
  const aJob = (extra: object = {}) => ({
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: "work" },
    spec: { template: { spec: { ...podTemplate("work").spec, restartPolicy: "Never" } }, ...extra },
  });
  const key = { ...inDefault, name: "work" };

  test("runs to its completions, a few at a time", async () => {
    const world = await startWorld({ outcome: () => ({ afterMs: 5_000, exitCode: 0 }) });
    await world.apply(aJob({ completions: 5, parallelism: 2 }));
    await world.run(3);
    expect((await world.client.get(Job, key)).status).toMatchObject({ active: 2, ready: 2 });
    await world.run(40);
    const { status } = await world.client.get(Job, key);
    expect(status).toMatchObject({ succeeded: 5, uncountedTerminatedPods: {} });
    expect(status?.completionTime).toBeDefined();
    expect(status?.conditions?.map(({ type, reason }) => [type, reason])).toEqual([
      ["SuccessCriteriaMet", "CompletionsReached"],
      ["Complete", "CompletionsReached"],
    ]);
    expect(await world.eventsOf("work")).toContain("Completed: Job completed");
    const pods = await world.pods();
    expect(pods).toHaveLength(5);
    expect(pods.every(({ metadata }) => !metadata.finalizers?.length)).toBe(true);
    await world.stop();
  });

  test("an indexed Job gives each pod its index", async () => {
    const world = await startWorld({ outcome: () => ({ afterMs: 1_000, exitCode: 0 }) });
    await world.apply(aJob({ completions: 3, parallelism: 3, completionMode: "Indexed" }));
    await world.run(20);
    const { status } = await world.client.get(Job, key);
    expect(status).toMatchObject({ succeeded: 3, completedIndexes: "0-2" });
    const indexes = (await world.pods()).map(
      ({ metadata }) => metadata.annotations?.["batch.kubernetes.io/job-completion-index"],
    );
    expect(indexes.sort()).toEqual(["0", "1", "2"]);
    await world.stop();
  });

  test("gives up after backoffLimit, waiting longer each time", async () => {
    const world = await startWorld({ outcome: () => ({ afterMs: 1_000, exitCode: 1 }) });
    await world.apply(aJob({ backoffLimit: 2 }));
    await world.run(120);
    const { status } = await world.client.get(Job, key);
    expect(status?.failed).toBe(3);
    expect(status?.conditions?.at(-1)).toMatchObject({
      type: "Failed",
      status: "True",
      reason: "BackoffLimitExceeded",
      message: "Job has reached the specified backoff limit",
    });
    const created = (await world.pods()).map(({ metadata }) => Date.parse(metadata.creationTimestamp as string)).sort();
    const gaps = created.slice(1).map((at, index) => (at - (created[index] as number)) / 1000);
    expect(gaps[0]).toBeGreaterThanOrEqual(12);
    expect(gaps[1]).toBeGreaterThanOrEqual(22);
    expect(await world.eventsOf("work")).toContain("BackoffLimitExceeded: Job has reached the specified backoff limit");
    await world.stop();
  });

  test("is deleted after its time to live, with its pods", async () => {
    const world = await startWorld({ outcome: () => ({ afterMs: 1_000, exitCode: 0 }) });
    await world.apply(aJob({ ttlSecondsAfterFinished: 30 }));
    await world.run(20);
    expect(await world.client.find(Job, key)).toBeDefined();
    await world.run(40);
    expect(await world.client.find(Job, key)).toBeUndefined();
    expect(await world.pods()).toEqual([]);
    await world.stop();
  });

  test("a suspended Job has no pods until it is resumed", async () => {
    const world = await startWorld();
    await world.apply(aJob({ suspend: true }));
    await world.run(5);
    expect(await world.pods()).toEqual([]);
    expect((await world.client.get(Job, key)).status?.conditions?.[0]).toMatchObject({
      type: "Suspended",
      status: "True",
    });
    await world.client.patch(Job, key, { type: "merge", body: { spec: { suspend: false } } });
    await world.run(5);
    expect(await world.pods()).toHaveLength(1);
    expect(await world.eventsOf("work")).toEqual(
      expect.arrayContaining(["Suspended: Job suspended", "Resumed: Job resumed"]),
    );
    await world.stop();
  });
});

test("a CronJob starts a Job each minute, keeps its history short, and forbids overlap", async () => {
  const world = await startWorld({ outcome: () => ({ afterMs: 90_000, exitCode: 0 }) });
  await world.apply({
    apiVersion: "batch/v1",
    kind: "CronJob",
    metadata: { name: "tick" },
    spec: {
      schedule: "* * * * *",
      timeZone: "Asia/Seoul",
      concurrencyPolicy: "Forbid",
      successfulJobsHistoryLimit: 1,
      jobTemplate: { spec: { template: { spec: { ...podTemplate("tick").spec, restartPolicy: "Never" } } } },
    },
  });
  await world.run(61);
  const [first] = (await world.client.list(Job, inDefault)).items;
  expect(first?.metadata.name).toBe(`tick-${Date.UTC(2026, 0, 1, 0, 1) / 60_000}`);
  expect(first?.metadata.annotations?.["batch.kubernetes.io/cronjob-scheduled-timestamp"]).toBe(
    "2026-01-01T09:01:00+09:00",
  );
  expect((await world.client.get(CronJob, { ...inDefault, name: "tick" })).status).toMatchObject({
    lastScheduleTime: "2026-01-01T00:01:00Z",
    active: [{ kind: "Job", name: first?.metadata.name }],
  });
  await world.run(600);
  const events = await world.eventsOf("tick");
  expect(events).toContain(`SuccessfulCreate: Created job ${first?.metadata.name}`);
  expect(events).toContain(`SawCompletedJob: Saw completed job: ${first?.metadata.name}, condition: Complete`);
  expect(events.some((text) => text.startsWith("JobAlreadyActive: "))).toBe(true);
  expect((await world.client.list(Job, inDefault)).items.length).toBeLessThanOrEqual(2);
  await world.stop();
});
