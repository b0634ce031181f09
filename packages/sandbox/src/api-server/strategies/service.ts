import type { ServicePort, ServiceSpec } from "@bellows/api";
import { randomInteger } from "@bellows/kube";
import { type ApiObject, record, withFields } from "../api-object.ts";
import { invalid, StatusError } from "../status-error.ts";
import type { Store } from "../store.ts";
import { type Changing, chooseFamilies, linkAddresses } from "./service-families.ts";
import { dropTypeDependent, needsAddress, needsHealthCheck, needsNodePorts } from "./service-type.ts";
import { serviceWarnings } from "./service-warnings.ts";
import type { Strategy, StrategyContext } from "./strategy.ts";

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
    allocated(withFields(service, { status: statusOf(service, before) }), before, context),
};

/** What a load balancer has been given goes with it. */
const statusOf = ({ spec }: ApiObject, { status }: ApiObject): unknown =>
  record(spec).type === "LoadBalancer" ? status : { ...record(status), loadBalancer: {} };

function allocated(service: ApiObject, before: ApiObject | undefined, context: StrategyContext): ApiObject {
  const spec = { ...record(service.spec) } as Changing;
  const old = record(before?.spec) as ServiceSpec;
  linkAddresses(spec, before && old);
  chooseFamilies(service.metadata.name, spec, before && old);
  const others = usedBy(context.store, service);
  if (needsAddress(spec)) {
    if (spec.clusterIP !== "None" && (!before || !needsAddress(old))) {
      spec.clusterIP = clusterIp(service, spec, others.addresses, context);
      spec.clusterIPs = [spec.clusterIP, ...(spec.clusterIPs ?? []).slice(1)];
    }
    spec.internalTrafficPolicy ??= "Cluster";
  }
  if (needsNodePorts(spec)) spec.ports = withNodePorts(service, spec, old, others.ports, context);
  if (needsHealthCheck(spec) && !spec.healthCheckNodePort)
    spec.healthCheckNodePort =
      old.healthCheckNodePort ?? freeNodePort(context, (port) => !others.ports.has(`${port}/TCP`));
  if (before) dropTypeDependent(spec, old);
  return withFields(service, { spec });
}

/** What the Services other than this one hold. */
function usedBy(store: Store, { metadata }: ApiObject) {
  const addresses = new Set<string>();
  const ports = new Set<string>();
  for (const other of store.collection("/services").list()) {
    if (other.metadata.name === metadata.name && other.metadata.namespace === metadata.namespace) continue;
    const spec = record(other.spec) as ServiceSpec;
    for (const address of spec.clusterIPs ?? []) addresses.add(address);
    for (const { nodePort, protocol = "TCP" } of spec.ports ?? []) if (nodePort) ports.add(`${nodePort}/${protocol}`);
  }
  return { addresses, ports };
}

function clusterIp(
  service: ApiObject,
  { clusterIP: asked }: ServiceSpec,
  taken: ReadonlySet<string>,
  { random }: StrategyContext,
): string {
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
  throw new StatusError(500, "InternalError", "Internal error occurred: failed to allocate a serviceIP: range is full");
}

function inRange(address: string): boolean {
  const parts = address.split(".").map(Number);
  return (
    parts.length === 4 && address.startsWith(`${servicePrefix}.`) && parts.every((part) => part >= 0 && part <= 255)
  );
}

function withNodePorts(
  service: ApiObject,
  spec: ServiceSpec,
  old: ServiceSpec,
  taken: ReadonlySet<string>,
  context: StrategyContext,
): ServicePort[] {
  const mine = new Set<string>();
  const ports = spec.ports ?? [];
  return ports.map((port, index) => {
    const protocol = port.protocol ?? "TCP";
    // A port keeps what it had, by its name, unless another one of the Service asks for it.
    const kept = old.ports?.findLast(({ name }) => (name ?? "") === (port.name ?? ""))?.nodePort;
    const asked = port.nodePort || (ports.some(({ nodePort }) => nodePort === kept) ? undefined : kept);
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
    if (context.dryRun && asked) return { ...port, nodePort: asked };
    if (asked) {
      if (asked < nodePorts.first || asked > nodePorts.last)
        throw refuse(
          `provided port is not in the valid range. The range of valid ports is ${nodePorts.first}-${nodePorts.last}`,
        );
      if (!free(asked)) throw refuse("provided port is already allocated");
      mine.add(`${asked}/${protocol}`);
      return { ...port, nodePort: asked };
    }
    if (spec.allocateLoadBalancerNodePorts === false && spec.type === "LoadBalancer") return port;
    const number = freeNodePort(context, free);
    mine.add(`${number}/${protocol}`);
    return { ...port, nodePort: number };
  });
}

function freeNodePort({ random }: StrategyContext, free: (port: number) => boolean): number {
  const span = nodePorts.last - nodePorts.first + 1;
  const start = randomInteger(random, span);
  for (let step = 0; step < span; step++) {
    const number = nodePorts.first + ((start + step) % span);
    if (free(number)) return number;
  }
  throw new StatusError(500, "InternalError", "Internal error occurred: failed to allocate a nodePort: range is full");
}
