import type { ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, Subject } from "@bellows/api";

/**
 * The roles and bindings that a cluster starts with (Kubernetes 1.35, `bootstrappolicy`): those for people, for
 * discovery and for the parts of the sandbox. Roles of upstream controllers that the sandbox does not run are left out.
 */

const read = ["get", "list", "watch"];
const write = ["create", "delete", "deletecollection", "patch", "update"];
const all = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

const rule = (verbs: readonly string[], group: string | readonly string[], ...resources: string[]): PolicyRule => ({
  apiGroups: typeof group === "string" ? [group] : [...group],
  resources: resources.sort(),
  verbs: [...verbs],
});
const paths = (verbs: readonly string[], ...nonResourceURLs: string[]): PolicyRule => ({
  nonResourceURLs: nonResourceURLs.sort(),
  verbs: [...verbs],
});

const labels = { "kubernetes.io/bootstrapping": "rbac-defaults" };
const annotations = { "rbac.authorization.kubernetes.io/autoupdate": "true" };
const apiVersion = "rbac.authorization.k8s.io/v1";
const rbacGroup = "rbac.authorization.k8s.io";

const role = (name: string, rules: PolicyRule[], more: Readonly<Record<string, string>> = {}): ClusterRole => ({
  apiVersion,
  kind: "ClusterRole",
  metadata: { name, labels: { ...labels, ...more }, annotations },
  rules,
});

const aggregateTo = (name: string) => `rbac.authorization.k8s.io/aggregate-to-${name}`;

/** A role whose rules are those of all roles labelled for it. */
const aggregated = (name: string, rules: PolicyRule[], more: Readonly<Record<string, string>> = {}): ClusterRole => ({
  ...role(name, rules, more),
  aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [aggregateTo(name)]: "true" } }] },
});

const viewRules: PolicyRule[] = [
  rule(
    read,
    "",
    ...[
      "configmaps",
      "endpoints",
      "persistentvolumeclaims",
      "persistentvolumeclaims/status",
      "pods",
      "serviceaccounts",
    ],
    ...["replicationcontrollers", "replicationcontrollers/scale", "services", "services/status"],
  ),
  rule(
    read,
    "",
    ...["bindings", "events", "limitranges", "namespaces/status", "pods/log", "pods/status", "resourcequotas"],
    ...["replicationcontrollers/status", "resourcequotas/status"],
  ),
  rule(read, "", "namespaces"),
  rule(read, ["", "events.k8s.io"], "events"),
  rule(read, "discovery.k8s.io", "endpointslices"),
  rule(
    read,
    "apps",
    ...[
      "controllerrevisions",
      "daemonsets",
      "daemonsets/status",
      "deployments",
      "deployments/scale",
      "deployments/status",
    ],
    ...["replicasets", "replicasets/scale", "replicasets/status", "statefulsets", "statefulsets/scale"],
    "statefulsets/status",
  ),
  rule(read, "autoscaling", "horizontalpodautoscalers", "horizontalpodautoscalers/status"),
  rule(read, "batch", "cronjobs", "cronjobs/status", "jobs", "jobs/status"),
  rule(read, "policy", "poddisruptionbudgets", "poddisruptionbudgets/status"),
  rule(read, "networking.k8s.io", "ingresses", "ingresses/status", "networkpolicies"),
  rule(read, "resource.k8s.io", "resourceclaims", "resourceclaims/status", "resourceclaimtemplates"),
];

