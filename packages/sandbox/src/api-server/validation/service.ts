import type { Service, ServicePort, ServiceSpec } from "@bellows/api";
import { equalJson } from "../json-value.ts";
import { protocols, validatePortNumberOrName } from "./container.ts";
import type { FieldErrors } from "./field-errors.ts";
import {
  dns1123LabelProblems,
  dns1123SubdomainProblems,
  inRange,
  legacyIpProblems,
  portNumberProblems,
  qualifiedNameProblems,
} from "./formats.ts";
import { validateLabels } from "./metadata.ts";
import { validateServiceAddresses, validateServiceAddressesUpdate } from "./service-addresses.ts";

const types = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
const maxAffinitySeconds = 86_400;

export function validateService(errors: FieldErrors, service: Service, old?: Service): void {
  const spec: ServiceSpec = service.spec ?? {};
  const { type, ports = [] } = spec;
  const headless = spec.clusterIP === "None";
  if (!ports.length && !headless && type !== "ExternalName") errors.required("spec.ports");
  if (headless && (type === "LoadBalancer" || type === "NodePort"))
    errors.invalid("spec.clusterIPs[0]", "None", `may not be set to 'None' for ${type} services`);
  if (type === "ExternalName") validateExternalName(errors, spec);
  const names = new Set<string>();
  ports.forEach((port, index) => {
    validatePort(errors, port, ports.length > 1, names, `spec.ports[${index}]`);
  });
  validateLabels(errors, spec.selector, "spec.selector");
  validateAffinity(errors, spec);
  validateServiceAddresses(errors, spec, old?.spec);
  spec.externalIPs?.forEach((ip, index) => {
    errors.invalidEach(`spec.externalIPs[${index}]`, ip, legacyIpProblems(ip));
  });
  if (!type) errors.required("spec.type");
  else errors.oneOf("spec.type", type, types);
  validateUniquePorts(errors, spec);
  if (spec.loadBalancerSourceRanges?.length && type !== "LoadBalancer")
    errors.forbidden("spec.LoadBalancerSourceRanges", "may only be used when `type` is 'LoadBalancer'");
  if (spec.allocateLoadBalancerNodePorts !== undefined && type !== "LoadBalancer")
    errors.forbidden("spec.allocateLoadBalancerNodePorts", "may only be used when `type` is 'LoadBalancer'");
  if (spec.loadBalancerClass !== undefined && type !== "LoadBalancer")
    errors.forbidden("spec.loadBalancerClass", "may only be used when `type` is 'LoadBalancer'");
  validateTrafficPolicies(errors, spec);
}

function validateExternalName(errors: FieldErrors, spec: ServiceSpec): void {
  if (spec.clusterIPs?.length || spec.clusterIP)
    errors.forbidden("spec.clusterIPs", "may not be set for ExternalName services");
  if (spec.ipFamilies?.length) errors.forbidden("spec.ipFamilies", "may not be set for ExternalName services");
  if (spec.ipFamilyPolicy !== undefined)
    errors.forbidden("spec.ipFamilyPolicy", "may not be set for ExternalName services");
  const name = spec.externalName?.replace(/\.$/, "") ?? "";
  if (!name) errors.required("spec.externalName");
  else errors.invalidEach("spec.externalName", name, dns1123SubdomainProblems(name));
}

function validatePort(errors: FieldErrors, port: ServicePort, named: boolean, names: Set<string>, path: string): void {
  if (named && !port.name) errors.required(`${path}.name`);
  else if (port.name) {
    errors.invalidEach(`${path}.name`, port.name, dns1123LabelProblems(port.name));
    if (names.has(port.name)) errors.duplicate(`${path}.name`, port.name);
    names.add(port.name);
  }
  errors.invalidEach(`${path}.port`, port.port ?? 0, portNumberProblems(port.port ?? 0));
  if (!port.protocol) errors.required(`${path}.protocol`);
  else errors.oneOf(`${path}.protocol`, port.protocol, protocols);
  validatePortNumberOrName(errors, port.targetPort ?? 0, `${path}.targetPort`);
  if (port.appProtocol !== undefined)
    errors.invalidEach(`${path}.appProtocol`, port.appProtocol, qualifiedNameProblems(port.appProtocol));
}

