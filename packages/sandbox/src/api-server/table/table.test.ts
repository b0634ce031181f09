import type { KubernetesObject } from "@bellows/api";
import { describe, expect, test } from "vitest";
import { builtinTableFormat, customTableFormat, humanDuration, parseJsonPath, tableOf } from "./table.ts";

const now = Date.parse("2026-01-01T01:00:00Z");
const created = "2026-01-01T00:00:00Z";

/** The cells by column name, as `kubectl get -o wide` shows them. */
function row(group: string, object: Record<string, unknown> & { kind: string }) {
  const named = { ...object, metadata: { name: "x", creationTimestamp: created, ...(object["metadata"] as object) } };
  const format = builtinTableFormat(group, object.kind);
  const table = tableOf(format, [named as KubernetesObject], { now });
  return Object.fromEntries(table.columnDefinitions.map(({ name }, i) => [name, table.rows[0]?.cells[i]]));
}

const running = { running: { startedAt: created } };
const container = (state: object, more: object = {}) => ({ name: "c", state, restartCount: 0, ready: false, ...more });

describe("the STATUS of a pod", () => {
  test.each([
    { name: "is its phase", status: { phase: "Pending" }, is: "Pending" },
    { name: "is its reason before its phase", status: { phase: "Failed", reason: "Evicted" }, is: "Evicted" },
    {
      name: "tells of a scheduling gate",
      status: { phase: "Pending", conditions: [{ type: "PodScheduled", status: "False", reason: "SchedulingGated" }] },
      is: "SchedulingGated",
    },
    {
      name: "tells why a container waits",
      status: { phase: "Running", containerStatuses: [container({ waiting: { reason: "CrashLoopBackOff" } })] },
      is: "CrashLoopBackOff",
    },
    {
      name: "counts the init containers that ended",
      init: 2,
      status: {
        phase: "Pending",
        initContainerStatuses: [container({ terminated: { exitCode: 0 } }), container({ running: {} })],
      },
      is: "Init:1/2",
    },
    {
      name: "tells how an init container failed",
      init: 1,
      status: { phase: "Pending", initContainerStatuses: [container({ terminated: { exitCode: 3 } })] },
      is: "Init:ExitCode:3",
    },
    {
      name: "tells why an init container waits",
      init: 1,
      status: { phase: "Pending", initContainerStatuses: [container({ waiting: { reason: "CrashLoopBackOff" } })] },
      is: "Init:CrashLoopBackOff",
    },
    {
      name: "is Completed when all containers ended well",
      status: {
        phase: "Succeeded",
        containerStatuses: [container({ terminated: { exitCode: 0, reason: "Completed" } })],
      },
      is: "Completed",
    },
    {
      name: "is Running while a completed container has a running sibling and the pod is ready",
      status: {
        phase: "Running",
        conditions: [{ type: "Ready", status: "True" }],
        containerStatuses: [
          container({ terminated: { exitCode: 0, reason: "Completed" } }),
          container(running, { ready: true }),
        ],
      },
      is: "Running",
    },
    { name: "is Terminating when it is being deleted", deleted: true, status: { phase: "Running" }, is: "Terminating" },
    {
      name: "stays Completed when a finished pod is being deleted",
      deleted: true,
      status: { phase: "Succeeded" },
      is: "Succeeded",
    },
    {
      name: "is Unknown on a lost node",
      deleted: true,
      status: { phase: "Running", reason: "NodeLost" },
      is: "Unknown",
    },
  ])("$name", ({ status, init = 0, deleted = false, is }) => {
    const spec = {
      containers: [{ name: "c" }],
      initContainers: Array.from({ length: init }, (_, i) => ({ name: `i${i}` })),
    };
    const metadata = deleted ? { deletionTimestamp: created } : {};
    expect(row("", { kind: "Pod", metadata, spec, status })["Status"]).toBe(is);
  });
});

test("a pod's restarts tell when the last was", () => {
  const lastState = { terminated: { exitCode: 1, finishedAt: "2026-01-01T00:55:00Z" } };
  const status = {
    phase: "Running",
    podIPs: [{ ip: "10.0.0.1" }],
    containerStatuses: [container(running, { ready: true, restartCount: 2, lastState })],
  };
  expect(row("", { kind: "Pod", spec: { nodeName: "n", containers: [{ name: "c" }] }, status })).toEqual({
    Name: "x",
    Ready: "1/1",
    Status: "Running",
    Restarts: "2 (5m ago)",
    Age: "60m",
    IP: "10.0.0.1",
    Node: "n",
    "Nominated Node": "<none>",
    "Readiness Gates": "<none>",
  });
});

