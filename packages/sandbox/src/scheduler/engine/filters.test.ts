import type { PersistentVolume, PersistentVolumeClaim, PodSpec } from "@bellows/api";
import { describe, expect, test } from "vitest";
import { cluster, type NodeShape, node, type PodShape, placed, pod } from "./cluster.fixture.ts";

const nowhere = (reason: string) => `0/1 nodes are available: 1 ${reason}.`;
const matchFields = (name: string) => ({
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchFields: [{ key: "metadata.name", operator: "In", values: [name] }] }],
      },
    },
  },
});

describe("a node by itself", () => {
  const cases: { name: string; node?: NodeShape; pod?: PodShape; to: string }[] = [
    { name: "takes a pod that fits", pod: { cpu: "4" }, to: "a" },
    { name: "is full by cpu", pod: { cpu: "4001m" }, to: nowhere("Insufficient cpu") },
    { name: "is full by memory", pod: { memory: "9Gi" }, to: nowhere("Insufficient memory") },
    {
      name: "lacks both",
      pod: { cpu: "5", memory: "9Gi" },
      to: "0/1 nodes are available: 1 Insufficient cpu, 1 Insufficient memory.",
    },
    { name: "is full by count", node: { pods: "0" }, to: nowhere("Too many pods") },
    { name: "is cordoned", node: { unschedulable: true }, to: nowhere("node(s) were unschedulable") },
    {
      name: "is cordoned, which the pod tolerates",
      node: { unschedulable: true },
      pod: { spec: { tolerations: [{ key: "node.kubernetes.io/unschedulable", operator: "Exists" }] } },
      to: "a",
    },
    {
      name: "has a taint",
      node: { taints: [{ key: "team", value: "x", effect: "NoSchedule" }] },
      to: nowhere("node(s) had untolerated taint(s)"),
    },
    {
      name: "has a taint that the pod tolerates",
      node: { taints: [{ key: "team", value: "x", effect: "NoSchedule" }] },
      pod: { spec: { tolerations: [{ key: "team", operator: "Equal", value: "x", effect: "NoSchedule" }] } },
      to: "a",
    },
    { name: "would rather not", node: { taints: [{ key: "team", effect: "PreferNoSchedule" }] }, to: "a" },
    {
      name: "lacks a label",
      pod: { spec: { nodeSelector: { disk: "ssd" } } },
      to: nowhere("node(s) didn't match Pod's node affinity/selector"),
    },
    { name: "is the one that is named", pod: { spec: matchFields("a") }, to: "a" },
    {
      name: "is not the one that is named",
      pod: { spec: matchFields("b") },
      to: nowhere("node(s) didn't satisfy plugin(s) [NodeAffinity]"),
    },
    {
      name: "must hold the peak of initialisation",
      pod: { cpu: "1", spec: { initContainers: [{ name: "i", resources: { requests: { cpu: "5" } } }] } },
      to: nowhere("Insufficient cpu"),
    },
    {
      name: "must hold sidecars beside the containers",
      pod: {
        cpu: "3",
        spec: { initContainers: [{ name: "s", restartPolicy: "Always", resources: { requests: { cpu: "2" } } }] },
      },
      to: nowhere("Insufficient cpu"),
    },
    {
      name: "must hold the overhead",
      pod: { cpu: "4", spec: { overhead: { cpu: "1m" } } },
      to: nowhere("Insufficient cpu"),
    },
    {
      name: "knows nothing of an extended resource",
      pod: { spec: { containers: [{ name: "m", resources: { requests: { "nvidia.com/gpu": "1" } } }] } },
      to: nowhere("Insufficient nvidia.com/gpu"),
    },
  ];
  test.each(cases)("$name", ({ node: shape, pod: asks, to }) => {
    expect(placed(pod("p", asks), cluster([node("a", shape)]))).toBe(to);
  });
});

test("host ports clash where the address is the same or is any", () => {
  const withPort = (name: string, hostIP?: string) => {
    const port = { containerPort: 80, hostPort: 80, ...(hostIP && { hostIP }) };
    return pod(name, { spec: { containers: [{ name: "m", ports: [port] }] } });
  };
  const taken = cluster([node("a")], { a: [withPort("first", "10.0.0.1")] });
  expect(placed(withPort("p"), taken)).toBe(nowhere("node(s) didn't have free ports for the requested pod ports"));
  expect(placed(withPort("p", "10.0.0.2"), taken)).toBe("a");
});

