import { randomInteger } from "@bellows/kube";
import { type ApiObject, record, withFields } from "../api-object.ts";
import { equalJson } from "../json-value.ts";
import { invalid } from "../status-error.ts";
import type { Store } from "../store.ts";
import { serviceWarnings } from "./service-warnings.ts";
import type { Strategy, StrategyContext } from "./strategy.ts";

interface Port {
  readonly name?: string;
  readonly port: number;
  readonly protocol?: string;
  readonly nodePort?: number;
}

/** 10.100.0.0/16, the range of an EKS cluster; the first 256 addresses are left to those who ask for one. */
const servicePrefix = "10.100";
const firstDynamic = 256;
const lastAddress = 65_534;

const nodePorts = { first: 30_000, last: 32_767 } as const;

/** Services get an address and, where their type wants them, ports on the nodes; both stay with the Service. */
export const serviceStrategy: Partial<Strategy> = {
  warnings: serviceWarnings,
  createOnUpdate: true,
  returnsDeleted: true,
  prepareForCreate: (service, context) =>
    allocated(withFields(service, { status: { loadBalancer: {} } }), undefined, context),
  prepareForUpdate: (service, before, context) =>
    allocated(withFields(service, { status: before.status }), before, context),
};

function allocated(service: ApiObject, before: ApiObject | undefined, context: StrategyContext): ApiObject {
  const spec = { ...record(service.spec) };
  const old = record(before?.spec);
  if (spec.type === "ExternalName") {
    // What it had as another type goes, unless it is asked for anew.
    for (const field of ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy"])
      if (before && equalJson(spec[field], old[field])) delete spec[field];
    return withFields(service, { spec });
  }
  const others = usedBy(context.store, service);
  spec.clusterIP = clusterIp(service, spec, old, others.addresses, context);
  spec.clusterIPs = (spec.clusterIPs as string[] | undefined)?.length ? [spec.clusterIP] : [spec.clusterIP];
  // Without a selector nobody knows what a headless Service stands for, so that it is taken to be both.
  const both = spec.clusterIP === "None" && Object.keys(record(spec.selector)).length === 0;
  spec.ipFamilies ??= both ? ["IPv4", "IPv6"] : ["IPv4"];
  spec.ipFamilyPolicy ??= both ? "RequireDualStack" : "SingleStack";
  spec.internalTrafficPolicy ??= "Cluster";
  if (spec.type === "NodePort" || (spec.type === "LoadBalancer" && spec.allocateLoadBalancerNodePorts !== false)) {
    spec.ports = withNodePorts(service, spec, old, others.ports, context);
  } else if (old.type === "NodePort" || old.type === "LoadBalancer") {
    spec.ports = ((spec.ports as Port[] | undefined) ?? []).map(({ nodePort: _, ...port }) => port);
  }
  return withFields(service, { spec });
}

/** What the Services other than this one hold. */
function usedBy(store: Store, { metadata }: ApiObject) {
  const addresses = new Set<string>();
  const ports = new Set<string>();
  for (const other of store.collection("/services").list()) {
    if (other.metadata.name === metadata.name && other.metadata.namespace === metadata.namespace) continue;
    const spec = record(other.spec);
    for (const address of (spec.clusterIPs as string[] | undefined) ?? []) addresses.add(address);
    for (const { nodePort, protocol = "TCP" } of (spec.ports as Port[] | undefined) ?? [])
      if (nodePort) ports.add(`${nodePort}/${protocol}`);
  }
  return { addresses, ports };
}

function clusterIp(
  service: ApiObject,
  spec: Readonly<Record<string, unknown>>,
  old: Readonly<Record<string, unknown>>,
  taken: ReadonlySet<string>,
  { random }: StrategyContext,
): string {
  const asked = (spec.clusterIP as string | undefined) || (old.clusterIP as string | undefined);
  if (asked === "None") return asked;
  const refuse = (message: string) =>
    invalid("", "Service", service.metadata.name, [
      {
        reason: "FieldValueInvalid",
        field: "spec.clusterIPs",
        message: `Invalid value: ${JSON.stringify([asked])}: ${message}`,
      },
    ]);
  if (asked) {
    if (!inRange(asked))
      throw refuse(
        `failed to allocate IP ${asked}: the provided IP (${asked}) is not in the valid range. The range of valid IPs is ${servicePrefix}.0.0/16`,
      );
    if (taken.has(asked)) throw refuse(`failed to allocate IP ${asked}: provided IP is already allocated`);
    return asked;
  }
  const span = lastAddress - firstDynamic + 1;
  const start = randomInteger(random, span);
  for (let step = 0; step < span; step++) {
    const number = firstDynamic + ((start + step) % span);
    const address = `${servicePrefix}.${number >> 8}.${number & 255}`;
    if (!taken.has(address)) return address;
  }
  throw refuse("failed to allocate a serviceIP: range is full");
}

function inRange(address: string): boolean {
  const parts = address.split(".").map(Number);
  return (
    parts.length === 4 && address.startsWith(`${servicePrefix}.`) && parts.every((part) => part >= 0 && part <= 255)
  );
}

function withNodePorts(
  service: ApiObject,
  spec: Readonly<Record<string, unknown>>,
  old: Readonly<Record<string, unknown>>,
  taken: ReadonlySet<string>,
  { random, dryRun }: StrategyContext,
): Port[] {
  const mine = new Set<string>();
  const before = (old.ports as Port[] | undefined) ?? [];
  return ((spec.ports as Port[] | undefined) ?? []).map((port, index) => {
    const protocol = port.protocol ?? "TCP";
    const kept = before.find((one) => one.name === port.name && one.port === port.port)?.nodePort;
    const asked = port.nodePort || kept;
    const free = (number: number) => !taken.has(`${number}/${protocol}`) && !mine.has(`${number}/${protocol}`);
    const refuse = (message: string) =>
      invalid("", "Service", service.metadata.name, [
        {
          reason: "FieldValueInvalid",
          field: `spec.ports[${index}].nodePort`,
          message: `Invalid value: ${asked}: ${message}`,
        },
      ]);
    // A trial takes no ports, so that none is refused.
    if (dryRun && asked) return { ...port, nodePort: asked };
    if (asked) {
      if (asked < nodePorts.first || asked > nodePorts.last)
        throw refuse(
          `provided port is not in the valid range. The range of valid ports is ${nodePorts.first}-${nodePorts.last}`,
        );
      if (!free(asked)) throw refuse("provided port is already allocated");
      mine.add(`${asked}/${protocol}`);
      return { ...port, nodePort: asked };
    }
    const span = nodePorts.last - nodePorts.first + 1;
    const start = randomInteger(random, span);
    for (let step = 0; step < span; step++) {
      const number = nodePorts.first + ((start + step) % span);
      if (!free(number)) continue;
      mine.add(`${number}/${protocol}`);
      return { ...port, nodePort: number };
    }
    throw refuse("failed to allocate a nodePort: range is full");
  });
}
