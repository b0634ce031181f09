import type {
  EndpointSlice,
  Endpoints,
  Ingress,
  IngressClass,
  IPAddress,
  NetworkPolicy,
  Service,
  ServiceCIDR,
} from "@bellows/api";
import { ageColumn, columnsFormat, firstOf, nameColumn, text, wide } from "./columns.ts";
import { labelsCell, selectorCell } from "./selector-cell.ts";

export const serviceFormat = columnsFormat<Service>([
  nameColumn,
  text("Type", (o) => o.spec?.type ?? ""),
  text("Cluster-IP", (o) => o.spec?.clusterIPs?.[0] ?? "<none>"),
  text("External-IP", externalIp),
  text("Port(s)", (o) => (o.spec?.ports ?? []).map(portCell).join(",") || "<none>"),
  ageColumn,
  wide("Selector", (o) => labelsCell(o.spec?.selector)),
]);

type ServicePort = NonNullable<NonNullable<Service["spec"]>["ports"]>[number];

const portCell = ({ port, nodePort, protocol = "TCP" }: ServicePort) =>
  nodePort ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`;

function externalIp(service: Service): string {
  const external = service.spec?.externalIPs ?? [];
  switch (service.spec?.type) {
    case "ClusterIP":
    case "NodePort":
      return external.join(",") || "<none>";
    case "LoadBalancer":
      return [...balancerAddresses(service.status?.loadBalancer), ...external].join(",") || "<pending>";
    case "ExternalName":
      return service.spec.externalName ?? "";
    default:
      return "<unknown>";
  }
}

/** The distinct addresses of a load balancer, in order of text. */
function balancerAddresses(balancer: { ingress?: { ip?: string; hostname?: string }[] } | undefined): string[] {
  const addresses = (balancer?.ingress ?? []).map(({ ip, hostname }) => ip || hostname || "").filter(Boolean);
  return [...new Set(addresses)].sort();
}

export const endpointsFormat = columnsFormat<Endpoints>([nameColumn, text("Endpoints", endpointsCell), ageColumn]);

function endpointsCell(endpoints: Endpoints): string {
  const subsets = endpoints.subsets ?? [];
  if (subsets.length === 0) return "<none>";
  const all = subsets.flatMap(({ addresses = [], ports = [] }) =>
    ports.length === 0
      ? addresses.map(({ ip }) => ip)
      : ports.flatMap(({ port }) =>
          addresses.map(({ ip }) => (ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`)),
        ),
  );
  return firstOf(all, 3);
}

export const endpointSliceFormat = columnsFormat<EndpointSlice>([
  nameColumn,
  text("AddressType", (o) => o.addressType),
  text(
    "Ports",
    (o) =>
      firstOf(
        (o.ports ?? []).map(({ port, name }) => String(port ?? name ?? "*")),
        3,
      ) || "<unset>",
  ),
  text(
    "Endpoints",
    (o) =>
      firstOf(
        (o.endpoints ?? []).flatMap(({ addresses }) => addresses),
        3,
      ) || "<unset>",
  ),
  ageColumn,
]);

export const ingressFormat = columnsFormat<Ingress>([
  nameColumn,
  text("Class", (o) => o.spec?.ingressClassName ?? "<none>"),
  text("Hosts", (o) => hostsCell((o.spec?.rules ?? []).map(({ host }) => host ?? ""))),
  text("Address", (o) => balancerAddresses(o.status?.loadBalancer).join(",")),
  text("Ports", (o) => ((o.spec?.tls ?? []).length > 0 ? "80, 443" : "80")),
  ageColumn,
]);

/** Upstream counts rules without a host among those left out; so do we. */
function hostsCell(hosts: readonly string[]): string {
  const named = hosts.filter(Boolean);
  if (named.length === 0) return "*";
  const thirdAt = hosts.indexOf(named[2] ?? "", 0);
  const more = named.length >= 3 && hosts.length > thirdAt + 1;
  return more ? `${named.slice(0, 3).join(",")} + ${hosts.length - 3} more...` : named.join(",");
}

export const ingressClassFormat = columnsFormat<IngressClass>([
  nameColumn,
  text("Controller", (o) => o.spec?.controller ?? ""),
  text("Parameters", (o) => {
    const parameters = o.spec?.parameters;
    if (!parameters) return "<none>";
    const kind = parameters.apiGroup === undefined ? parameters.kind : `${parameters.kind}.${parameters.apiGroup}`;
    return `${kind}/${parameters.name}`;
  }),
  ageColumn,
]);

export const networkPolicyFormat = columnsFormat<NetworkPolicy>([
  nameColumn,
  text("Pod-Selector", (o) => selectorCell(o.spec?.podSelector)),
  ageColumn,
]);

export const serviceCidrFormat = columnsFormat<ServiceCIDR>([
  nameColumn,
  text("CIDRs", (o) => (o.spec?.cidrs ?? []).join(",")),
  ageColumn,
]);

export const ipAddressFormat = columnsFormat<IPAddress>([
  nameColumn,
  text("ParentRef", (o) => {
    const parent = o.spec?.parentRef;
    if (!parent) return "<none>";
    const resource = parent.group ? `${parent.resource}.${parent.group}` : parent.resource;
    return [resource.toLowerCase(), ...(parent.namespace ? [parent.namespace] : []), parent.name].join("/");
  }),
]);
