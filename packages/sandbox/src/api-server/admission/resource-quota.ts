import { type Pod, Quantity, quantityOf, type ResourceQuota } from "@bellows/api";
import type { ApiObject } from "../api-object.ts";
import {
  type AdmissionPlugin,
  type AdmissionRequest,
  type AdmissionWorld,
  refuse,
  typed,
  untyped,
} from "./admission-request.ts";
import type { Amounts } from "./pod-resources.ts";
import { inScope, usageOf, usedOf } from "./quota-usage.ts";

/**
 * Refuses what would exceed a quota of its namespace, and charges what it lets through. Use is counted from the objects
 * at the moment of the request, not taken from the quota's status, so that two requests can't both take the last piece.
 */
export const resourceQuota: AdmissionPlugin = {
  name: "ResourceQuota",
  validate(request, world) {
    const { namespace, object, operation, subresource } = request;
    if (namespace === undefined || !object) return;
    if (operation !== "CREATE" && operation !== "UPDATE") return;
    if (subresource !== undefined && subresource !== "resize") return;
    const charges = world
      .list("/resourcequotas", namespace)
      .map((quota) => typed<ResourceQuota>(quota))
      .flatMap((quota) => chargeOf(request, object, quota, world));
    if (request.dryRun) return;
    for (const charge of charges) world.replace("/resourcequotas", untyped(charge));
  },
};

/** The quota with its use charged; none where the request does not touch it. */
function chargeOf(
  request: AdmissionRequest,
  object: ApiObject,
  quota: ResourceQuota,
  world: AdmissionWorld,
): ResourceQuota[] {
  const place = `${request.group}/${request.resource}`;
  const hard = quota.spec?.hard ?? {};
  if (!inScope(quota, place, object)) return [];
  const usage = usageOf(place, object);
  const limited = Object.keys(hard).filter((name) => usage.has(name) || (place === "/pods" && isCompute(name)));
  if (limited.length === 0) return [];
  if (place === "/pods" && request.operation === "CREATE") mustSpecify(request, typed<Pod>(object), quota, limited);

  const before = request.old && inScope(quota, place, request.old) ? usageOf(place, request.old) : new Map();
  const requested = new Map(limited.map((name) => [name, delta(usage, before, name)]));
  const positive = [...requested].filter(([, amount]) => amount.sign > 0);
  if (positive.length === 0) return [];
  const used = usedOf(quota, world);
  const after = new Map(positive.map(([name, amount]) => [name, (used.get(name) ?? Quantity.zero).add(amount)]));
  const exceeded = [...after.keys()].filter(
    (name) => (after.get(name) as Quantity).compare(quantityOf(hard[name] as string)) > 0,
  );
  if (exceeded.length > 0) {
    const pretty = (amount: (name: string) => unknown) =>
      exceeded
        .sort()
        .map((name) => `${name}=${amount(name)}`)
        .join(",");
    throw refuse(
      request,
      `exceeded quota: ${quota.metadata.name}, requested: ${pretty((name) => requested.get(name))}, used: ${pretty((name) => used.get(name) ?? "0")}, limited: ${pretty((name) => hard[name])}`,
    );
  }
  const charged = Object.fromEntries([...used, ...after].map(([name, amount]) => [name, amount.toString()]));
  return [{ ...quota, status: { hard: { ...hard }, used: charged } }];
}

/** What more is used; never less than nothing. */
function delta(usage: Amounts, before: Amounts, name: string): Quantity {
  const difference = (usage.get(name) ?? Quantity.zero).sub(before.get(name) ?? Quantity.zero);
  return difference.sign > 0 ? difference : Quantity.zero;
}

const compute: Readonly<Record<string, readonly ["requests" | "limits", string]>> = {
  cpu: ["requests", "cpu"],
  memory: ["requests", "memory"],
  "requests.cpu": ["requests", "cpu"],
  "requests.memory": ["requests", "memory"],
  "limits.cpu": ["limits", "cpu"],
  "limits.memory": ["limits", "memory"],
};

const isCompute = (name: string) => Object.hasOwn(compute, name);

/** Under a quota of cpu or memory every container must say what it takes. */
function mustSpecify(request: AdmissionRequest, pod: Pod, quota: ResourceQuota, limited: readonly string[]) {
  const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
  const missing = limited
    .filter(isCompute)
    .sort()
    .flatMap((name) => {
      const [which, resource] = compute[name] as readonly ["requests" | "limits", string];
      const without = containers.filter((container) => container.resources?.[which]?.[resource] === undefined);
      const names = [...new Set(without.map((container) => container.name))].sort();
      return names.length > 0 ? [`${name} for: ${names.join(",")}`] : [];
    });
  if (missing.length > 0)
    throw refuse(request, `failed quota: ${quota.metadata.name}: must specify ${missing.join("; ")}`);
}