test("a sidecar counts as a container that can be ready", () => {
  const spec = { containers: [{ name: "c" }], initContainers: [{ name: "s", restartPolicy: "Always" }] };
  const status = {
    phase: "Running",
    initContainerStatuses: [{ ...container(running, { ready: true, started: true }), name: "s" }],
    containerStatuses: [container(running, { ready: true })],
  };
  expect(row("", { kind: "Pod", spec, status })).toMatchObject({ Ready: "2/2", Status: "Running" });
});

test("a finished pod's row is marked as completed", () => {
  const pod = { kind: "Pod", metadata: { name: "x" }, status: { phase: "Succeeded" } };
  const table = tableOf(builtinTableFormat("", "Pod"), [pod], { now });
  expect(table.rows[0]?.conditions).toEqual([
    { type: "Completed", status: "True", reason: "Succeeded", message: "The pod has completed successfully." },
  ]);
});

test("a cordoned node shows its status, roles and version", () => {
  const metadata = { labels: { "node-role.kubernetes.io/worker": "", "kubernetes.io/role": "edge" } };
  const status = { conditions: [{ type: "Ready", status: "True" }], nodeInfo: { kubeletVersion: "v1.35.4" } };
  expect(row("", { kind: "Node", metadata, spec: { unschedulable: true }, status })).toMatchObject({
    Status: "Ready,SchedulingDisabled",
    Roles: "edge,worker",
    Version: "v1.35.4",
    "Internal-IP": "<none>",
    "OS-Image": "<unknown>",
  });
});

test("a deployment shows its replicas and, wide, its containers", () => {
  const template = {
    spec: {
      containers: [
        { name: "a", image: "i:1" },
        { name: "b", image: "j:2" },
      ],
    },
  };
  const spec = { replicas: 3, selector: { matchLabels: { b: "2", a: "1" } }, template };
  expect(row("apps", { kind: "Deployment", spec, status: { readyReplicas: 2, updatedReplicas: 3 } })).toEqual({
    Name: "x",
    Ready: "2/3",
    "Up-to-date": 3,
    Available: 0,
    Age: "60m",
    Containers: "a,b",
    Images: "i:1,j:2",
    Selector: "a=1,b=2",
  });
});

describe("the TARGETS of an autoscaler", () => {
  const cpu = (averageUtilization?: number) => ({
    type: "Resource",
    resource: { name: "cpu", target: { averageUtilization }, current: { averageUtilization } },
  });
  const external = (target: object) => ({ type: "External", external: { target } });
  test.each([
    { name: "are <none> without metrics", metrics: [], current: [], is: "<none>" },
    { name: "are unknown before the first reading", metrics: [cpu(50)], current: [], is: "cpu: <unknown>/50%" },
    { name: "compare percentages", metrics: [cpu(50)], current: [cpu(0)], is: "cpu: 0%/50%" },
    {
      name: "show two metrics and count the rest",
      metrics: [cpu(50), external({ averageValue: "5" }), external({ value: "7" })],
      current: [cpu(20), { type: "External", external: { current: { averageValue: "300m" } } }],
      is: "cpu: 20%/50%, 300m/5 (avg) + 1 more...",
    },
  ])("$name", ({ metrics, current, is }) => {
    const spec = { scaleTargetRef: { kind: "Deployment", name: "web" }, metrics, maxReplicas: 10 };
    const cells = row("autoscaling", { kind: "HorizontalPodAutoscaler", spec, status: { currentMetrics: current } });
    expect(cells).toMatchObject({
      Reference: "Deployment/web",
      Targets: is,
      MinPods: "<unset>",
      MaxPods: 10,
      Replicas: 0,
    });
  });
});

test("an autoscaler in version 1 shows the same targets", () => {
  const spec = {
    scaleTargetRef: { kind: "Deployment", name: "web" },
    maxReplicas: 10,
    targetCPUUtilizationPercentage: 50,
  };
  const status = { currentCPUUtilizationPercentage: 20 };
  const hpa = { apiVersion: "autoscaling/v1", kind: "HorizontalPodAutoscaler", spec, status };
  expect(row("autoscaling", hpa)["Targets"]).toBe("cpu: 20%/50%");
});

test("a resource claim shows what became of it", () => {
  expect(row("resource.k8s.io", { kind: "ResourceClaim" })["State"]).toBe("pending");
  const status = { allocation: {}, reservedFor: [{ resource: "pods", name: "x", uid: "1" }] };
  expect(row("resource.k8s.io", { kind: "ResourceClaim", status })["State"]).toBe("allocated,reserved");
});

