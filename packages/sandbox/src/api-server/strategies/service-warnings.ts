import { type ApiObject, record } from "../api-object.ts";

interface Spec {
  readonly type?: string;
  readonly clusterIP?: string;
  readonly clusterIPs?: readonly string[];
  readonly externalIPs?: readonly string[];
  readonly externalName?: string;
  readonly loadBalancerIP?: string;
  readonly sessionAffinity?: string;
  readonly trafficDistribution?: string;
}

const hints = "service.kubernetes.io/topology-aware-hints";

/** What is told to who writes a Service (api/service `GetWarningsForService`, 1.35). */
export function serviceWarnings(service: ApiObject): string[] {
  const spec = record(service.spec) as Spec;
  const { type = "ClusterIP", clusterIP, externalIPs = [], externalName, loadBalancerIP } = spec;
  const warnings: string[] = [];
  if (service.metadata.annotations?.[hints] !== undefined)
    warnings.push(`annotation ${hints} is deprecated, please use service.kubernetes.io/topology-mode instead`);
  if (clusterIP && clusterIP !== "None") warnings.push(...ofAddresses("spec.clusterIPs", spec.clusterIPs ?? []));
  if (type === "ClusterIP" && clusterIP === "None") {
    const ignored = (field: string) => warnings.push(`spec.${field} is ignored for headless services`);
    if (loadBalancerIP) ignored("loadBalancerIP");
    if (externalIPs.length > 0) ignored("externalIPs");
    if (spec.sessionAffinity && spec.sessionAffinity !== "None") ignored("SessionAffinity");
  }
  warnings.push(...ofAddresses("spec.externalIPs", externalIPs));
  if (loadBalancerIP) warnings.push(...ofAddress("spec.loadBalancerIP", loadBalancerIP));
  if (type === "ExternalName" && externalIPs.length > 0)
    warnings.push('spec.externalIPs is ignored when spec.type is "ExternalName"');
  if (type !== "ExternalName" && externalName)
    warnings.push('spec.externalName is ignored when spec.type is not "ExternalName"');
  if (spec.trafficDistribution === "PreferClose")
    warnings.push('spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"');
  return warnings;
}

const ofAddresses = (path: string, addresses: readonly string[]): string[] =>
  addresses.flatMap((address, position) => ofAddress(`${path}[${position}]`, address));

function ofAddress(path: string, address: string): string[] {
  const shown = JSON.stringify(address);
  if (!address.includes(":")) {
    const standard = address.replace(/(^|\.)0+(?=\d)/g, "$1");
    if (standard === address) return [];
    return [
      `${path}: non-standard IP address ${shown} will be considered invalid in a future Kubernetes release: use ${JSON.stringify(standard)}`,
    ];
  }
  const canonical = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  if (canonical === address) return [];
  return [`${path}: IPv6 address ${shown} should be in RFC 5952 canonical format (${JSON.stringify(canonical)})`];
}
