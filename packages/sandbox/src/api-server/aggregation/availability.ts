import type { APIService, EndpointSlice, Service } from "@bellows/api";

/** What availability is judged by. */
export interface ServiceLookup {
  service(namespace: string, name: string): Service | undefined;
  endpointSlices(namespace: string, service: string): readonly EndpointSlice[];
  /** Whether the service's discovery answers; rejects with why it does not. */
  probe(apiService: APIService): Promise<void>;
  /** Whether this process itself answers for the service, whatever its endpoints are. */
  inProcess(apiService: APIService): boolean;
}

export interface Availability {
  readonly status: "True" | "False";
  readonly reason: string;
  readonly message: string;
}

const available: Availability = { status: "True", reason: "Passed", message: "all checks passed" };
const because = (reason: string, message: string): Availability => ({ status: "False", reason, message });

/**
 * Whether requests for an APIService can be served, as kube-aggregator 1.35 finds out: its service exists, listens on the
 * port, has ready endpoints, and answers discovery.
 */
export async function availabilityOf(apiService: APIService, lookup: ServiceLookup): Promise<Availability> {
  const reference = apiService.spec?.service;
  if (!reference) return { status: "True", reason: "Local", message: "Local APIServices are always available" };
  if (lookup.inProcess(apiService)) return available;

  const { name = "", namespace = "", port = 443 } = reference;
  const service = lookup.service(namespace, name);
  if (!service) return because("ServiceNotFound", `service/${name} in "${namespace}" is not present`);
  if ((service.spec?.type ?? "ClusterIP") === "ClusterIP") {
    const found = service.spec?.ports?.find((one) => one.port === port);
    if (!found)
      return because("ServicePortError", `service/${name} in "${namespace}" is not listening on port ${port}`);
    const slices = lookup.endpointSlices(namespace, name);
    if (slices.length === 0)
      return because("EndpointsNotFound", `cannot find endpointslices for service/${name} in "${namespace}"`);
    if (!slices.some((slice) => hasAddress(slice, found.name ?? "")))
      return because(
        "MissingEndpoints",
        `endpointslices for service/${name} in "${namespace}" have no addresses with port name "${found.name ?? ""}"`,
      );
  }
  try {
    await lookup.probe(apiService);
    return available;
  } catch (error) {
    return because("FailedDiscoveryCheck", (error as Error).message);
  }
}

const hasAddress = ({ ports = [], endpoints = [] }: EndpointSlice, portName: string) =>
  (ports ?? []).some(({ name = "", port }) => name === portName && port !== undefined) &&
  endpoints.some(({ conditions }) => conditions?.ready !== false);

/** The APIService with its Available condition; the same one where nothing changed. `now` is a timestamp. */
export function withAvailability(apiService: APIService, availability: Availability, now: string): APIService {
  const conditions = apiService.status?.conditions ?? [];
  const old = conditions.find(({ type }) => type === "Available");
  const { status, reason, message } = availability;
  if (old?.status === status && old.reason === reason && old.message === message) return apiService;
  const lastTransitionTime = old?.status === status ? (old.lastTransitionTime ?? now) : now;
  const condition = { type: "Available", status, lastTransitionTime, reason, message };
  return {
    ...apiService,
    status: {
      ...apiService.status,
      conditions: old ? conditions.map((one) => (one === old ? condition : one)) : [...conditions, condition],
    },
  };
}

/** Whether the last look found it available; one that was never looked at is not. */
export const isAvailable = ({ status }: APIService): boolean =>
  status?.conditions?.some(({ type, status: is }) => type === "Available" && is === "True") ?? false;
