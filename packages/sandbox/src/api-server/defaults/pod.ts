import { sumQuantities } from "@bellows/api";
import { isObject, type JsonObject } from "../json-value.ts";
import { chain, type Defaulter, fill, fillZero, within, withinEach } from "./fill.ts";
import { pullPolicyOf } from "./image-name.ts";
import { resourceDefaults, roundResourceList } from "./resource-list.ts";
import { volumeDefaults } from "./volume.ts";

const containerLists = ["initContainers", "containers", "ephemeralContainers"] as const;

/** Defaults of every pod spec, in a pod or in a template. */
export function podSpecDefaults(spec: JsonObject): JsonObject {
  let result = fillZero(spec, podSpecZeroDefaults);
  result = fill(result, podSpecPointerDefaults);
  result = mirrorServiceAccount(result);
  for (const list of containerLists) if (result[list]) result = withinEach(result, list, containerDefaults);
  if (result["volumes"]) result = withinEach(result, "volumes", volumeDefaults);
  if (result["overhead"]) result = within(result, "overhead", roundResourceList);
  if (result["resources"]) result = within(result, "resources", resourceDefaults);
  return result;
}

/** Defaults of a template: those of its spec. The spec is not optional. */
export const podTemplateDefaults: Defaulter = (template) => {
  const spec = isObject(template["spec"]) ? template["spec"] : {};
  const changed = podSpecDefaults(spec);
  return changed === template["spec"] ? template : { ...template, spec: changed };
};

/** Defaults that only a pod gets, not a template: requests from limits, host ports, service links. */
export const podDefaults: Defaulter = (pod) => {
  const spec = isObject(pod["spec"]) ? pod["spec"] : {};
  let result = podSpecDefaults(spec);
  result = withinEach(result, "containers", requestsFromLimits);
  if (result["initContainers"]) result = withinEach(result, "initContainers", requestsFromLimits);
  if (isObject(result["resources"])) result = podLevelRequests(result);
  result = fill(result, { enableServiceLinks: true });
  if (result["hostNetwork"] === true)
    for (const list of ["containers", "initContainers"]) result = withinEach(result, list, hostPorts);
  return result === pod["spec"] ? pod : { ...pod, spec: result };
};

const podSpecZeroDefaults = { dnsPolicy: "ClusterFirst", restartPolicy: "Always", schedulerName: "default-scheduler" };
const podSpecPointerDefaults = { securityContext: {}, terminationGracePeriodSeconds: 30 };

/** `serviceAccount` is the old name of `serviceAccountName`; both are always written, the new one wins. */
function mirrorServiceAccount(spec: JsonObject): JsonObject {
  const account = spec["serviceAccountName"] || spec["serviceAccount"];
  if (!account || (spec["serviceAccountName"] === account && spec["serviceAccount"] === account)) return spec;
  return { ...spec, serviceAccountName: account, serviceAccount: account };
}

const containerDefaults: Defaulter = (container) => {
  const image = container["image"];
  let result = fillZero(container, containerZeroDefaults);
  if (!result["imagePullPolicy"]) {
    const imagePullPolicy = pullPolicyOf(typeof image === "string" ? image : "");
    result = { ...result, imagePullPolicy };
  }
  if (result["ports"]) result = withinEach(result, "ports", portDefaults);
  if (result["env"]) result = withinEach(result, "env", envDefaults);
  if (result["resources"]) result = within(result, "resources", resourceDefaults);
  for (const probe of probes) if (result[probe]) result = within(result, probe, probeDefaults);
  if (result["lifecycle"]) result = within(result, "lifecycle", lifecycleDefaults);
  return result;
};

const containerZeroDefaults = { terminationMessagePath: "/dev/termination-log", terminationMessagePolicy: "File" };
const probes = ["livenessProbe", "readinessProbe", "startupProbe"] as const;

const portDefaults: Defaulter = (port) => fillZero(port, { protocol: "TCP" });

const fieldRefDefaults: Defaulter = (item) =>
  within(item, "fieldRef", (fieldRef) => fillZero(fieldRef, { apiVersion: "v1" }));

const envDefaults: Defaulter = (variable) =>
  within(variable, "valueFrom", (from) =>
    within(fieldRefDefaults(from), "fileKeyRef", (key) => fill(key, { optional: false })),
  );

const httpGetDefaults: Defaulter = (handler) =>
  within(handler, "httpGet", (get) => fillZero(get, { path: "/", scheme: "HTTP" }));

const probeDefaults: Defaulter = chain(
  (probe) => fillZero(probe, { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 }),
  httpGetDefaults,
  (probe) => within(probe, "grpc", (grpc) => fill(grpc, { service: "" })),
);

const lifecycleDefaults: Defaulter = (lifecycle) =>
  within(within(lifecycle, "postStart", httpGetDefaults), "preStop", httpGetDefaults);

const requestsFromLimits: Defaulter = (container) =>
  within(container, "resources", (resources) => {
    const limits = resources["limits"];
    if (!isObject(limits)) return resources;
    const requests = isObject(resources["requests"]) ? resources["requests"] : {};
    const filled = fill(requests, limits);
    return filled === resources["requests"] ? resources : { ...resources, requests: filled };
  });

const hostPorts: Defaulter = (container) =>
  withinEach(container, "ports", (port) => fillZero(port, { hostPort: port["containerPort"] }));

const isPodLevelResource = (name: string) => name === "cpu" || name === "memory" || name.startsWith("hugepages-");
const isHugePages = (name: string) => name.startsWith("hugepages-");

/** Pod-level requests that were left out come from the containers' requests, then from the pod's own limits. */
function podLevelRequests(spec: JsonObject): JsonObject {
  const resources = spec["resources"] as JsonObject;
  const given = isObject(resources["limits"]) ? resources["limits"] : {};
  const limits: JsonObject = { ...given };
  const requests: JsonObject = isObject(resources["requests"]) ? { ...resources["requests"] } : {};
  if (!Object.keys(limits).length && !Object.keys(requests).length) return spec;
  for (const [name, amount] of Object.entries(containerSums(spec, "limits")))
    if (isHugePages(name) && !(name in requests)) limits[name] ??= amount;
  if (Object.keys(limits).length) {
    for (const [name, amount] of Object.entries(containerSums(spec, "requests")))
      if (isPodLevelResource(name) && !isHugePages(name)) requests[name] ??= amount;
    for (const [name, amount] of Object.entries(limits)) if (isPodLevelResource(name)) requests[name] ??= amount;
  }
  const changed = {
    ...resources,
    ...(Object.keys(limits).length && { limits }),
    ...(Object.keys(requests).length && { requests }),
  };
  return { ...spec, resources: changed };
}

function containerSums(spec: JsonObject, what: "limits" | "requests"): Record<string, string> {
  const amounts = new Map<string, string[]>();
  for (const container of (spec["containers"] as JsonObject[] | undefined) ?? []) {
    const list = (container["resources"] as JsonObject | undefined)?.[what];
    if (!isObject(list)) continue;
    for (const [name, amount] of Object.entries(list))
      amounts.set(name, [...(amounts.get(name) ?? []), String(amount)]);
  }
  return Object.fromEntries([...amounts].map(([name, list]) => [name, sumQuantities(list)]));
}
