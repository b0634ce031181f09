import { area, it } from "../harness/case.ts";
import type { Conversation, Json } from "../harness/conversation.ts";

interface NodeShape {
  readonly cpu?: string;
  readonly memory?: string;
  readonly pods?: string;
  readonly labels?: Record<string, string>;
  readonly taints?: Json[];
  readonly unschedulable?: boolean;
}

/** Nodes that are objects only; what their kubelets would report is written by hand. */
async function nodes(t: Conversation, shapes: Record<string, NodeShape>): Promise<void> {
  const now = () => new Date().toISOString().replace(/\.\d+/, "");
  for (const [name, { cpu = "2", memory = "4Gi", pods = "10", labels, taints, unschedulable }] of Object.entries(
    shapes,
  )) {
    const path = `nodes/${t.ns}-${name}`;
    t.deleteAtEnd(path);
    await t.given("nodes", {
      metadata: { name: `${t.ns}-${name}`, labels: { "kubernetes.io/hostname": `${t.ns}-${name}`, ...labels } },
      spec: { ...(taints && { taints }), ...(unschedulable && { unschedulable }) },
    });
    const resources = { cpu, memory, pods };
    await t.patch(
      "merge",
      `${path}/status`,
      {
        status: {
          capacity: resources,
          allocatable: resources,
          conditions: [
            {
              type: "Ready",
              status: "True",
              reason: "KubeletReady",
              message: "ready",
              lastHeartbeatTime: now(),
              lastTransitionTime: now(),
            },
          ],
        },
      },
      { bare: true },
    );
    await t.until(
      path,
      ({ spec }) => !spec.taints?.some(({ key }: Json) => key === "node.kubernetes.io/not-ready"),
      () => "ready",
    );
  }
}
const pod = (name: string, spec: object = {}, cpu?: string, labels: object = { app: "x" }) => ({
  metadata: { name, labels },
  spec: { containers: [{ name: "c", image: "i", ...(cpu && { resources: { requests: { cpu } } }) }], ...spec },
});
const placed = (t: Conversation, name: string) =>
  t.until(
    `pods/${name}`,
    ({ spec }) => spec.nodeName,
    ({ spec }) => spec.nodeName,
  );
const refused = (t: Conversation, name: string) =>
  t.until(
    `pods/${name}`,
    ({ status }) =>
      status.conditions?.some(({ type, reason }: Json) => type === "PodScheduled" && reason === "Unschedulable"),
    ({ status }) => {
      const { type, status: is, reason, message } = status.conditions.find((one: Json) => one.type === "PodScheduled");
      return { type, is, reason, message };
    },
  );
const refusal = (name: string, shapes: Record<string, NodeShape>, spec: object, cpu?: string) =>
  it(name, async (t) => {
    await nodes(t, shapes);
    await t.given("pods", pod("p", spec, cpu));
    await refused(t, "p");
  });
const placement = (name: string, shapes: Record<string, NodeShape>, spec: (ns: string) => object, cpu?: string) =>
  it(name, async (t) => {
    await nodes(t, shapes);
    await t.given("pods", pod("p", spec(t.ns), cpu));
    await placed(t, "p");
  });
const gold = { tier: "gold" };
const zone = (z: string) => ({ "topology.kubernetes.io/zone": z });
const affinity = (kind: string, terms: Json) => ({
  affinity: { [kind]: { requiredDuringSchedulingIgnoredDuringExecution: terms } },
});
const near = (topologyKey: string) => [{ labelSelector: { matchLabels: { app: "x" } }, topologyKey }];

