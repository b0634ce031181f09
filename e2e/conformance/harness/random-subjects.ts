import type { Json } from "./conversation.ts";

/** A kind of the generated sequences. */
export interface Subject {
  readonly plural: string;
  readonly apiVersion: (ns: string) => string;
  readonly kind: string;
  readonly strategic: boolean;
  /** Fields under the root that are set, changed and taken away, with values that fit and some that do not. */
  readonly parts: Readonly<Record<string, readonly Json[]>>;
  readonly base: Json;
  /** The collector learns of a new kind half a minute late: no sequence waits for what it does then. */
  readonly collectedLate?: boolean;
  /** Kubernetes makes a Service, without its address, of an apply to the status of none; the sandbox does not. */
  readonly statusCreates?: boolean;
  /** What is applied as null is stored so, and dropped at the next write: of labels that are null a watch tells twice. */
  readonly keepsNulls?: boolean;
  /** Its parts are null where they are not given, and owned as such: none is taken away. */
  readonly partsStay?: boolean;
  readonly subresources: readonly string[];
}

const container = { name: "c", image: "i:1" };
const podSpec = (more: object = {}) => ({ containers: [{ ...container, ...more }] });
const template = (more: object = {}) => ({ metadata: { labels: { app: "x" } }, spec: podSpec(more) });
const selector = { matchLabels: { app: "x" } };
const cpuAt = (averageUtilization: number) => ({
  type: "Resource",
  resource: { name: "cpu", target: { type: "Utilization", averageUtilization } },
});
const backendTo = (name: string) => ({ service: { name, port: { number: 80 } } });

