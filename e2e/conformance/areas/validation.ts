import { area, it } from "../harness/case.ts";
import type { Json } from "../harness/conversation.ts";

const c = (more: object = {}) => ({ name: "c", image: "i", ...more });
const pod = (spec: object, container: object = {}) => ({
  metadata: { name: "a" },
  spec: { containers: [c(container)], ...spec },
});
const show = (body: Json) => (body.kind === "Status" ? body : body.kind);
const refused = (name: string, plural: string, object: Json) =>
  it(name, (t) => t.post(`${plural}?dryRun=All`, object, { show }));
const ofPod = (name: string, spec: object, container: object = {}) =>
  refused(`pod: ${name}`, "pods", pod(spec, container));
const template = (more: object = {}) => ({
  metadata: { labels: { app: "web" } },
  spec: { containers: [c()], ...more },
});
const dep = (spec: object) => ({
  metadata: { name: "a" },
  spec: { selector: { matchLabels: { app: "web" } }, template: template(), ...spec },
});
const svc = (spec: object) => ({ metadata: { name: "a" }, spec: { ports: [{ port: 80 }], ...spec } });
const hpa = (spec: object) => ({
  metadata: { name: "a" },
  spec: { maxReplicas: 3, scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "d" }, ...spec },
});
const job = (spec: object) => ({
  metadata: { name: "a" },
  spec: { template: { spec: { restartPolicy: "Never", containers: [c()] } }, ...spec },
});
const cron = (spec: object) => ({
  metadata: { name: "a" },
  spec: {
    schedule: "* * * * *",
    jobTemplate: { spec: { template: { spec: { restartPolicy: "Never", containers: [c()] } } } },
    ...spec,
  },
});

