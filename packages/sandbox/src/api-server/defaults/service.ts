import { isObject, type JsonObject } from "../json-value.ts";
import { type Defaulter, fill, fillZero, within, withinAlways, withinEach } from "./fill.ts";

/** Three hours, for `sessionAffinity: ClientIP`. */
const affinitySeconds = 10_800;

export const serviceDefaults: Defaulter = (service) => {
  const result = withinAlways(service, "spec", serviceSpecDefaults);
  if ((result["spec"] as JsonObject)["type"] !== "LoadBalancer") return result;
  return within(result, "status", (status) =>
    within(status, "loadBalancer", (balancer) =>
      withinEach(balancer, "ingress", (ingress) => (ingress["ip"] ? fill(ingress, { ipMode: "VIP" }) : ingress)),
    ),
  );
};

function serviceSpecDefaults(spec: JsonObject): JsonObject {
  let result = fillZero(spec, { sessionAffinity: "None", type: "ClusterIP" });
  result = affinityDefaults(result);
  result = withinEach(result, "ports", portDefaults);
  const type = result["type"];
  const external =
    type === "LoadBalancer" ||
    type === "NodePort" ||
    (type === "ClusterIP" && ((result["externalIPs"] as unknown[] | undefined)?.length ?? 0) > 0);
  if (external) result = fillZero(result, { externalTrafficPolicy: "Cluster" });
  if (type === "LoadBalancer" || type === "NodePort" || type === "ClusterIP")
    result = fill(result, { internalTrafficPolicy: "Cluster" });
  if (type === "LoadBalancer") result = fill(result, { allocateLoadBalancerNodePorts: true });
  return result;
}

function affinityDefaults(spec: JsonObject): JsonObject {
  if (spec["sessionAffinity"] === "None" && spec["sessionAffinityConfig"] !== undefined) {
    const { sessionAffinityConfig: _, ...rest } = spec;
    return rest;
  }
  if (spec["sessionAffinity"] !== "ClientIP") return spec;
  const config = spec["sessionAffinityConfig"];
  const clientIP = isObject(config) ? config["clientIP"] : undefined;
  if (isObject(clientIP) && clientIP["timeoutSeconds"] !== undefined) return spec;
  return { ...spec, sessionAffinityConfig: { clientIP: { timeoutSeconds: affinitySeconds } } };
}

const portDefaults: Defaulter = (port) => fillZero(port, { protocol: "TCP", targetPort: port["port"] });
