import type { Json } from "./conversation.ts";

/** A small object of each built-in kind that can be created, by plural. Cluster-wide ones begin their name with `ns`. */
export interface Sample {
  readonly plural: string;
  readonly namespaced: boolean;
  readonly object: (ns: string) => Json;
}

const pod = { containers: [{ name: "main", image: "nginx:1.27" }] };
const template = { metadata: { labels: { app: "web" } }, spec: pod };
const selector = { matchLabels: { app: "web" } };
const named = (rest: object) => () => ({ metadata: { name: "one" }, ...rest });
const own = (rest: object) => (ns: string) => ({ metadata: { name: `${ns}-one` }, ...rest });
const inside = (plural: string, rest: object): Sample => ({ plural, namespaced: true, object: named(rest) });
const across = (plural: string, rest: object): Sample => ({ plural, namespaced: false, object: own(rest) });

export const samples: readonly Sample[] = [
  inside("pods", { spec: { ...pod, nodeName: "nowhere" } }),
  inside("configmaps", { data: { a: "1", b: "2" } }),
  inside("secrets", { stringData: { a: "secret" } }),
  inside("services", { spec: { selector: { app: "web" }, ports: [{ port: 80 }] } }),
  inside("serviceaccounts", {}),
  inside("endpoints", { subsets: [{ addresses: [{ ip: "10.1.2.3" }], ports: [{ port: 80 }] }] }),
  inside("replicationcontrollers", { spec: { replicas: 0, selector: { app: "web" }, template } }),
  inside("limitranges", { spec: { limits: [{ type: "Container", default: { cpu: "1" }, max: { memory: "1Gi" } }] } }),
  inside("resourcequotas", { spec: { hard: { pods: "10", "requests.cpu": "4" } } }),
  inside("persistentvolumeclaims", {
    spec: { accessModes: ["ReadWriteOnce"], storageClassName: "none", resources: { requests: { storage: "1Gi" } } },
  }),
  inside("podtemplates", { template }),
  {
    plural: "events",
    namespaced: true,
    object: (ns) => ({
      metadata: { name: "one" },
      involvedObject: { kind: "Pod", name: "web", namespace: ns, apiVersion: "v1" },
      reason: "Started",
      message: "Started container",
      type: "Normal",
      source: { component: "kubelet" },
    }),
  },
  inside("deployments", { spec: { replicas: 0, selector, template } }),
  inside("replicasets", { spec: { replicas: 0, selector, template } }),
  inside("statefulsets", { spec: { replicas: 0, serviceName: "web", selector, template } }),
  inside("daemonsets", {
    spec: { selector, template: { ...template, spec: { ...pod, nodeSelector: { none: "here" } } } },
  }),
  inside("controllerrevisions", { revision: 1, data: { a: 1 } }),
  inside("jobs", { spec: { suspend: true, template: { spec: { ...pod, restartPolicy: "Never" } } } }),
  inside("cronjobs", {
    spec: { schedule: "0 0 1 1 *", jobTemplate: { spec: { template: { spec: { ...pod, restartPolicy: "Never" } } } } },
  }),
  inside("horizontalpodautoscalers", {
    spec: { maxReplicas: 3, scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "none" } },
  }),
  inside("poddisruptionbudgets", { spec: { minAvailable: 1, selector } }),
  inside("ingresses", {
    spec: {
      rules: [
        {
          host: "a.example",
          http: {
            paths: [{ path: "/", pathType: "Prefix", backend: { service: { name: "web", port: { number: 80 } } } }],
          },
        },
      ],
    },
  }),
  inside("networkpolicies", { spec: { podSelector: {}, ingress: [{ ports: [{ port: 80 }] }] } }),
  inside("roles", { rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }] }),
  inside("rolebindings", {
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "view" },
    subjects: [{ kind: "User", name: "ann" }],
  }),
  inside("leases", { spec: { holderIdentity: "me", leaseDurationSeconds: 15 } }),
  inside("endpointslices", { addressType: "IPv4", endpoints: [{ addresses: ["10.1.2.3"] }], ports: [{ port: 80 }] }),
  inside("csistoragecapacities", { storageClassName: "fast", capacity: "1Gi" }),
  inside("resourceclaims", { spec: { devices: { requests: [{ name: "gpu", exactly: { deviceClassName: "gpu" } }] } } }),
  inside("resourceclaimtemplates", {
    spec: { spec: { devices: { requests: [{ name: "gpu", exactly: { deviceClassName: "gpu" } }] } } },
  }),
  across("namespaces", {}),
  {
    plural: "persistentvolumes",
    namespaced: false,
    object: (ns) => ({
      metadata: { name: `${ns}-one` },
      spec: {
        capacity: { storage: "1Gi" },
        accessModes: ["ReadWriteOnce"],
        storageClassName: ns,
        hostPath: { path: "/tmp/a" },
      },
    }),
  },
  across("clusterroles", { rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }] }),
  across("clusterrolebindings", {
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "view" },
    subjects: [{ kind: "ServiceAccount", name: "default", namespace: "kube-public" }],
  }),
  across("storageclasses", { provisioner: "none.example.com" }),
  across("csidrivers", {}),
  across("csinodes", { spec: { drivers: [{ name: "none.example.com", nodeID: "i-1" }] } }),
  across("volumeattachments", {
    spec: { attacher: "none.example.com", nodeName: "nowhere", source: { persistentVolumeName: "pv" } },
  }),
  across("volumeattributesclasses", { driverName: "none.example.com", parameters: { iops: "100" } }),
  across("priorityclasses", { value: 100, description: "for tests" }),
  across("runtimeclasses", { handler: "runsc" }),
  across("ingressclasses", { spec: { controller: "example.com/one" } }),
  across("mutatingwebhookconfigurations", { webhooks: [] }),
  across("validatingwebhookconfigurations", {
    webhooks: [
      {
        name: "one.example.com",
        clientConfig: { url: "https://127.0.0.1:1/x" },
        admissionReviewVersions: ["v1"],
        sideEffects: "None",
        rules: [{ apiGroups: ["none.example.com"], apiVersions: ["v1"], operations: ["CREATE"], resources: ["nones"] }],
      },
    ],
  }),
  across("validatingadmissionpolicies", {
    spec: {
      matchConstraints: {
        resourceRules: [
          { apiGroups: ["none.example.com"], apiVersions: ["v1"], operations: ["CREATE"], resources: ["nones"] },
        ],
      },
      validations: [{ expression: "true" }],
    },
  }),
  across("validatingadmissionpolicybindings", { spec: { policyName: "none", validationActions: ["Deny"] } }),
  across("flowschemas", { spec: { priorityLevelConfiguration: { name: "exempt" } } }),
  across("prioritylevelconfigurations", { spec: { type: "Limited", limited: { limitResponse: { type: "Reject" } } } }),
  across("certificatesigningrequests", {
    spec: { request: "", signerName: "example.com/none", usages: ["digital signature"] },
  }),
  across("deviceclasses", {}),
  across("resourceslices", {
    spec: { driver: "gpu.example.com", nodeName: "nowhere", pool: { name: "p", generation: 1, resourceSliceCount: 1 } },
  }),
  {
    plural: "customresourcedefinitions",
    namespaced: false,
    object: (ns) => ({
      metadata: { name: `ones.${ns}.example.org` },
      spec: {
        group: `${ns}.example.org`,
        scope: "Namespaced",
        names: { plural: "ones", kind: "One" },
        versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object" } } }],
      },
    }),
  },
  {
    plural: "apiservices",
    namespaced: false,
    object: (ns) => ({
      metadata: { name: `v1.${ns}.example.net` },
      spec: {
        group: `${ns}.example.net`,
        version: "v1",
        groupPriorityMinimum: 100,
        versionPriority: 10,
        service: { name: "none", namespace: "default" },
        insecureSkipTLSVerify: true,
      },
    }),
  },
  across("nodes", { status: { capacity: { cpu: "2", pods: "10" } } }),
];

export const nameOf = (sample: Sample, ns: string): string => sample.object(ns).metadata.name;