/** What objects are refused for, in the server's words. */
export const validation = area("validation", [
  ofPod("no containers", { containers: [] }),
  ofPod("two containers of one name", { containers: [c(), c()] }),
  ofPod("a container's name", {}, { name: "C_1" }),
  ofPod("no image", {}, { image: "" }),
  ofPod("a space before the image", {}, { image: " i" }),
  ofPod("a pull policy", {}, { imagePullPolicy: "Sometimes" }),
  ofPod("a restart policy", { restartPolicy: "Perhaps" }),
  ofPod("a request above its limit", {}, { resources: { requests: { cpu: "2" }, limits: { cpu: "1" } } }),
  ofPod("a negative request", {}, { resources: { requests: { cpu: "-1" } } }),
  ofPod("a resource without a domain", {}, { resources: { requests: { gpus: "1" } } }),
  ofPod("half a device", {}, { resources: { limits: { "nvidia.com/gpu": "500m" } } }),
  ofPod(
    "a device requested otherwise than limited",
    {},
    { resources: { requests: { "nvidia.com/gpu": "1" }, limits: { "nvidia.com/gpu": "2" } } },
  ),
  ofPod("a port out of range", {}, { ports: [{ containerPort: 70000 }] }),
  ofPod("a port's protocol", {}, { ports: [{ containerPort: 80, protocol: "HTTP" }] }),
  ofPod("a port's name", {}, { ports: [{ containerPort: 80, name: "much-too-long-a-name" }] }),
  ofPod(
    "two ports of one name",
    {},
    {
      ports: [
        { containerPort: 80, name: "http" },
        { containerPort: 81, name: "http" },
      ],
    },
  ),
  ofPod("a port of the host's network", { hostNetwork: true }, { ports: [{ containerPort: 80, hostPort: 81 }] }),
  ofPod("a variable's name", {}, { env: [{ name: "a=b", value: "x" }] }),
  ofPod(
    "a variable with two sources",
    {},
    { env: [{ name: "A", value: "x", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }] },
  ),
  ofPod(
    "a variable from a field that there is not",
    {},
    { env: [{ name: "A", valueFrom: { fieldRef: { fieldPath: "spec.colour" } } }] },
  ),
  ofPod("a mount of no volume", {}, { volumeMounts: [{ name: "v", mountPath: "/a" }] }),
  ofPod(
    "two mounts of one path",
    { volumes: [{ name: "v", emptyDir: {} }] },
    {
      volumeMounts: [
        { name: "v", mountPath: "/a" },
        { name: "v", mountPath: "/a" },
      ],
    },
  ),
  ofPod("a volume without a source that is known", { volumes: [{ name: "v", configMap: {} }] }),
  ofPod("a volume with two sources", { volumes: [{ name: "v", emptyDir: {}, configMap: { name: "a" } }] }),
  ofPod("two volumes of one name", { volumes: [{ name: "v" }, { name: "v" }] }),
  ofPod("a probe without a way", {}, { livenessProbe: {} }),
  ofPod("a probe with two ways", {}, { livenessProbe: { exec: { command: ["a"] }, tcpSocket: { port: 80 } } }),
  ofPod(
    "a liveness probe that must succeed twice",
    {},
    { livenessProbe: { tcpSocket: { port: 80 }, successThreshold: 2 } },
  ),
  ofPod("a probe's times", {}, { readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: -1, timeoutSeconds: -1 } }),
  ofPod("a probe's port by a name of no port", {}, { readinessProbe: { httpGet: { port: "Not A Name" } } }),
  ofPod("a hook without a way", {}, { lifecycle: { preStop: {} } }),
  ofPod("a toleration", {
    tolerations: [
      { operator: "Equal", value: "x" },
      { key: "a", operator: "Exists", value: "x" },
      { key: "a", effect: "Never" },
      { key: "a", effect: "NoSchedule", tolerationSeconds: 5 },
    ],
  }),
  ofPod("an affinity to nodes", {
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] },
        preferredDuringSchedulingIgnoredDuringExecution: [
          {
            weight: 0,
            preference: {
              matchExpressions: [
                { key: "a", operator: "In" },
                { key: "b", operator: "Exists", values: ["x"] },
                { key: "c", operator: "Gt", values: ["x"] },
              ],
            },
          },
        ],
      },
    },
  }),
  ofPod("an affinity to pods", {
    affinity: {
      podAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: "" }],
        preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 101, podAffinityTerm: { topologyKey: "a b" } }],
      },
    },
  }),
  ofPod("a spread", {
    topologySpreadConstraints: [
      { maxSkew: 0, topologyKey: "", whenUnsatisfiable: "Never" },
      { maxSkew: 1, topologyKey: "z", whenUnsatisfiable: "ScheduleAnyway", minDomains: 2 },
    ],
  }),
  ofPod("a node's selector", { nodeSelector: { "a b": "c d" } }),
  ofPod("a host's name", { hostname: "A_B", subdomain: "C_D" }),
  ofPod("a DNS policy", { dnsPolicy: "None" }),
  ofPod(
    "a security context",
    { securityContext: { runAsUser: -1, sysctls: [{ name: "a b", value: "1" }] } },
    { securityContext: { privileged: true, allowPrivilegeEscalation: false } },
  ),
  ofPod("seconds that a pod may run", { activeDeadlineSeconds: 0 }),
  ofPod("init containers", {
    initContainers: [
      { name: "c", image: "i" },
      { name: "d", image: "i", livenessProbe: { tcpSocket: { port: 1 } } },
    ],
  }),
  ofPod("a sidecar's restart policy", { initContainers: [{ name: "d", image: "i", restartPolicy: "Never" }] }),
  ofPod("ephemeral containers at creation", { ephemeralContainers: [{ name: "d", image: "i" }] }),
  ofPod("several at once, in order", {
    restartPolicy: "X",
    dnsPolicy: "Y",
    containers: [{ name: "C", ports: [{ containerPort: 0 }] }],
  }),

  refused(
    "deployment: a selector that its template does not meet",
    "deployments",
    dep({ selector: { matchLabels: { app: "other" } } }),
  ),
  refused("deployment: no selector", "deployments", dep({ selector: undefined })),
  refused("deployment: an empty selector", "deployments", dep({ selector: {} })),
  refused(
    "deployment: a selector's operator",
    "deployments",
    dep({
      selector: {
        matchExpressions: [
          { key: "app", operator: "Like", values: ["x"] },
          { key: "app", operator: "In" },
        ],
      },
    }),
  ),
  refused(
    "deployment: negative numbers",
    "deployments",
    dep({ replicas: -1, minReadySeconds: -1, revisionHistoryLimit: -1, progressDeadlineSeconds: -1 }),
  ),
  refused(
    "deployment: a deadline no longer than the time to be ready",
    "deployments",
    dep({ minReadySeconds: 5, progressDeadlineSeconds: 5 }),
  ),
  refused("deployment: a strategy", "deployments", dep({ strategy: { type: "Sudden" } })),
  refused(
    "deployment: recreate with a rolling update",
    "deployments",
    dep({ strategy: { type: "Recreate", rollingUpdate: { maxSurge: 1 } } }),
  ),
  refused(
    "deployment: neither surge nor unavailable",
    "deployments",
    dep({ strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 0 } } }),
  ),
  refused(
    "deployment: percent",
    "deployments",
    dep({ strategy: { rollingUpdate: { maxSurge: "a%", maxUnavailable: "101%" } } }),
  ),
  refused("deployment: a restart policy", "deployments", dep({ template: template({ restartPolicy: "Never" }) })),
  it("deployment: a selector that is to change", async (t) => {
    await t.given("deployments", dep({ replicas: 0 }));
    await t.patch(
      "merge",
      "deployments/a",
      { spec: { selector: { matchLabels: { more: "x" } }, template: { metadata: { labels: { more: "x" } } } } },
      { show },
    );
  }),
  refused("statefulset: policies", "statefulsets", {
    metadata: { name: "a" },
    spec: {
      serviceName: "s",
      selector: { matchLabels: { app: "web" } },
      template: template(),
      podManagementPolicy: "Wild",
      updateStrategy: { type: "Slow" },
    },
  }),
  it("statefulset: what is to change", async (t) => {
    await t.given("statefulsets", {
      metadata: { name: "a" },
      spec: { replicas: 0, serviceName: "s", selector: { matchLabels: { app: "web" } }, template: template() },
    });
    await t.patch(
      "merge",
      "statefulsets/a",
      { spec: { serviceName: "other", podManagementPolicy: "Parallel" } },
      { show },
    );
  }),
  refused("daemonset: an update strategy", "daemonsets", {
    metadata: { name: "a" },
    spec: {
      selector: { matchLabels: { app: "web" } },
      template: template(),
      updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 0, maxUnavailable: 0 } },
    },
  }),
  refused("job: a restart policy", "jobs", job({ template: template() })),
  refused(
    "job: numbers",
    "jobs",
    job({ completions: -1, parallelism: -1, backoffLimit: -1, activeDeadlineSeconds: -1, ttlSecondsAfterFinished: -1 }),
  ),
  refused("job: an indexed one without a number", "jobs", job({ completionMode: "Indexed" })),
  refused("job: a limit per index without indexes", "jobs", job({ backoffLimitPerIndex: 1 })),
  refused(
    "job: a policy on failure",
    "jobs",
    job({ podFailurePolicy: { rules: [{ action: "Panic", onExitCodes: { operator: "In", values: [0] } }] } }),
  ),
  refused(
    "job: a policy on success",
    "jobs",
    job({
      completionMode: "Indexed",
      completions: 3,
      successPolicy: { rules: [{ succeededCount: 5, succeededIndexes: "7" }] },
    }),
  ),
  refused("job: a selector by hand", "jobs", job({ selector: { matchLabels: { a: "b" } } })),
  it("job: what is to change", async (t) => {
    await t.given("jobs", job({ suspend: true }));
    await t.patch(
      "merge",
      "jobs/a",
      { spec: { completions: 4 } },
      { show: ({ code, reason, message }) => [code, reason, message?.slice(0, 80)] },
    );
  }),
  refused("cronjob: a schedule", "cronjobs", cron({ schedule: "every hour" })),
  refused("cronjob: a schedule with too few fields", "cronjobs", cron({ schedule: "* * *" })),
  refused("cronjob: a time zone", "cronjobs", cron({ timeZone: "Mars/Base" })),
  refused("cronjob: a policy", "cronjobs", cron({ concurrencyPolicy: "Chaos", startingDeadlineSeconds: -1 })),
  refused("cronjob: a name that is too long", "cronjobs", { ...cron({}), metadata: { name: "a".repeat(53) } }),

  refused("service: no ports", "services", svc({ ports: [] })),
  refused("service: two ports without names", "services", svc({ ports: [{ port: 80 }, { port: 81 }] })),
  refused(
    "service: two of the same port",
    "services",
    svc({
      ports: [
        { name: "a", port: 80 },
        { name: "b", port: 80 },
      ],
    }),
  ),
  refused("service: a port out of range", "services", svc({ ports: [{ port: 0 }] })),
  refused("service: a type", "services", svc({ type: "Magic" })),
  refused("service: an external name that is none", "services", {
    metadata: { name: "a" },
    spec: { type: "ExternalName" },
  }),
  refused("service: an address out of range", "services", svc({ clusterIP: "1.2.3.4" })),
  refused("service: a headless load balancer", "services", svc({ type: "LoadBalancer", clusterIP: "None" })),
  refused(
    "service: a node port out of range",
    "services",
    svc({ type: "NodePort", ports: [{ port: 80, nodePort: 80 }] }),
  ),
  refused("service: a node port of a ClusterIP", "services", svc({ ports: [{ port: 80, nodePort: 30080 }] })),
  refused("service: affinity of sessions", "services", svc({ sessionAffinity: "Sticky" })),
  refused("service: a name", "services", { ...svc({}), metadata: { name: "1a" } }),
  it("service: an address that is taken", async (t) => {
    const { body } = await t.given("services", svc({}));
    await t.post("services", {
      metadata: { name: "b" },
      spec: { clusterIP: body.spec.clusterIP, ports: [{ port: 80 }] },
    });
  }),
  it("service: an address that is to change", async (t) => {
    await t.given("services", svc({}));
    await t.patch(
      "merge",
      "services/a",
      { spec: { clusterIP: "10.100.77.77", clusterIPs: ["10.100.77.77"] } },
      { show: ({ code, reason, details }) => [code, reason, details?.causes?.map((one: Json) => one.field)] },
    );
  }),

  refused("hpa: min above max", "horizontalpodautoscalers", hpa({ minReplicas: 5 })),
  refused("hpa: no max", "horizontalpodautoscalers", hpa({ maxReplicas: 0 })),
  refused("hpa: min of zero", "horizontalpodautoscalers", hpa({ minReplicas: 0 })),
  refused("hpa: a target of no kind", "horizontalpodautoscalers", hpa({ scaleTargetRef: { kind: "", name: "" } })),
  refused(
    "hpa: a metric of a type that there is not",
    "horizontalpodautoscalers",
    hpa({ metrics: [{ type: "Mood" }] }),
  ),
  refused(
    "hpa: a resource metric without its part",
    "horizontalpodautoscalers",
    hpa({ metrics: [{ type: "Resource" }] }),
  ),
  refused(
    "hpa: a resource metric without a target",
    "horizontalpodautoscalers",
    hpa({ metrics: [{ type: "Resource", resource: { name: "cpu", target: { type: "Utilization" } } }] }),
  ),
  refused(
    "hpa: both kinds of target",
    "horizontalpodautoscalers",
    hpa({
      metrics: [
        {
          type: "Resource",
          resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 0, averageValue: "1" } },
        },
      ],
    }),
  ),
  refused(
    "hpa: a pods metric with a value",
    "horizontalpodautoscalers",
    hpa({ metrics: [{ type: "Pods", pods: { metric: { name: "m" }, target: { type: "Value", value: "1" } } }] }),
  ),
  refused(
    "hpa: an object metric without its object",
    "horizontalpodautoscalers",
    hpa({
      metrics: [
        {
          type: "Object",
          object: {
            metric: { name: "" },
            describedObject: { kind: "", name: "" },
            target: { type: "Value", value: "-1" },
          },
        },
      ],
    }),
  ),
  refused(
    "hpa: an external metric",
    "horizontalpodautoscalers",
    hpa({ metrics: [{ type: "External", external: { metric: { name: "a/b" }, target: { type: "Value" } } }] }),
  ),
  refused(
    "hpa: a container's metric",
    "horizontalpodautoscalers",
    hpa({
      metrics: [
        {
          type: "ContainerResource",
          containerResource: { name: "cpu", container: "", target: { type: "Utilization", averageUtilization: 50 } },
        },
      ],
    }),
  ),
  refused(
    "hpa: behaviour",
    "horizontalpodautoscalers",
    hpa({
      behavior: {
        scaleUp: {
          stabilizationWindowSeconds: 3601,
          selectPolicy: "Most",
          policies: [{ type: "Some", value: 0, periodSeconds: 1801 }],
        },
        scaleDown: { policies: [] },
      },
    }),
  ),
  refused("hpa: a tolerance", "horizontalpodautoscalers", hpa({ behavior: { scaleDown: { tolerance: "-1" } } })),

  refused("budget: both", "poddisruptionbudgets", {
    metadata: { name: "a" },
    spec: { minAvailable: 1, maxUnavailable: 1 },
  }),
  refused("budget: percent", "poddisruptionbudgets", { metadata: { name: "a" }, spec: { minAvailable: "101%" } }),
  refused("budget: a policy", "poddisruptionbudgets", {
    metadata: { name: "a" },
    spec: { minAvailable: -1, unhealthyPodEvictionPolicy: "Whenever" },
  }),
  refused("ingress: a rule", "ingresses", {
    metadata: { name: "a" },
    spec: { rules: [{ host: "*.*", http: { paths: [{ path: "a", pathType: "Near", backend: {} }] } }] },
  }),
  refused("ingress: nothing", "ingresses", { metadata: { name: "a" }, spec: {} }),
  refused("network policy: a port", "networkpolicies", {
    metadata: { name: "a" },
    spec: {
      podSelector: {},
      policyTypes: ["Sideways"],
      ingress: [{ ports: [{ port: 0 }], from: [{ ipBlock: { cidr: "1.2.3.4" } }] }],
    },
  }),
  refused("role: a rule", "roles", {
    metadata: { name: "a" },
    rules: [{ verbs: [] }, { verbs: ["get"], resources: ["x"] }, { verbs: ["get"], nonResourceURLs: ["/a"] }],
  }),
  refused("role binding: a reference", "rolebindings", {
    metadata: { name: "a" },
    roleRef: { apiGroup: "x", kind: "Y", name: "" },
    subjects: [{ kind: "Robot", name: "" }],
  }),
  it("role binding: a reference that is to change", async (t) => {
    await t.given("rolebindings", {
      metadata: { name: "a" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "view" },
    });
    await t.patch("merge", "rolebindings/a", { roleRef: { name: "edit" } });
  }),
  refused("lease: times", "leases", {
    metadata: { name: "a" },
    spec: { leaseDurationSeconds: 0, leaseTransitions: -1 },
  }),
  refused("lease: a holder of nothing", "leases", { metadata: { name: "a" }, spec: { holderIdentity: "" } }),
  refused("slice: addresses", "endpointslices", {
    metadata: { name: "a" },
    addressType: "IPv4",
    endpoints: [{ addresses: ["::1"] }, { addresses: [] }],
    ports: [{ port: 70000, protocol: "X" }],
  }),
  refused("endpoints: addresses", "endpoints", {
    metadata: { name: "a" },
    subsets: [{ addresses: [{ ip: "127.0.0.1" }, { ip: "x" }], ports: [{ port: 0 }] }],
  }),
  refused("secret: a kind that wants certain keys", "secrets", {
    metadata: { name: "a" },
    type: "kubernetes.io/tls",
    data: {},
  }),
  refused("secret: a registry's", "secrets", {
    metadata: { name: "a" },
    type: "kubernetes.io/dockerconfigjson",
    data: { ".dockerconfigjson": "YQ==" },
  }),
  refused("config map: a key", "configmaps", {
    metadata: { name: "a" },
    data: { "a b": "x" },
    binaryData: { "a b": "eA==" },
  }),
  refused("config map: a key twice", "configmaps", {
    metadata: { name: "a" },
    data: { a: "x" },
    binaryData: { a: "eA==" },
  }),
  refused("quota: amounts and scopes", "resourcequotas", {
    metadata: { name: "a" },
    spec: { hard: { pods: "-1" }, scopes: ["Everything"] },
  }),
  refused("limits: min above max", "limitranges", {
    metadata: { name: "a" },
    spec: {
      limits: [
        { type: "Container", min: { cpu: "2" }, max: { cpu: "1" }, default: { cpu: "3" } },
        { type: "Container" },
      ],
    },
  }),
  refused("claim: modes and size", "persistentvolumeclaims", {
    metadata: { name: "a" },
    spec: { accessModes: ["Anyhow"], resources: { requests: { storage: "-1" } } },
  }),
  it("claim: what is to change", async (t) => {
    await t.given("persistentvolumeclaims", {
      metadata: { name: "a" },
      spec: { accessModes: ["ReadWriteOnce"], storageClassName: "none", resources: { requests: { storage: "1Gi" } } },
    });
    await t.patch(
      "merge",
      "persistentvolumeclaims/a",
      { spec: { storageClassName: "other" } },
      { show: ({ code, reason, message }) => [code, reason, message?.slice(0, 120)] },
    );
    await t.patch(
      "merge",
      "persistentvolumeclaims/a",
      { spec: { resources: { requests: { storage: "500Mi" } } } },
      { show: ({ code, reason, message }) => [code, reason, message?.slice(0, 120)] },
    );
  }),
  it("event: its object's namespace", (t) =>
    t.post("events", {
      metadata: { name: "e" },
      involvedObject: { kind: "Pod", name: "p", namespace: "other" },
      reason: "R",
    })),
  it("event: of the new group", async (t) => {
    const event = {
      metadata: { name: "e" },
      eventTime: "2026-01-01T00:00:00.000000Z",
      reportingController: "example.com/c",
      reportingInstance: "i",
      action: "Act",
      reason: "R",
      type: "Normal",
      regarding: { kind: "Pod", name: "p", namespace: t.ns },
      note: "n",
    };
    const path = `/apis/events.k8s.io/v1/namespaces/${t.ns}/events`;
    await t.post(path, event);
    await t.get("events/e", {
      show: ({ involvedObject, message, source, reportingComponent }) => [
        involvedObject,
        message,
        source,
        reportingComponent,
      ],
    });
    await t.post(path, { ...event, metadata: { name: "f" }, eventTime: undefined, action: "" });
    await t.post(path, { ...event, metadata: { name: "f" }, type: "Odd", note: "n".repeat(1025) });
    await t.patch("merge", `${path}/e`, { note: "changed" });
    await t.patch(
      "merge",
      `${path}/e`,
      { series: { count: 2, lastObservedTime: "2026-01-01T00:00:05.000000Z" } },
      { show: ({ series }) => series },
    );
  }),
  it("event: of the core group, counted up", async (t) => {
    await t.given("events", {
      metadata: { name: "e" },
      involvedObject: { kind: "Pod", name: "p", namespace: t.ns },
      reason: "R",
      message: "m",
      count: 1,
      type: "Warning",
    });
    await t.patch(
      "merge",
      "events/e",
      { count: 2, message: "again" },
      { show: ({ count, message }) => [count, message] },
    );
    await t.get(`/apis/events.k8s.io/v1/namespaces/${t.ns}/events/e`, {
      show: ({ deprecatedCount, note, regarding }) => [deprecatedCount, note, regarding],
    });
  }),
]);