/** What generated calls are about: kinds that controllers leave alone, or nearly so. */
export const subjects: readonly Subject[] = [
  {
    plural: "configmaps",
    apiVersion: () => "v1",
    kind: "ConfigMap",
    strategic: true,
    base: {},
    parts: {
      data: [{ a: "1" }, { a: "2", b: "3" }, {}, null, { "bad key": "x" }],
      binaryData: [{ z: "eA==" }, { a: "eA==" }],
      immutable: [false, null],
      extra: [1],
    },
    subresources: [],
  },
  {
    plural: "secrets",
    apiVersion: () => "v1",
    kind: "Secret",
    strategic: true,
    base: {},
    parts: {
      data: [{ a: "MQ==" }, { c: "Mg==" }],
      stringData: [{ b: "two" }, { a: "x" }],
      type: ["Opaque", "example.com/x", "kubernetes.io/tls"],
    },
    subresources: [],
  },
  {
    plural: "services",
    apiVersion: () => "v1",
    kind: "Service",
    strategic: true,
    base: { spec: { ports: [{ port: 80 }] } },
    parts: {
      spec: [
        { ports: [{ port: 81 }], selector: { app: "x" } },
        {
          ports: [
            { name: "a", port: 80 },
            { name: "b", port: 81 },
          ],
        },
        { ports: [{ port: 80 }, { port: 81 }] },
        { ports: [{ port: 80 }], clusterIP: "None", selector: { app: "x" } },
        { ports: [{ port: 0 }] },
        { type: "ExternalName", externalName: "a.example" },
        { ports: [{ port: 80 }], sessionAffinity: "ClientIP" },
      ],
    },
    subresources: ["status"],
    statusCreates: true,
  },
  {
    plural: "deployments",
    apiVersion: () => "apps/v1",
    kind: "Deployment",
    strategic: true,
    base: { spec: { replicas: 0, paused: true, selector, template: template() } },
    parts: {
      spec: [
        { replicas: 0, paused: true, selector, template: template({ image: "i:2" }) },
        { replicas: 0, paused: true, selector, template: template({ env: [{ name: "A", value: "1" }] }) },
        { replicas: 0, paused: true, selector, template: template(), minReadySeconds: 3 },
        { replicas: 0, paused: true, selector: { matchLabels: { app: "y" } }, template: template() },
        { replicas: -1, paused: true, selector, template: template() },
        { replicas: 0, paused: true, selector, template: template(), strategy: { type: "Recreate" } },
        { replicas: "0", paused: true, selector, template: template() },
        { replicas: 0, paused: true, selector, template: { metadata: {}, spec: podSpec() } },
      ],
    },
    subresources: ["scale", "status"],
  },
  {
    plural: "pods",
    apiVersion: () => "v1",
    kind: "Pod",
    strategic: true,
    base: {
      spec: {
        nodeName: "nowhere",
        automountServiceAccountToken: false,
        terminationGracePeriodSeconds: 0,
        ...podSpec(),
      },
    },
    parts: {
      spec: [
        { nodeName: "nowhere", automountServiceAccountToken: false, ...podSpec({ image: "i:2" }) },
        {
          nodeName: "nowhere",
          automountServiceAccountToken: false,
          ...podSpec({ resources: { requests: { cpu: "1" } } }),
        },
        {
          nodeName: "nowhere",
          automountServiceAccountToken: false,
          ...podSpec(),
          tolerations: [{ key: "a", operator: "Exists" }],
        },
        { nodeName: "nowhere", automountServiceAccountToken: false, ...podSpec(), activeDeadlineSeconds: 600 },
        { automountServiceAccountToken: false, containers: [] },
      ],
      status: [{ phase: "Running" }, { conditions: [{ type: "Ready", status: "True" }] }],
    },
    subresources: ["status"],
  },
  {
    plural: "poddisruptionbudgets",
    apiVersion: () => "policy/v1",
    kind: "PodDisruptionBudget",
    strategic: true,
    base: { spec: { minAvailable: 1, selector: { matchLabels: { never: "met" } } } },
    parts: {
      spec: [
        { maxUnavailable: "10%", selector: { matchLabels: { never: "met" } } },
        { minAvailable: 1, maxUnavailable: 1 },
        { minAvailable: "x" },
      ],
    },
    subresources: [],
  },
  {
    plural: "horizontalpodautoscalers",
    apiVersion: () => "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    strategic: true,
    base: { spec: { maxReplicas: 3, scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "none" } } },
    parts: {
      spec: [
        { maxReplicas: 5, minReplicas: 2, scaleTargetRef: { kind: "Deployment", name: "none" } },
        { maxReplicas: 1, minReplicas: 2, scaleTargetRef: { kind: "Deployment", name: "none" } },
        { maxReplicas: 3, scaleTargetRef: { kind: "Deployment", name: "none" }, metrics: [cpuAt(60), cpuAt(70)] },
        { maxReplicas: 3, scaleTargetRef: { kind: "Deployment", name: "none" }, metrics: [{ type: "Mood" }] },
        {
          maxReplicas: 3,
          scaleTargetRef: { kind: "Deployment", name: "none" },
          behavior: { scaleDown: { stabilizationWindowSeconds: 4000 } },
        },
        { maxReplicas: "3" },
      ],
      status: [{ currentReplicas: 1, desiredReplicas: 2 }, { currentMetrics: null }],
    },
    subresources: ["status"],
  },
  {
    plural: "networkpolicies",
    apiVersion: () => "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    strategic: true,
    base: { spec: { podSelector: {} } },
    parts: {
      spec: [
        { podSelector: { matchLabels: { a: "b" } }, policyTypes: ["Ingress"] },
        { podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: "10.0.0.0/8", except: ["10.1.0.0/16"] } }] }] },
        { podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: "10.0.0.0/8", except: ["11.0.0.0/16"] } }] }] },
        { podSelector: {}, egress: [{ ports: [{ port: 80 }, { port: "http", protocol: "UDP" }, { port: 70000 }] }] },
        { podSelector: {}, policyTypes: ["Sideways"] },
      ],
    },
    subresources: [],
  },
  {
    plural: "ingresses",
    apiVersion: () => "networking.k8s.io/v1",
    kind: "Ingress",
    strategic: true,
    base: { spec: { defaultBackend: { service: { name: "s", port: { number: 80 } } } } },
    parts: {
      spec: [
        {
          rules: [{ host: "a.example", http: { paths: [{ path: "/", pathType: "Prefix", backend: backendTo("s") }] } }],
        },
        {
          rules: [{ host: "*.example", http: { paths: [{ path: "x", pathType: "Exact", backend: backendTo("s") }] } }],
        },
        { rules: [{ host: "*" }] },
        { defaultBackend: { service: { name: "s", port: { name: "http", number: 80 } } } },
        {},
      ],
    },
    subresources: ["status"],
  },
  {
    plural: "roles",
    apiVersion: () => "rbac.authorization.k8s.io/v1",
    kind: "Role",
    strategic: true,
    base: { rules: [{ apiGroups: [""], resources: ["secrets"], verbs: ["list"] }] },
    parts: {
      rules: [
        [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }],
        [{ apiGroups: ["apps"], resources: ["deployments"], verbs: ["*"], resourceNames: ["a"] }],
        [{ nonResourceURLs: ["/healthz"], verbs: ["get"] }],
        [{ resources: ["pods"], verbs: [] }],
      ],
    },
    partsStay: true,
    subresources: [],
  },
  {
    plural: "leases",
    apiVersion: () => "coordination.k8s.io/v1",
    kind: "Lease",
    strategic: true,
    base: {},
    parts: {
      spec: [
        { holderIdentity: "one", leaseDurationSeconds: 15, renewTime: "2026-01-01T00:00:00.000000Z" },
        { leaseDurationSeconds: 0 },
        { holderIdentity: "one", leaseTransitions: -1 },
        { renewTime: "yesterday" },
        {},
      ],
    },
    subresources: [],
  },
  {
    // Of kinds that are not in the sequences: a server may not know a new range yet when a pod comes.
    plural: "limitranges",
    apiVersion: () => "v1",
    kind: "LimitRange",
    strategic: true,
    base: { spec: { limits: [{ type: "PersistentVolumeClaim", max: { storage: "4Gi" } }] } },
    parts: {
      spec: [
        { limits: [{ type: "PersistentVolumeClaim", min: { storage: "1Gi" }, max: { storage: "2Gi" } }] },
        { limits: [{ type: "PersistentVolumeClaim", min: { storage: "3Gi" }, max: { storage: "2Gi" } }] },
        { limits: [{ type: "Pod", max: { memory: "1Gi" }, min: { memory: "2Gi" } }] },
        { limits: [{ type: "Pod", default: { cpu: "1" } }] },
      ],
    },
    partsStay: true,
    subresources: [],
  },
  {
    plural: "endpointslices",
    apiVersion: () => "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    strategic: true,
    base: { addressType: "IPv4", endpoints: [{ addresses: ["10.0.0.9"] }], ports: [{ name: "p", port: 1 }] },
    parts: {
      endpoints: [
        [{ addresses: ["10.0.0.1"], conditions: { ready: true } }],
        [{ addresses: ["127.0.0.1"] }],
        [{ addresses: ["fe80::1"] }],
        [{ addresses: [] }],
      ],
      ports: [
        [{ name: "http", port: 80 }],
        [
          { name: "a", port: 80 },
          { name: "a", port: 81 },
        ],
      ],
      addressType: ["IPv6", "FQDN", "Post"],
    },
    subresources: [],
  },
  {
    plural: "serviceaccounts",
    apiVersion: () => "v1",
    kind: "ServiceAccount",
    strategic: true,
    base: {},
    parts: {
      secrets: [[{ name: "s" }], [], null],
      imagePullSecrets: [[{ name: "a" }, { name: "b" }], null],
      automountServiceAccountToken: [true, false, null, "yes"],
    },
    subresources: [],
  },
  {
    plural: "widgets",
    apiVersion: (ns) => `${ns}.example.com/v1`,
    kind: "Widget",
    strategic: false,
    base: { spec: { size: 1 } },
    parts: {
      spec: [
        { size: 2 },
        { size: 11 },
        { size: "1" },
        { size: 3, list: [{ k: "a", v: 1 }, { k: "b" }] },
        { size: 3, list: [{ k: "a" }, { k: "a" }] },
        { size: 1, unknown: true },
        { min: 5, max: 3 },
        { mode: "on" },
        { mode: "off" },
        {},
        null,
      ],
      status: [{ ready: true }, { size: 3 }],
    },
    collectedLate: true,
    keepsNulls: true,
    subresources: ["status", "scale"],
  },
];

