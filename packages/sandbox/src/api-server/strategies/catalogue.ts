import type { BuiltinResource } from "@bellows/api/builtin";
import { selectableFieldsOf } from "../field-selectors.ts";
import { plainStrategy, type Strategy } from "./strategy.ts";

/** Kinds without a spec that is asked for: nothing there is counted. */
const ungenerated = new Set([
  "configmaps",
  "secrets",
  "events",
  "events.events.k8s.io",
  "namespaces",
  "nodes",
  "serviceaccounts",
  "services",
  "endpoints",
  "endpointslices.discovery.k8s.io",
  "limitranges",
  "resourcequotas",
  "persistentvolumes",
  "persistentvolumeclaims",
  "leases.coordination.k8s.io",
  "controllerrevisions.apps",
  "clusterroles.rbac.authorization.k8s.io",
  "clusterrolebindings.rbac.authorization.k8s.io",
  "roles.rbac.authorization.k8s.io",
  "rolebindings.rbac.authorization.k8s.io",
  "horizontalpodautoscalers.autoscaling",
  "storageclasses.storage.k8s.io",
  "csinodes.storage.k8s.io",
  "csidrivers.storage.k8s.io",
  "volumeattachments.storage.k8s.io",
  "certificatesigningrequests.certificates.k8s.io",
  "apiservices.apiregistration.k8s.io",
]);

export function strategyOf(resource: BuiltinResource): Strategy {
  const name = resource.group ? `${resource.plural}.${resource.group}` : resource.plural;
  const selectableFields = selectableFieldsOf[name];
  return {
    ...plainStrategy,
    statusSubresource: resource.subresources.some((one) => one.name === "status"),
    generation: !ungenerated.has(name),
    ...(selectableFields && { selectableFields }),
  };
}