const editRules: PolicyRule[] = [
  rule(read, "", "pods/attach", "pods/exec", "pods/portforward", "pods/proxy", "secrets", "services/proxy"),
  rule(["impersonate"], "", "serviceaccounts"),
  rule(write, "", "pods", "pods/attach", "pods/exec", "pods/portforward", "pods/proxy"),
  rule(["create"], "", "pods/eviction"),
  rule(
    write,
    "",
    ...["configmaps", "persistentvolumeclaims", "replicationcontrollers", "replicationcontrollers/scale", "secrets"],
    ...["serviceaccounts", "services", "services/proxy"],
  ),
  rule(["create"], "", "serviceaccounts/token"),
  rule(write, ["", "events.k8s.io"], "events"),
  rule(
    write,
    "apps",
    ...["daemonsets", "deployments", "deployments/rollback", "deployments/scale", "replicasets", "replicasets/scale"],
    ...["statefulsets", "statefulsets/scale"],
  ),
  rule(write, "autoscaling", "horizontalpodautoscalers"),
  rule(write, "batch", "cronjobs", "jobs"),
  rule(write, "policy", "poddisruptionbudgets"),
  rule(write, "networking.k8s.io", "ingresses", "networkpolicies"),
  rule(all, "coordination.k8s.io", "leases"),
  rule(write, "resource.k8s.io", "resourceclaims", "resourceclaimtemplates"),
];

const adminRules: PolicyRule[] = [
  rule(["create"], "authorization.k8s.io", "localsubjectaccessreviews"),
  rule(all, rbacGroup, "rolebindings", "roles"),
];

const nodeRules: PolicyRule[] = [
  rule(["create"], "authentication.k8s.io", "tokenreviews"),
  rule(["create"], "authorization.k8s.io", "localsubjectaccessreviews", "subjectaccessreviews"),
  rule(read, "", "services"),
  rule(["create", "get", "list", "watch"], "", "nodes"),
  rule(["update", "patch"], "", "nodes/status"),
  rule(["update", "patch"], "", "nodes"),
  rule(["create", "update", "patch"], ["", "events.k8s.io"], "events"),
  rule(read, "", "pods"),
  rule(["create", "delete"], "", "pods"),
  rule(["update", "patch"], "", "pods/status"),
  rule(["create"], "", "pods/eviction"),
  rule(read, "", "configmaps", "secrets"),
  rule(["get"], "", "persistentvolumeclaims", "persistentvolumes"),
  rule(["get"], "", "endpoints"),
  rule(["create", "get", "list", "watch"], "certificates.k8s.io", "certificatesigningrequests"),
  rule(["get", "create", "update", "patch", "delete"], "coordination.k8s.io", "leases"),
  rule(["get"], "storage.k8s.io", "volumeattachments"),
  rule(["create"], "", "serviceaccounts/token"),
  rule(["get", "patch", "update"], "", "persistentvolumeclaims/status"),
  rule(read, "storage.k8s.io", "csidrivers"),
  rule(["get", "create", "update", "patch", "delete"], "storage.k8s.io", "csinodes"),
  rule(read, "node.k8s.io", "runtimeclasses"),
  rule(["get"], "", "serviceaccounts"),
];

const schedulerRules: PolicyRule[] = [
  rule(["create", "patch", "update"], ["", "events.k8s.io"], "events"),
  rule(["create", "get", "list", "update", "watch"], "coordination.k8s.io", "leases"),
  rule(read, "", "nodes", "persistentvolumes", "replicationcontrollers", "services"),
  rule(["delete", "get", "list", "watch"], "", "pods"),
  rule(["create"], "", "bindings", "pods/binding"),
  rule(["patch", "update"], "", "pods/status"),
  rule(read, "apps", "replicasets", "statefulsets"),
  rule(read, "policy", "poddisruptionbudgets"),
  rule(["get", "list", "patch", "update", "watch"], "", "persistentvolumeclaims", "persistentvolumes"),
  rule(read, "", "namespaces"),
  rule(read, "storage.k8s.io", "csidrivers", "csinodes", "csistoragecapacities", "storageclasses", "volumeattachments"),
];

const health = ["/livez", "/readyz", "/healthz"];

