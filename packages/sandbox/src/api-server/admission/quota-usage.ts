import {
  type PersistentVolumeClaim,
  type Pod,
  Quantity,
  quantityOf,
  type ResourceQuota,
  type Service,
} from "@bellows/api";
import type { ApiObject } from "../api-object.ts";
import { type AdmissionWorld, typed } from "./admission-request.ts";
import { type Amounts, added, podAmounts } from "./pod-resources.ts";

/** What an object of a place (`/pods`) counts against quotas; empty where it is not counted. */
export function usageOf(place: string, object: ApiObject): Amounts {
  const one = Quantity.of(1);
  const [group = "", plural = ""] = place.split("/");
  const usage = new Map([[`count/${group ? `${plural}.${group}` : plural}`, one]]);
  const evaluate = evaluators[place];
  if (evaluate) for (const [name, amount] of evaluate(object)) usage.set(name, amount);
  return usage;
}

const counted = (name: string) => (): Amounts => new Map([[name, Quantity.of(1)]]);

const evaluators: Readonly<Record<string, (object: ApiObject) => Amounts>> = {
  "/pods": (object) => podUsage(typed<Pod>(object)),
  "/services": (object) => serviceUsage(typed<Service>(object)),
  "/persistentvolumeclaims": (object) => claimUsage(typed<PersistentVolumeClaim>(object)),
  "/configmaps": counted("configmaps"),
  "/secrets": counted("secrets"),
  "/replicationcontrollers": counted("replicationcontrollers"),
  "/resourcequotas": counted("resourcequotas"),
};

const computeResources = ["cpu", "memory", "ephemeral-storage"];

function podUsage(pod: Pod): Amounts {
  // A finished pod still counts as an object, but uses nothing.
  if (pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed") return new Map();
  const usage = new Map([["pods", Quantity.of(1)]]);
  for (const [name, amount] of podAmounts(pod, "requests")) {
    if (computeResources.includes(name) || name.startsWith("hugepages-")) usage.set(name, amount);
    usage.set(`requests.${name}`, amount);
  }
  for (const [name, amount] of podAmounts(pod, "limits"))
    if (computeResources.includes(name)) usage.set(`limits.${name}`, amount);
  return usage;
}

function serviceUsage({ spec }: Service): Amounts {
  const usage = new Map([["services", Quantity.of(1)]]);
  const ports = spec?.ports?.length ?? 0;
  const balanced = spec?.type === "LoadBalancer";
  if (balanced) usage.set("services.loadbalancers", Quantity.of(1));
  if (spec?.type === "NodePort" || (balanced && spec.allocateLoadBalancerNodePorts !== false))
    usage.set("services.nodeports", Quantity.of(ports));
  return usage;
}

function claimUsage({ spec }: PersistentVolumeClaim): Amounts {
  const usage = new Map([["persistentvolumeclaims", Quantity.of(1)]]);
  const storage = spec?.resources?.requests?.["storage"];
  const storageClass = spec?.storageClassName;
  if (storage !== undefined) usage.set("requests.storage", quantityOf(storage));
  if (storageClass) {
    const suffix = `${storageClass}.storageclass.storage.k8s.io`;
    usage.set(`${suffix}/persistentvolumeclaims`, Quantity.of(1));
    if (storage !== undefined) usage.set(`${suffix}/requests.storage`, quantityOf(storage));
  }
  return usage;
}

/** Whether a quota's scopes let it count the object. Scopes speak of pods only. */
export function inScope(quota: ResourceQuota, place: string, object: ApiObject): boolean {
  const scopes: readonly Requirement[] = [
    ...(quota.spec?.scopes ?? []).map((scopeName) => ({ scopeName, operator: "Exists" })),
    ...(quota.spec?.scopeSelector?.matchExpressions ?? []),
  ];
  if (scopes.length === 0) return true;
  return place === "/pods" && scopes.every((scope) => podInScope(typed<Pod>(object), scope));
}

interface Requirement {
  scopeName: string;
  operator: string;
  values?: string[];
}

function podInScope(pod: Pod, { scopeName, operator, values = [] }: Requirement): boolean {
  const terminating = pod.spec?.activeDeadlineSeconds !== undefined;
  const bestEffort = podAmounts(pod, "requests").size === 0 && podAmounts(pod, "limits").size === 0;
  const priorityClass = pod.spec?.priorityClassName ?? "";
  switch (scopeName) {
    case "Terminating":
      return terminating;
    case "NotTerminating":
      return !terminating;
    case "BestEffort":
      return bestEffort;
    case "NotBestEffort":
      return !bestEffort;
    case "PriorityClass":
      if (operator === "Exists") return priorityClass !== "";
      if (operator === "DoesNotExist") return priorityClass === "";
      return values.includes(priorityClass) === (operator === "In");
    default:
      return false;
  }
}

/** The place whose objects a quota's resource counts: `count/jobs.batch` those of `batch/jobs`. */
function placeOf(resource: string): string {
  if (resource.startsWith("count/")) {
    const [plural = "", ...group] = resource.slice("count/".length).split(".");
    return `${group.join(".")}/${plural}`;
  }
  if (resource.startsWith("services.")) return "/services";
  if (resource === "requests.storage" || resource.includes(".storageclass.storage.k8s.io/"))
    return "/persistentvolumeclaims";
  return evaluators[`/${resource}`] ? `/${resource}` : "/pods";
}

/** What is used of each resource that a quota limits, counted afresh. */
export function usedOf(quota: ResourceQuota, world: Pick<AdmissionWorld, "list">): Amounts {
  const names = Object.keys(quota.spec?.hard ?? {});
  const { namespace } = quota.metadata;
  let total: Amounts = new Map();
  for (const place of new Set(names.map(placeOf)))
    for (const object of world.list(place, namespace))
      if (inScope(quota, place, object)) total = added(total, usageOf(place, object));
  return new Map(names.map((name) => [name, total.get(name) ?? Quantity.zero]));
}

/** The status that the quota controller keeps: what is allowed, and what is used of it now. */
export function quotaStatus(
  quota: ResourceQuota,
  world: Pick<AdmissionWorld, "list">,
): NonNullable<ResourceQuota["status"]> {
  const used = Object.fromEntries([...usedOf(quota, world)].map(([name, amount]) => [name, amount.toString()]));
  return { hard: { ...quota.spec?.hard }, used };
}