test.each([
  { type: "ClusterIP", spec: {}, is: "<none>" },
  { type: "LoadBalancer", spec: {}, is: "<pending>" },
  { type: "ExternalName", spec: { externalName: "db.example" }, is: "db.example" },
  { type: "NodePort", spec: { externalIPs: ["1.2.3.4", "1.2.3.5"] }, is: "1.2.3.4,1.2.3.5" },
])("a $type service has the external address $is", ({ type, spec, is }) => {
  const ports = [
    { port: 80, protocol: "TCP" },
    { port: 443, nodePort: 30443, protocol: "TCP" },
  ];
  const cells = row("", { kind: "Service", spec: { type, clusterIPs: ["10.0.0.9"], ports, ...spec } });
  expect(cells).toMatchObject({
    "External-IP": is,
    "Cluster-IP": "10.0.0.9",
    "Port(s)": "80/TCP,443:30443/TCP",
    Selector: "<none>",
  });
});

test("endpoints beyond three are counted", () => {
  const subsets = [{ addresses: [1, 2, 3, 4, 5].map((n) => ({ ip: `10.0.0.${n}` })), ports: [{ port: 80 }] }];
  expect(row("", { kind: "Endpoints", subsets })["Endpoints"]).toBe("10.0.0.1:80,10.0.0.2:80,10.0.0.3:80 + 2 more...");
});

test("a job shows its completions and how long it ran", () => {
  const status = {
    succeeded: 1,
    startTime: created,
    completionTime: "2026-01-01T00:00:09Z",
    conditions: [{ type: "Complete", status: "True" }],
  };
  expect(row("batch", { kind: "Job", spec: { completions: 1, parallelism: 1 }, status })).toMatchObject({
    Status: "Complete",
    Completions: "1/1",
    Duration: "9s",
  });
});

test("a quota shows requests and limits apart", () => {
  const status = {
    hard: { pods: "4", "limits.cpu": "2", "requests.cpu": "1" },
    used: { pods: "1", "limits.cpu": "0" },
  };
  expect(row("", { kind: "ResourceQuota", status })).toMatchObject({
    Request: "pods: 1/4, requests.cpu: 0/1",
    Limit: "limits.cpu: 0/2",
  });
});

test("a kind without printer columns shows when it was created", () => {
  expect(row("rbac.authorization.k8s.io", { kind: "ClusterRole" })).toEqual({ Name: "x", "Created At": created });
});

test("rows carry metadata only, the object or nothing, as asked", () => {
  const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "x" }, data: {} };
  const rowsOf = (includeObject?: "None" | "Object") =>
    tableOf(builtinTableFormat("", "ConfigMap"), [object], { now, ...(includeObject && { includeObject }) }).rows[0]
      ?.object;
  expect(rowsOf()).toEqual({ kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata: { name: "x" } });
  expect(rowsOf("Object")).toBe(object);
  expect(rowsOf("None")).toBeNull();
});

test("a custom resource shows its printer columns by type", () => {
  const format = customTableFormat([
    { name: "Ready", type: "string", jsonPath: `.status.conditions[?(@.type=="Ready")].status` },
    { name: "Nodes", type: "integer", jsonPath: ".status.nodes" },
    { name: "Label", type: "string", jsonPath: ".metadata.labels.karpenter\\.sh/nodepool", priority: 1 },
    { name: "Wrong", type: "integer", jsonPath: ".spec.name" },
    { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
  ]);
  const object = {
    metadata: { name: "x", creationTimestamp: created, labels: { "karpenter.sh/nodepool": "default" } },
    spec: { name: "n" },
    status: {
      nodes: 2.7,
      conditions: [
        { type: "Other", status: "False" },
        { type: "Ready", status: "True" },
      ],
    },
  };
  const table = tableOf(format, [object], { now });
  expect(table.rows[0]?.cells).toEqual(["x", "True", 2, "default", null, "60m"]);
  expect(table.columnDefinitions.map((column) => column.priority)).toEqual([0, 0, 0, 1, 0, 0]);
});

test("a custom resource without printer columns shows its age", () => {
  const table = tableOf(customTableFormat(undefined), [{ metadata: { name: "x", creationTimestamp: created } }], {
    now,
  });
  expect(table.columnDefinitions.map(({ name }) => name)).toEqual(["Name", "Age"]);
  expect(table.rows[0]?.cells).toEqual(["x", "60m"]);
});

test("a path that is not understood is refused with the place", () => {
  expect(() => parseJsonPath(".spec[?(")).toThrow('.spec[?(: cannot understand "[?("');
});

test.each([
  [-1500, "0s"],
  [-3000, "<invalid>"],
  [119_000, "119s"],
  [120_000, "2m"],
  [599_000, "9m59s"],
  [600_000, "10m"],
  [3 * 3_600_000, "3h"],
  [3 * 3_600_000 + 300_000, "3h5m"],
  [47 * 3_600_000, "47h"],
  [50 * 3_600_000, "2d2h"],
  [9 * 86_400_000, "9d"],
  [800 * 86_400_000, "2y70d"],
  [3000 * 86_400_000, "8y"],
])("%d ms read as %s", (ms, text) => expect(humanDuration(ms)).toBe(text));