const roles: readonly ClusterRole[] = [
  role("cluster-admin", [rule(["*"], "*", "*"), paths(["*"], "*")]),
  role("system:discovery", [
    paths(["get"], ...health, "/version", "/version/", "/openapi", "/openapi/*", "/api", "/api/*", "/apis", "/apis/*"),
  ]),
  role("system:monitoring", [
    paths(["get"], "/metrics", "/metrics/slis", ...health, "/livez/*", "/readyz/*", "/healthz/*"),
    rule(["get"], "", "nodes/metrics"),
  ]),
  role("system:basic-user", [
    rule(["create"], "authorization.k8s.io", "selfsubjectaccessreviews", "selfsubjectrulesreviews"),
    rule(["create"], "authentication.k8s.io", "selfsubjectreviews"),
  ]),
  role("system:public-info-viewer", [paths(["get"], ...health, "/version", "/version/")]),
  role("system:service-account-issuer-discovery", [
    paths(
      ["get"],
      "/.well-known/openid-configuration",
      "/.well-known/openid-configuration/",
      "/openid/v1/jwks",
      "/openid/v1/jwks/",
    ),
  ]),
  role("system:auth-delegator", [
    rule(["create"], "authentication.k8s.io", "tokenreviews"),
    rule(["create"], "authorization.k8s.io", "subjectaccessreviews"),
  ]),
  role("system:node", nodeRules),
  role("system:kube-scheduler", schedulerRules),
  role("system:kube-controller-manager", [rule(["*"], "*", "*"), paths(["*"], "*")]),
  role("system:aggregate-to-view", viewRules, { [aggregateTo("view")]: "true" }),
  role("system:aggregate-to-edit", editRules, { [aggregateTo("edit")]: "true" }),
  role("system:aggregate-to-admin", adminRules, { [aggregateTo("admin")]: "true" }),
  aggregated("view", viewRules, { [aggregateTo("edit")]: "true" }),
  aggregated("edit", [...editRules, ...viewRules], { [aggregateTo("admin")]: "true" }),
  aggregated("admin", [...adminRules, ...editRules, ...viewRules]),
];

const group = (name: string): Subject => ({ apiGroup: rbacGroup, kind: "Group", name });
const user = (name: string): Subject => ({ apiGroup: rbacGroup, kind: "User", name });

const binding = (name: string, ...subjects: Subject[]): ClusterRoleBinding => ({
  apiVersion,
  kind: "ClusterRoleBinding",
  metadata: { name, labels, annotations },
  roleRef: { apiGroup: rbacGroup, kind: "ClusterRole", name },
  subjects,
});

const bindings: readonly ClusterRoleBinding[] = [
  binding("cluster-admin", group("system:masters")),
  binding("system:monitoring", group("system:monitoring")),
  binding("system:discovery", group("system:authenticated")),
  binding("system:basic-user", group("system:authenticated")),
  binding("system:public-info-viewer", group("system:authenticated"), group("system:unauthenticated")),
  binding("system:service-account-issuer-discovery", group("system:serviceaccounts")),
  binding("system:kube-controller-manager", user("system:kube-controller-manager")),
  binding("system:kube-scheduler", user("system:kube-scheduler")),
  // Upstream leaves this to the node authorizer, which also looks at which pods a node has; by role is close enough.
  binding("system:node", group("system:nodes")),
];

/** Aggregated API servers read with it who may tell them on whose behalf they are asked. */
const authenticationReader = { name: "extension-apiserver-authentication-reader", namespace: "kube-system" };

export const bootstrapRoles: readonly Role[] = [
  {
    apiVersion,
    kind: "Role",
    metadata: { ...authenticationReader, labels, annotations },
    rules: [{ ...rule(read, "", "configmaps"), resourceNames: ["extension-apiserver-authentication"] }],
  },
];

export const bootstrapRoleBindings: readonly RoleBinding[] = [
  {
    apiVersion,
    kind: "RoleBinding",
    metadata: { ...authenticationReader, name: `system::${authenticationReader.name}`, labels, annotations },
    roleRef: { apiGroup: rbacGroup, kind: "Role", name: authenticationReader.name },
    subjects: ["system:kube-controller-manager", "system:kube-scheduler"].map((name) => ({
      apiGroup: rbacGroup,
      kind: "User",
      name,
    })),
  },
];

export const bootstrapClusterRoles: readonly ClusterRole[] = roles;
export const bootstrapClusterRoleBindings: readonly ClusterRoleBinding[] = bindings;