const spreadOver = (topologyKey: string) => ({
  topologySpreadConstraints: [
    { maxSkew: 1, topologyKey, whenUnsatisfiable: "DoNotSchedule", labelSelector: { matchLabels: { app: "x" } } },
  ],
});
/** Two pods of one kind go to two nodes, whichever is whose. */
async function apart(t: Conversation, spec: object): Promise<void> {
  for (const name of ["p", "q"]) {
    await t.given("pods", pod(name, spec));
    await t.until(
      `pods/${name}`,
      ({ spec: { nodeName } }) => nodeName,
      () => "placed",
    );
  }
  const { items } = await t.peek("pods");
  t.note("apart", items[0].spec.nodeName !== items[1].spec.nodeName);
}
const told = (t: Conversation) =>
  t.until(
    "events",
    ({ items }) => items.length > 0,
    ({ items }) =>
      items.map(({ type, reason, message, reportingComponent, action, source }: Json) => [
        ...[type, reason, message, reportingComponent, action, source],
      ]),
  );

/** Where kube-scheduler puts pods, and what it says when it cannot. No other nodes are about. */
export const scheduling = area(
  "scheduling",
  [
    it("no nodes at all", async (t) => {
      await t.given("pods", pod("p"));
      await refused(t, "p");
      await told(t);
    }),
    it("the one node", async (t) => {
      await nodes(t, { a: {} });
      await t.given("pods", pod("p"));
      await placed(t, "p");
      await t.get("pods/p", {
        show: ({ status }) => status.conditions.map(({ type, status: is }: Json) => [type, is]),
      });
      await told(t);
    }),
    refusal("too little CPU", { a: { cpu: "1" }, b: { cpu: "1" } }, {}, "1500m"),
    refusal(
      "too little CPU on one, too little of memory on another",
      { a: { cpu: "1" }, b: { memory: "1Mi" } },
      { containers: [{ name: "c", image: "i", resources: { requests: { cpu: "1500m", memory: "1Gi" } } }] },
    ),
    refusal(
      "too little of both on one",
      { a: { cpu: "1", memory: "1Mi" } },
      { containers: [{ name: "c", image: "i", resources: { requests: { cpu: "1500m", memory: "1Gi" } } }] },
    ),
    refusal(
      "a device that no node has",
      { a: {} },
      { containers: [{ name: "c", image: "i", resources: { limits: { "nvidia.com/gpu": "1" } } }] },
    ),
    it("no more pods", async (t) => {
      await nodes(t, { a: { pods: "1" } });
      await t.given("pods", pod("p"));
      await placed(t, "p");
      await t.given("pods", pod("q"));
      await refused(t, "q");
    }),
    refusal("a selector that no node meets", { a: {}, b: {} }, { nodeSelector: gold }),
    placement("a selector", { a: {}, b: { labels: gold } }, () => ({ nodeSelector: gold })),
    placement("an affinity to nodes", { a: { labels: { tier: "silver" } }, b: { labels: gold } }, () =>
      affinity("nodeAffinity", {
        nodeSelectorTerms: [{ matchExpressions: [{ key: "tier", operator: "NotIn", values: ["silver"] }] }],
      }),
    ),
    placement("an affinity to a node's name", { a: {}, b: {} }, (ns) =>
      affinity("nodeAffinity", {
        nodeSelectorTerms: [{ matchFields: [{ key: "metadata.name", operator: "In", values: [`${ns}-b`] }] }],
      }),
    ),
    placement("a greater number", { a: { labels: { size: "3" } }, b: { labels: { size: "11" } } }, () =>
      affinity("nodeAffinity", {
        nodeSelectorTerms: [{ matchExpressions: [{ key: "size", operator: "Gt", values: ["5"] }] }],
      }),
    ),
    placement("a preferred node", { a: {}, b: { labels: gold }, c: {} }, () => ({
      affinity: {
        nodeAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [
            { weight: 100, preference: { matchExpressions: [{ key: "tier", operator: "Exists" }] } },
          ],
        },
      },
    })),
    refusal("a taint", { a: { taints: [{ key: "own", value: "me", effect: "NoSchedule" }] } }, {}),
    refusal(
      "a taint of another value",
      { a: { taints: [{ key: "own", value: "me", effect: "NoSchedule" }] } },
      { tolerations: [{ key: "own", value: "you", effect: "NoSchedule" }] },
    ),
    placement(
      "a taint that is tolerated",
      { a: { taints: [{ key: "own", value: "me", effect: "NoSchedule" }] } },
      () => ({ tolerations: [{ key: "own", operator: "Exists" }] }),
    ),
    placement(
      "a node that would rather not",
      { a: { taints: [{ key: "own", effect: "PreferNoSchedule" }] }, b: {} },
      () => ({}),
    ),
    refusal(
      "several taints: the first is named",
      {
        a: {
          taints: [
            { key: "one", effect: "NoSchedule" },
            { key: "two", effect: "NoSchedule" },
          ],
        },
      },
      {},
    ),
    refusal("a cordoned node", { a: { unschedulable: true } }, {}),
    refusal(
      "one node of each refusal",
      { a: { unschedulable: true }, b: { cpu: "1" }, c: { taints: [{ key: "own", effect: "NoSchedule" }] } },
      {},
      "1500m",
    ),
    refusal(
      "a node that is named but not there",
      { a: {} },
      affinity("nodeAffinity", {
        nodeSelectorTerms: [{ matchFields: [{ key: "metadata.name", operator: "In", values: ["none"] }] }],
      }),
    ),
    refusal(
      "an affinity to pods that there are none of",
      { a: { labels: zone("z") } },
      affinity("podAffinity", [
        { labelSelector: { matchLabels: { app: "other" } }, topologyKey: "topology.kubernetes.io/zone" },
      ]),
    ),
    placement("an affinity to itself", { a: { labels: zone("z") } }, () =>
      affinity("podAffinity", near("topology.kubernetes.io/zone")),
    ),
    it("away from its like", async (t) => {
      await nodes(t, { a: {}, b: {} });
      const alone = affinity("podAntiAffinity", near("kubernetes.io/hostname"));
      await apart(t, alone);
      await t.given("pods", pod("r", alone));
      await refused(t, "r");
    }),
    it("one that is there already wants none beside it", async (t) => {
      await nodes(t, { a: {} });
      await t.given(
        "pods",
        pod(
          "p",
          affinity("podAntiAffinity", [
            { labelSelector: { matchLabels: { app: "y" } }, topologyKey: "kubernetes.io/hostname" },
          ]),
        ),
      );
      await placed(t, "p");
      await t.given("pods", pod("q", {}, undefined, { app: "y" }));
      await refused(t, "q");
    }),
    it("spread over zones", async (t) => {
      await nodes(t, { a: { labels: zone("1") }, b: { labels: zone("2") } });
      await apart(t, spreadOver("topology.kubernetes.io/zone"));
    }),
    it("a spread that cannot be kept", async (t) => {
      await nodes(t, { a: { labels: zone("1") }, b: { labels: zone("2"), unschedulable: true } });
      const spread = spreadOver("topology.kubernetes.io/zone");
      await t.given("pods", pod("p", spread));
      await placed(t, "p");
      await t.given("pods", pod("q", spread));
      await refused(t, "q");
    }),
    refusal("a spread over a label that nodes lack", { a: {} }, spreadOver("rack")),
    it("a port of the host that is taken", async (t) => {
      await nodes(t, { a: {} });
      const ports = { containers: [{ name: "c", image: "i", ports: [{ containerPort: 80, hostPort: 8080 }] }] };
      await t.given("pods", pod("p", ports));
      await placed(t, "p");
      await t.given("pods", pod("q", ports));
      await refused(t, "q");
    }),
    refusal(
      "a claim that is not there",
      { a: {} },
      { volumes: [{ name: "v", persistentVolumeClaim: { claimName: "none" } }] },
    ),
    it("a claim without a volume", async (t) => {
      await nodes(t, { a: {} });
      await t.given("persistentvolumeclaims", {
        metadata: { name: "c" },
        spec: { accessModes: ["ReadWriteOnce"], storageClassName: "none", resources: { requests: { storage: "1Gi" } } },
      });
      await t.given("pods", pod("p", { volumes: [{ name: "v", persistentVolumeClaim: { claimName: "c" } }] }));
      await refused(t, "p");
    }),
    it("a gate", async (t) => {
      await nodes(t, { a: {} });
      await t.given("pods", pod("p", { schedulingGates: [{ name: "example.com/wait" }] }));
      await t.until(
        "pods/p",
        ({ status }) => status.conditions?.length,
        ({ status }) =>
          status.conditions.map(({ type, status: is, reason, message }: Json) => [type, is, reason, message]),
      );
      await t.patch("merge", "pods/p", { spec: { schedulingGates: [] } }, { bare: true });
      await placed(t, "p");
    }),
    it("a pod that waits is placed when a node comes", async (t) => {
      await t.given("pods", pod("p"));
      await refused(t, "p");
      await nodes(t, { a: {} });
      await placed(t, "p");
    }),
    it("a pod that waits is placed when another goes", async (t) => {
      await nodes(t, { a: { cpu: "1" } });
      await t.given("pods", pod("p", {}, "800m"));
      await placed(t, "p");
      await t.given("pods", pod("q", {}, "800m"));
      await refused(t, "q");
      await t.del("pods/p", { gracePeriodSeconds: 0 }, { bare: true });
      await placed(t, "q");
    }),
    it("a more important pod takes the place of a lesser", async (t) => {
      await nodes(t, { a: { cpu: "1" } });
      for (const [name, value] of [
        ["low", 10],
        ["high", 1000],
      ] as const) {
        t.deleteAtEnd(`priorityclasses/${t.ns}-${name}`);
        await t.given("priorityclasses", { metadata: { name: `${t.ns}-${name}` }, value });
      }
      await t.given(
        "pods",
        pod("lesser", { priorityClassName: `${t.ns}-low`, terminationGracePeriodSeconds: 0 }, "800m"),
      );
      await placed(t, "lesser");
      await t.given("pods", pod("greater", { priorityClassName: `${t.ns}-high` }, "800m"));
      await placed(t, "greater");
      await t.until(
        "events",
        ({ items }) => items.some(({ reason }: Json) => reason === "Preempted"),
        ({ items }) =>
          items
            .filter(({ reason }: Json) => reason === "Preempted")
            .map(({ type, message, involvedObject }: Json) => [type, message, involvedObject.name]),
      );
    }),
    it("a pod that never takes another's place says why", async (t) => {
      await nodes(t, { a: { cpu: "1" } });
      t.deleteAtEnd(`priorityclasses/${t.ns}-polite`);
      await t.given("priorityclasses", {
        metadata: { name: `${t.ns}-polite` },
        value: 1000,
        preemptionPolicy: "Never",
      });
      await t.given("pods", pod("lesser", {}, "800m"));
      await placed(t, "lesser");
      await t.given("pods", pod("greater", { priorityClassName: `${t.ns}-polite` }, "800m"));
      await refused(t, "greater");
    }),
    placement(
      "the emptier node",
      { a: { cpu: "1", memory: "1Gi" }, b: { cpu: "8", memory: "16Gi" } },
      () => ({}),
      "500m",
    ),
    it("DaemonSets bring a pod to each node that fits", async (t) => {
      await nodes(t, { a: {}, b: { taints: [{ key: "own", effect: "NoSchedule" }] }, c: { unschedulable: true } });
      await t.given("daemonsets", {
        metadata: { name: "agent" },
        spec: {
          selector: { matchLabels: { app: "agent" } },
          template: { metadata: { labels: { app: "agent" } }, spec: { containers: [{ name: "c", image: "i" }] } },
        },
      });
      await t.until(
        "pods",
        ({ items }) => items.length === 2 && items.every(({ spec }: Json) => spec.nodeName),
        ({ items }) => [items.map(({ spec }: Json) => spec.nodeName).sort(), items[0].spec.tolerations],
      );
      await t.until(
        "daemonsets/agent",
        ({ status }) => status.desiredNumberScheduled === 2,
        ({ status }) => status,
      );
    }),
  ],
  { alone: true },
);
