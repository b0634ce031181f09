import type { ServiceSpec } from "@bellows/api";
import { equalJson } from "../json-value.ts";
import type { Changing } from "./service-families.ts";

const isBalanced = ({ type }: ServiceSpec): boolean => type === "LoadBalancer";

export const needsAddress = ({ type }: ServiceSpec): boolean => type !== "ExternalName";

export const needsNodePorts = (spec: ServiceSpec): boolean => spec.type === "NodePort" || isBalanced(spec);

/** Whether a load balancer asks each node if it has Pods of the Service, at a port for that. */
export const needsHealthCheck = (spec: ServiceSpec): boolean =>
  isBalanced(spec) && spec.externalTrafficPolicy === "Local";

const isReachedFromOutside = (spec: ServiceSpec): boolean =>
  needsNodePorts(spec) || (spec.type === "ClusterIP" && (spec.externalIPs?.length ?? 0) > 0);

/** What was given to a Service for the type that it had goes with the type, unless it is asked for anew. */
export function dropTypeDependent(spec: Changing, old: ServiceSpec): void {
  const had = (needed: (of: ServiceSpec) => boolean) => needed(old) && !needed(spec);
  const drop = (...fields: (keyof ServiceSpec)[]) => {
    for (const field of fields) if (equalJson(spec[field], old[field])) delete spec[field];
  };
  if (had(needsAddress)) {
    if (equalJson(spec.clusterIP, old.clusterIP)) drop("clusterIPs");
    drop("clusterIP", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy");
  }
  if (had(needsNodePorts)) {
    const before = new Set(old.ports?.map(({ nodePort }) => nodePort));
    if (spec.ports?.every(({ nodePort }) => !nodePort || before.has(nodePort)))
      spec.ports = spec.ports.map(({ nodePort: _, ...port }) => port);
  }
  if (had(needsHealthCheck)) drop("healthCheckNodePort");
  if (had(isBalanced)) drop("allocateLoadBalancerNodePorts", "loadBalancerClass");
  if (had(isReachedFromOutside)) drop("externalTrafficPolicy");
}