const zoned = (name: string, zone: string, shape: NodeShape = {}) =>
  node(name, { ...shape, labels: { "topology.kubernetes.io/zone": zone, ...shape.labels } });

describe("topology spread", () => {
  const spread = (extra: object = {}): Partial<PodSpec> => ({
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: "topology.kubernetes.io/zone",
        whenUnsatisfiable: "DoNotSchedule",
        labelSelector: { matchLabels: { app: "web" } },
        ...extra,
      },
    ],
  });
  const web = (name: string, spec: Partial<PodSpec> = spread()) =>
    pod(name, { labels: { app: "web", rev: name[0] ?? "" }, spec });

  test("goes where the fewest are", () => {
    const made = cluster([zoned("a", "1"), zoned("b", "2")], { a: [web("x")] });
    expect(placed(web("p"), made)).toBe("b");
  });

  test("waits where the only domain with room is ahead", () => {
    const full = zoned("b", "2", { pods: "0" });
    const made = cluster([zoned("a", "1"), full], { a: [web("x")] });
    expect(placed(web("p"), made)).toBe(
      "0/2 nodes are available: 1 Too many pods, 1 node(s) didn't match pod topology spread constraints.",
    );
  });

  test("a node without the label is told of", () => {
    const made = cluster([node("a")]);
    expect(placed(web("p"), made)).toBe(
      nowhere("node(s) didn't match pod topology spread constraints (missing required label)"),
    );
  });

  test("fewer domains than minDomains count as one that is empty", () => {
    const made = cluster([zoned("a", "1")], { a: [web("x")] });
    expect(placed(web("p", spread({ minDomains: 2 })), made)).toBe(
      nowhere("node(s) didn't match pod topology spread constraints"),
    );
    expect(placed(web("p", spread({ minDomains: 1 })), made)).toBe("a");
  });

  test("matchLabelKeys keep revisions apart", () => {
    const made = cluster([zoned("a", "1"), zoned("b", "2", { pods: "0" })], { a: [web("old")] });
    expect(placed(web("new", spread({ matchLabelKeys: ["rev"] })), made)).toBe("a");
  });

  test("tainted nodes are domains unless taints are honoured", () => {
    const tainted = zoned("b", "2", { taints: [{ key: "k", effect: "NoSchedule" }] });
    const made = cluster([zoned("a", "1"), tainted], { a: [web("x")] });
    expect(placed(web("p"), made)).toContain("1 node(s) didn't match pod topology spread constraints");
    expect(placed(web("p", spread({ nodeTaintsPolicy: "Honor" })), made)).toBe("a");
  });
});

describe("inter-pod affinity", () => {
  const term = (app: string, extra: object = {}) => ({
    topologyKey: "kubernetes.io/hostname",
    labelSelector: { matchLabels: { app } },
    ...extra,
  });
  const anti = (app: string, extra: object = {}): Partial<PodSpec> => ({
    affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term(app, extra)] } },
  });
  const towards = (app: string): Partial<PodSpec> => ({
    affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term(app)] } },
  });
  const of = (app: string, spec: Partial<PodSpec> = {}, namespace = "default") =>
    pod(`${app}-${namespace}`, { labels: { app }, spec, namespace });

  test("keeps away from what it names", () => {
    const made = cluster([node("a"), node("b")], { a: [of("web")] });
    expect(placed(pod("p", { spec: anti("web") }), made)).toBe("b");
  });

  test("keeps away from what names it", () => {
    const made = cluster([node("a")], { a: [of("loner", anti("web"))] });
    expect(placed(of("web"), made)).toBe(nowhere("node(s) didn't satisfy existing pods anti-affinity rules"));
  });

  test("goes to what it names", () => {
    const made = cluster([node("a"), node("b")], { b: [of("db")] });
    expect(placed(pod("p", { spec: towards("db") }), made)).toBe("b");
    expect(placed(pod("p", { spec: towards("none") }), made)).toBe(
      "0/2 nodes are available: 2 node(s) didn't match pod affinity rules.",
    );
  });

  test("the first of a group with affinity to itself may start", () => {
    expect(placed(of("web", towards("web")), cluster([node("a")]))).toBe("a");
  });

  test("looks at its own namespace unless told otherwise", () => {
    const made = cluster([node("a")], { a: [of("web", {}, "other")] }, { namespaceLabels: () => ({ team: "x" }) });
    expect(placed(pod("p", { spec: anti("web") }), made)).toBe("a");
    for (const extra of [
      { namespaces: ["other"] },
      { namespaceSelector: { matchLabels: { team: "x" } } },
      { namespaceSelector: {} },
    ]) {
      expect(placed(pod("p", { spec: anti("web", extra) }), made)).toBe(
        nowhere("node(s) didn't match pod anti-affinity rules"),
      );
    }
  });
});

