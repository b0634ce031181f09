import { type PersistentVolumeClaim, type Pod, Quantity, type ResourceQuota, type Service } from "@bellows/api";
import { podRequests } from "../../scheduler/engine/pod-resources.ts";
import { isFinished } from "../pod-state.ts";

/** What a quota counts in its namespace. */
export interface QuotaObjects {
  readonly pods: readonly Pod[];
  readonly services: readonly Service[];
  readonly claims: readonly PersistentVolumeClaim[];
  /** Objects of any other resource, by `plural` or `plural.group`. */
  readonly countOf: (resource: string) => number;
}

/** `services.nodeports`, `requests.cpu`, `count/deployments.apps`, ...: the used amount of each resource that `spec.hard` names. */
export function quotaUsage({ spec }: ResourceQuota, objects: QuotaObjects): Record<string, string> {
  const pods = objects.pods.filter((pod) => !isFinished(pod) && inScopes(pod, spec));
  const used: Record<string, string> = {};
  for (const resource of Object.keys(spec?.hard ?? {})) {
    const amount = usageOf(resource, pods, objects);
    if (amount !== undefined) used[resource] = amount;
  }
  return used;
}

function usageOf(
  resource: string,
  pods: readonly Pod[],
  { services, claims, countOf }: QuotaObjects,
): string | undefined {
  if (resource === "pods" || resource === "count/pods") return String(pods.length);
  if (resource.startsWith("count/")) return String(countOf(resource.slice("count/".length)));
  switch (resource) {
    case "services":
      return String(services.length);
    case "services.loadbalancers":
      return String(services.filter(({ spec }) => spec?.type === "LoadBalancer").length);
    case "services.nodeports":
      return String(
        services.reduce((sum, { spec }) => {
          const hasPorts =
            spec?.type === "NodePort" ||
            (spec?.type === "LoadBalancer" && spec.allocateLoadBalancerNodePorts !== false);
          return sum + (hasPorts ? (spec.ports?.length ?? 0) : 0);
        }, 0),
      );
    case "persistentvolumeclaims":
      return String(claims.length);
    case "requests.storage":
      return total(claims.map(({ spec }) => spec?.resources?.requests?.["storage"]));
    case "configmaps":
    case "secrets":
    case "replicationcontrollers":
    case "resourcequotas":
      return String(countOf(resource));
  }
  const ofClass = /^(.+)\.storageclass\.storage\.k8s\.io\/(.+)$/.exec(resource);
  if (ofClass) {
    const own = claims.filter(({ spec }) => spec?.storageClassName === ofClass[1]);
    if (ofClass[2] === "persistentvolumeclaims") return String(own.length);
    return total(own.map(({ spec }) => spec?.resources?.requests?.["storage"]));
  }
  if (resource.startsWith("limits.")) {
    const name = resource.slice("limits.".length);
    const limits = pods.flatMap(({ spec }) =>
      (spec?.containers ?? []).map(({ resources }) => resources?.limits?.[name]),
    );
    return total(limits);
  }
  const name = resource.startsWith("requests.") ? resource.slice("requests.".length) : resource;
  const sum = pods.reduce((amount, pod) => amount + (podRequests(pod).get(name) ?? 0), 0);
  if (name === "cpu") return Quantity.ofMilli(sum).toString();
  return name === "memory" || name === "ephemeral-storage" ? Quantity.ofBytes(sum).toString() : String(sum);
}

function total(quantities: readonly (string | undefined)[]): string {
  let sum: Quantity | undefined;
  for (const text of quantities) {
    if (text === undefined) continue;
    const quantity = Quantity.parse(text);
    sum = sum ? sum.add(quantity) : quantity;
  }
  return sum?.toString() ?? "0";
}

/** Whether a pod counts for a quota's scopes. */
function inScopes(pod: Pod, spec: ResourceQuota["spec"]): boolean {
  const holds = (scope: string): boolean => {
    const limitless = (pod.spec?.containers ?? []).every(({ resources }) => !resources?.limits && !resources?.requests);
    const bestEffort = pod.status?.qosClass ? pod.status.qosClass === "BestEffort" : limitless;
    switch (scope) {
      case "Terminating":
        return pod.spec?.activeDeadlineSeconds !== undefined;
      case "NotTerminating":
        return pod.spec?.activeDeadlineSeconds === undefined;
      case "BestEffort":
        return bestEffort;
      case "NotBestEffort":
        return !bestEffort;
      default:
        return true;
    }
  };
  const selected = (spec?.scopeSelector?.matchExpressions ?? []).every(({ scopeName, operator, values = [] }) => {
    if (scopeName !== "PriorityClass") return holds(scopeName) === (operator === "Exists");
    const name = pod.spec?.priorityClassName ?? "";
    if (operator === "In") return values.includes(name);
    if (operator === "NotIn") return !values.includes(name);
    return (name !== "") === (operator === "Exists");
  });
  return selected && (spec?.scopes ?? []).every(holds);
}