/** What the custom resource of the sequences looks like. */
export const widgetDefinition = (ns: string): Json => ({
  metadata: { name: `widgets.${ns}.example.com` },
  spec: {
    group: `${ns}.example.com`,
    scope: "Namespaced",
    names: { plural: "widgets", kind: "Widget" },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        subresources: { status: {}, scale: { specReplicasPath: ".spec.size", statusReplicasPath: ".status.size" } },
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: {
              spec: {
                type: "object",
                properties: {
                  size: { type: "integer", minimum: 0, maximum: 10, default: 1 },
                  min: { type: "integer" },
                  max: { type: "integer" },
                  mode: {
                    type: "string",
                    enum: ["on", "off"],
                    "x-kubernetes-validations": [{ rule: "self == oldSelf", message: "mode is fixed" }],
                  },
                  list: {
                    type: "array",
                    maxItems: 5,
                    "x-kubernetes-list-type": "map",
                    "x-kubernetes-list-map-keys": ["k"],
                    items: {
                      type: "object",
                      required: ["k"],
                      properties: { k: { type: "string" }, v: { type: "integer", default: 7 } },
                    },
                  },
                },
                "x-kubernetes-validations": [
                  { rule: "!has(self.min) || !has(self.max) || self.min <= self.max", message: "min above max" },
                ],
              },
              status: { type: "object", properties: { ready: { type: "boolean" }, size: { type: "integer" } } },
            },
          },
        },
      },
    ],
  },
});