describe("volumes", () => {
  const uses = (claimName: string) =>
    pod("p", { spec: { volumes: [{ name: "v", persistentVolumeClaim: { claimName } }] } });
  const claim = (extra: Partial<PersistentVolumeClaim["spec"]> = {}, bound = false): PersistentVolumeClaim => ({
    metadata: {
      name: "c",
      namespace: "default",
      uid: "c",
      annotations: bound ? { "pv.kubernetes.io/bind-completed": "yes" } : {},
    },
    spec: {
      storageClassName: "gp3",
      accessModes: ["ReadWriteOnce"],
      resources: { requests: { storage: "5Gi" } },
      ...extra,
    },
    status: { phase: bound ? "Bound" : "Pending" },
  });
  const volumeIn = (zone: string): PersistentVolume => ({
    metadata: { name: "v" },
    spec: {
      capacity: { storage: "5Gi" },
      accessModes: ["ReadWriteOnce"],
      storageClassName: "gp3",
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [
            { matchExpressions: [{ key: "topology.kubernetes.io/zone", operator: "In", values: [zone] }] },
          ],
        },
      },
    },
    status: { phase: "Available" },
  });
  const nodes = [zoned("a", "1"), zoned("b", "2")];

  test("a claim that does not exist is named", () => {
    expect(placed(uses("c"), cluster(nodes))).toBe('0/2 nodes are available: persistentvolumeclaim "c" not found.');
  });

  test("a pod goes to the zone of its volume", () => {
    const objects = { claim: () => claim({ volumeName: "v" }, true), volume: () => volumeIn("2") };
    expect(placed(uses("c"), cluster(nodes, {}, objects))).toBe("b");
    expect(placed(uses("c"), cluster([zoned("a", "1")], {}, objects))).toBe(
      nowhere("node(s) didn't match PersistentVolume's node affinity"),
    );
  });

  test("an unbound claim waits, or is made where the pod goes", () => {
    const immediate = { metadata: { name: "gp3" }, provisioner: "ebs.csi.aws.com", volumeBindingMode: "Immediate" };
    const waiting = { ...immediate, volumeBindingMode: "WaitForFirstConsumer" };
    const only2 = {
      ...waiting,
      allowedTopologies: [{ matchLabelExpressions: [{ key: "topology.kubernetes.io/zone", values: ["2"] }] }],
    };
    const withClass = (storageClass: typeof immediate) =>
      cluster(nodes, {}, { claim: () => claim(), storageClass: () => storageClass });
    expect(placed(uses("c"), withClass(immediate))).toBe(
      "0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims.",
    );
    expect(placed(uses("c"), withClass(waiting))).toBe("a");
    expect(placed(uses("c"), withClass(only2))).toBe("b");
    const static2 = { ...waiting, provisioner: "kubernetes.io/no-provisioner" };
    const objects = { claim: () => claim(), storageClass: () => static2, volumes: () => [volumeIn("2")] };
    expect(placed(uses("c"), cluster(nodes, {}, objects))).toBe("b");
    expect(placed(uses("c"), cluster(nodes, {}, { ...objects, volumes: () => [] }))).toBe(
      "0/2 nodes are available: 2 node(s) didn't find available persistent volumes to bind.",
    );
  });

  test("a node attaches no more volumes than its driver can", () => {
    const objects = {
      claim: (_: string, name: string) => ({
        ...claim({ volumeName: name }, true),
        metadata: { ...claim({}, true).metadata, name },
      }),
      volume: (name: string): PersistentVolume => ({
        metadata: { name },
        spec: { csi: { driver: "ebs.csi.aws.com", volumeHandle: name } },
      }),
      csiNode: () => ({
        metadata: { name: "a" },
        spec: { drivers: [{ name: "ebs.csi.aws.com", nodeID: "i", allocatable: { count: 1 } }] },
      }),
    };
    const other = pod("other", { spec: { volumes: [{ name: "v", persistentVolumeClaim: { claimName: "first" } }] } });
    const made = cluster([node("a")], { a: [other] }, objects as never);
    expect(placed(uses("second"), made)).toBe(nowhere("node(s) exceed max volume count"));
    expect(placed(uses("first"), made)).toBe("a");
  });
});
