import type {
  EndpointSlice,
  HTTPIngressPath,
  Ingress,
  IngressBackend,
  IPBlock,
  NetworkPolicy,
  NetworkPolicyPeer,
  NetworkPolicyPort,
} from "@bellows/api";
import { equalJson } from "../json-value.ts";
import { cidrProblems, isStrictlyWithin } from "./cidr.ts";
import { protocols } from "./container.ts";
import type { FieldErrors } from "./field-errors.ts";
import {
  dns1123LabelProblems,
  dns1123SubdomainProblems,
  ipProblems,
  isIp,
  portNameProblems,
  portNumberProblems,
  unreachableProblems,
  wildcardProblems,
} from "./formats.ts";
import { validateLabelSelector } from "./label-selector.ts";

export function validateNetworkPolicy(errors: FieldErrors, policy: NetworkPolicy): void {
  const { spec } = policy;
  validateLabelSelector(errors, spec?.podSelector, "spec.podSelector");
  spec?.ingress?.forEach((rule, index) => {
    validatePolicyPorts(errors, rule.ports, `spec.ingress[${index}].ports`);
    validatePeers(errors, rule.from, `spec.ingress[${index}].from`);
  });
  spec?.egress?.forEach((rule, index) => {
    validatePolicyPorts(errors, rule.ports, `spec.egress[${index}].ports`);
    validatePeers(errors, rule.to, `spec.egress[${index}].to`);
  });
  spec?.policyTypes?.forEach((type, index) => {
    errors.oneOf(`spec.policyTypes[${index}]`, type, ["Ingress", "Egress"]);
  });
}

function validatePolicyPorts(errors: FieldErrors, ports: readonly NetworkPolicyPort[] | undefined, path: string): void {
  ports?.forEach(({ port, endPort, protocol }, index) => {
    const at = `${path}[${index}]`;
    if (protocol !== undefined) errors.oneOf(`${at}.protocol`, protocol, ["TCP", "UDP", "SCTP"]);
    if (typeof port === "number") {
      errors.invalidEach(`${at}.port`, port, portNumberProblems(port));
      if (endPort !== undefined) {
        if (endPort < port) errors.invalid(`${at}.endPort`, port, "must be greater than or equal to `port`");
        errors.invalidEach(`${at}.endPort`, endPort, portNumberProblems(endPort));
      }
      return;
    }
    if (endPort !== undefined)
      errors.invalid(
        `${at}.endPort`,
        endPort,
        port === undefined
          ? "may not be specified when `port` is not specified"
          : "may not be specified when `port` is non-numeric",
      );
    if (port !== undefined) errors.invalidEach(`${at}.port`, port, portNameProblems(port));
  });
}

function validatePeers(errors: FieldErrors, peers: readonly NetworkPolicyPeer[] | undefined, path: string): void {
  peers?.forEach((peer, index) => {
    const at = `${path}[${index}]`;
    validateLabelSelector(errors, peer.podSelector, `${at}.podSelector`);
    validateLabelSelector(errors, peer.namespaceSelector, `${at}.namespaceSelector`);
    if (peer.ipBlock) validateIpBlock(errors, peer.ipBlock, `${at}.ipBlock`);
    if (!peer.podSelector && !peer.namespaceSelector && !peer.ipBlock) errors.required(at, "must specify a peer");
    else if (peer.ipBlock && (peer.podSelector || peer.namespaceSelector))
      errors.forbidden(at, "may not specify both ipBlock and another peer");
  });
}

function validateIpBlock(errors: FieldErrors, { cidr, except }: IPBlock, path: string): void {
  if (!cidr) return errors.required(`${path}.cidr`);
  errors.invalidEach(`${path}.cidr`, cidr, cidrProblems(cidr));
  for (const [position, part] of (except ?? []).entries()) {
    const at = `${path}.except[${position}]`;
    const problems = cidrProblems(part);
    errors.invalidEach(at, part, problems);
    if (problems.length === 0 && cidrProblems(cidr).length === 0 && !isStrictlyWithin(part, cidr))
      errors.invalid(at, part, "must be a strict subset of `cidr`");
  }
}

export function validateIngress(errors: FieldErrors, ingress: Ingress): void {
  const { rules = [], defaultBackend, ingressClassName } = ingress.spec ?? {};
  if (!rules.length && !defaultBackend)
    errors.invalid("spec", ingress.spec?.rules ?? null, "either `defaultBackend` or `rules` must be specified");
  if (defaultBackend) validateBackend(errors, defaultBackend, "spec.defaultBackend");
  rules.forEach((rule, index) => {
    const at = `spec.rules[${index}]`;
    const { host, http } = rule;
    if (host) {
      if (isIp(host)) errors.invalid(`${at}.host`, host, "must be a DNS name, not an IP address");
      errors.invalidEach(`${at}.host`, host, (host.includes("*") ? wildcardProblems : dns1123SubdomainProblems)(host));
    }
    if (http && !http.paths?.length) errors.required(`${at}.http.paths`);
    http?.paths?.forEach((path, position) => {
      validatePath(errors, path, `${at}.http.paths[${position}]`);
    });
  });
  if (ingressClassName !== undefined)
    errors.invalidEach("spec.ingressClassName", ingressClassName, dns1123SubdomainProblems(ingressClassName));
}

