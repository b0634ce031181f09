/** Where the resources that cases name are served. */
const groups: Readonly<Record<string, readonly string[]>> = {
  "api/v1": [
    "pods",
    "services",
    "configmaps",
    "secrets",
    "serviceaccounts",
    "events",
    "endpoints",
    "replicationcontrollers",
    "limitranges",
    "resourcequotas",
    "persistentvolumeclaims",
    "podtemplates",
    "bindings",
  ],
  "apis/apps/v1": ["deployments", "replicasets", "statefulsets", "daemonsets", "controllerrevisions"],
  "apis/batch/v1": ["jobs", "cronjobs"],
  "apis/autoscaling/v2": ["horizontalpodautoscalers"],
  "apis/policy/v1": ["poddisruptionbudgets"],
  "apis/networking.k8s.io/v1": ["ingresses", "networkpolicies"],
  "apis/rbac.authorization.k8s.io/v1": ["roles", "rolebindings"],
  "apis/coordination.k8s.io/v1": ["leases"],
  "apis/discovery.k8s.io/v1": ["endpointslices"],
  "apis/storage.k8s.io/v1": ["csistoragecapacities"],
  "apis/resource.k8s.io/v1": ["resourceclaims", "resourceclaimtemplates"],
};
const clusterGroups: Readonly<Record<string, readonly string[]>> = {
  "api/v1": ["nodes", "namespaces", "persistentvolumes", "componentstatuses"],
  "apis/rbac.authorization.k8s.io/v1": ["clusterroles", "clusterrolebindings"],
  "apis/storage.k8s.io/v1": [
    "storageclasses",
    "csidrivers",
    "csinodes",
    "volumeattachments",
    "volumeattributesclasses",
  ],
  "apis/scheduling.k8s.io/v1": ["priorityclasses"],
  "apis/node.k8s.io/v1": ["runtimeclasses"],
  "apis/networking.k8s.io/v1": ["ingressclasses", "ipaddresses", "servicecidrs"],
  "apis/apiextensions.k8s.io/v1": ["customresourcedefinitions"],
  "apis/apiregistration.k8s.io/v1": ["apiservices"],
  "apis/admissionregistration.k8s.io/v1": [
    "mutatingwebhookconfigurations",
    "validatingwebhookconfigurations",
    "validatingadmissionpolicies",
    "validatingadmissionpolicybindings",
  ],
  "apis/flowcontrol.apiserver.k8s.io/v1": ["flowschemas", "prioritylevelconfigurations"],
  "apis/certificates.k8s.io/v1": ["certificatesigningrequests"],
  "apis/resource.k8s.io/v1": ["deviceclasses", "resourceslices"],
};

const prefixes = new Map<string, { prefix: string; namespaced: boolean }>();
for (const [prefix, plurals] of Object.entries(groups))
  for (const plural of plurals) prefixes.set(plural, { prefix, namespaced: true });
for (const [prefix, plurals] of Object.entries(clusterGroups))
  for (const plural of plurals) prefixes.set(plural, { prefix, namespaced: false });

/**
 * `deployments/web/scale` -> `/apis/apps/v1/namespaces/NS/deployments/web/scale`; a path that begins with a slash is one
 * already. `widgets` is the custom resource that a case defines in the group `NS.example.com`.
 */
export function resourcePath(path: string, ns: string): string {
  if (path.startsWith("/")) return path;
  const plural = /^[a-z]+/.exec(path)?.[0] ?? "";
  const found = prefixes.get(plural) ?? { prefix: `apis/${ns}.example.com/v1`, namespaced: plural !== "gadgets" };
  return found.namespaced ? `/${found.prefix}/namespaces/${ns}/${path}` : `/${found.prefix}/${path}`;
}