function validateAffinity(errors: FieldErrors, spec: ServiceSpec): void {
  if (!spec.sessionAffinity) errors.required("spec.sessionAffinity");
  else errors.oneOf("spec.sessionAffinity", spec.sessionAffinity, ["ClientIP", "None"]);
  const seconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds;
  if (spec.sessionAffinity === "ClientIP" && seconds !== undefined && (seconds <= 0 || seconds > maxAffinitySeconds))
    errors.invalid(
      "spec.sessionAffinityConfig.clientIP.timeoutSeconds",
      seconds,
      `must be greater than 0 and less than ${maxAffinitySeconds}`,
    );
}

function validateUniquePorts(errors: FieldErrors, spec: ServiceSpec): void {
  const nodePorts = new Set<string>();
  const ports = new Set<string>();
  spec.ports?.forEach((port, index) => {
    if (!port.nodePort) return;
    if (spec.type === "ClusterIP")
      errors.forbidden(`spec.ports[${index}].nodePort`, "may not be used when `type` is 'ClusterIP'");
  });
  spec.ports?.forEach((port, index) => {
    const key = `${port.protocol}/${port.nodePort}`;
    if (port.nodePort && nodePorts.has(key)) errors.duplicate(`spec.ports[${index}].nodePort`, port.nodePort);
    nodePorts.add(key);
  });
  spec.ports?.forEach((port, index) => {
    const key = `${port.protocol}/${port.port}`;
    if (ports.has(key))
      errors.duplicate(`spec.ports[${index}]`, {
        Name: "",
        Protocol: port.protocol,
        AppProtocol: null,
        Port: port.port,
        TargetPort: 0,
        NodePort: 0,
      });
    ports.add(key);
  });
}

function validateTrafficPolicies(errors: FieldErrors, spec: ServiceSpec): void {
  const { type, externalTrafficPolicy, internalTrafficPolicy, healthCheckNodePort } = spec;
  const external =
    type === "LoadBalancer" || type === "NodePort" || (type === "ClusterIP" && !!spec.externalIPs?.length);
  if (!external) {
    if (externalTrafficPolicy)
      errors.invalid(
        "spec.externalTrafficPolicy",
        externalTrafficPolicy,
        "may only be set for externally-accessible services",
      );
  } else if (!externalTrafficPolicy) errors.required("spec.externalTrafficPolicy");
  else errors.oneOf("spec.externalTrafficPolicy", externalTrafficPolicy, ["Cluster", "Local"]);
  const checked = type === "LoadBalancer" && externalTrafficPolicy === "Local";
  if (!checked && healthCheckNodePort)
    errors.invalid(
      "spec.healthCheckNodePort",
      healthCheckNodePort,
      "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
    );
  else if (checked && healthCheckNodePort && (healthCheckNodePort < 1 || healthCheckNodePort > 65_535))
    errors.invalid("spec.healthCheckNodePort", healthCheckNodePort, inRange(1, 65_535));
  if (internalTrafficPolicy !== undefined)
    errors.oneOf("spec.internalTrafficPolicy", internalTrafficPolicy, ["Cluster", "Local"]);
  if (spec.trafficDistribution !== undefined)
    errors.oneOf("spec.trafficDistribution", spec.trafficDistribution, [
      "PreferClose",
      "PreferSameZone",
      "PreferSameNode",
    ]);
}

/** What stays once a Service is there. */
export function validateServiceUpdate(errors: FieldErrors, service: Service, old: Service): void {
  const next: ServiceSpec = service.spec ?? {};
  const before: ServiceSpec = old.spec ?? {};
  validateServiceAddressesUpdate(errors, next, before);
  if (
    before.type === "LoadBalancer" &&
    next.type === "LoadBalancer" &&
    !equalJson(next.loadBalancerClass, before.loadBalancerClass)
  )
    errors.invalid("spec.loadBalancerClass", next.loadBalancerClass ?? null, "may not change once set");
}