const badSequences = ["//", "/./", "/../", "%2f", "%2F"];
const badSuffixes = ["/..", "/."];

function validatePath(errors: FieldErrors, { path = "", pathType, backend }: HTTPIngressPath, at: string): void {
  if (!pathType) {
    errors.required(`${at}.pathType`, "pathType must be specified");
    return;
  }
  if (pathType === "Exact" || pathType === "Prefix") {
    if (!path.startsWith("/")) errors.invalid(`${at}.path`, path, "must be an absolute path");
    for (const part of badSequences)
      if (path.includes(part)) errors.invalid(`${at}.path`, path, `must not contain '${part}'`);
    for (const part of badSuffixes)
      if (path.endsWith(part)) errors.invalid(`${at}.path`, path, `cannot end with '${part}'`);
  } else if (pathType === "ImplementationSpecific") {
    if (path && !path.startsWith("/")) errors.invalid(`${at}.path`, path, "must be an absolute path");
  } else errors.notSupported(`${at}.pathType`, pathType, ["Exact", "ImplementationSpecific", "Prefix"]);
  validateBackend(errors, backend ?? {}, `${at}.backend`);
}

function validateBackend(errors: FieldErrors, { service, resource }: IngressBackend, path: string): void {
  if (service && resource) errors.invalid(path, "", "cannot set both resource and service backends");
  else if (!service && !resource) errors.invalid(path, "", "resource or service backend is required");
  else if (service) {
    if (!service.name) errors.required(`${path}.service.name`);
    else errors.invalidEach(`${path}.service.name`, service.name, dns1123LabelProblems(service.name));
    const { name, number } = service.port ?? {};
    if (name && number) errors.invalid(path, "", "cannot set both port name & port number");
    else if (name) errors.invalidEach(`${path}.service.port.name`, name, portNameProblems(name));
    else if (number) errors.invalidEach(`${path}.service.port.number`, number, portNumberProblems(number));
    else errors.required(path, "port name or number is required");
  }
}

const maxEndpoints = 1000;
const maxAddresses = 100;
const maxPorts = 20_000;

export function validateEndpointSlice(errors: FieldErrors, slice: EndpointSlice, old?: EndpointSlice): void {
  const { addressType, ports = [], endpoints = [] } = slice;
  if (!addressType) errors.required("addressType");
  else errors.oneOf("addressType", addressType, ["FQDN", "IPv4", "IPv6"]);
  if (ports.length > maxPorts) errors.tooMany("ports", ports.length, maxPorts);
  const names = new Set<string>();
  ports.forEach(({ name = "", protocol }, index) => {
    const at = `ports[${index}]`;
    if (name) errors.invalidEach(`${at}.name`, name, dns1123LabelProblems(name));
    if (names.has(name)) errors.duplicate(`${at}.name`, name);
    names.add(name);
    if (protocol === undefined) errors.required(`${at}.protocol`);
    else errors.oneOf(`${at}.protocol`, protocol, protocols);
  });
  // What was stored under older rules may stay as it is.
  if (old && equalJson(endpoints, old.endpoints ?? [])) return;
  if (endpoints.length > maxEndpoints) {
    errors.tooMany("endpoints", endpoints.length, maxEndpoints);
    return;
  }
  endpoints.forEach(({ addresses = [], nodeName, hostname }, index) => {
    const at = `endpoints[${index}]`;
    if (!addresses.length) errors.required(`${at}.addresses`, "must contain at least 1 address");
    else if (addresses.length > maxAddresses) errors.tooMany(`${at}.addresses`, addresses.length, maxAddresses);
    if (addressType === "IPv4" || addressType === "IPv6")
      addresses.forEach((address, position) => {
        const path = `${at}.addresses[${position}]`;
        errors.invalidEach(path, address, ipProblems(address));
        if (isIp(address) && address.includes(":") !== (addressType === "IPv6"))
          errors.invalid(`${at}.addresses`, address, `must be an ${addressType} address`);
        if (isIp(address)) errors.invalidEach(path, address, unreachableProblems(address));
      });
    if (addressType === "FQDN")
      for (const [position, address] of addresses.entries())
        errors.invalidEach(`${at}.addresses[${position}]`, address, dns1123SubdomainProblems(address));
    if (nodeName !== undefined) errors.invalidEach(`${at}.nodeName`, nodeName, dns1123SubdomainProblems(nodeName));
    if (hostname !== undefined) errors.invalidEach(`${at}.hostname`, hostname, dns1123LabelProblems(hostname));
  });
}

export function validateEndpointSliceUpdate(errors: FieldErrors, slice: EndpointSlice, old: EndpointSlice): void {
  if (slice.addressType !== old.addressType) errors.immutable("addressType", slice.addressType);
}
