import type { EndpointSlice, Service } from "@bellows/api";
import type { Store } from "./store.ts";

/** A port of a Service, as webhooks and APIServices refer to it. */
export interface ServiceReference {
  readonly namespace: string;
  readonly name: string;
  /** Default 443. */
  readonly port?: number | undefined;
}

/** Where this machine reaches a Service, and the name that its certificate must have. */
export interface ServiceTarget {
  readonly host: string;
  readonly port: number;
  readonly serverName: string;
}

/** Finds where a Service is reached; throws an Error that says why it is not. */
export type ResolveService = (reference: ServiceReference) => ServiceTarget;

export const serviceHost = ({ namespace, name }: ServiceReference): string => `${name}.${namespace}.svc`;

/**
 * Resolves Services as kube-apiserver does with `--enable-aggregator-routing`: to an address of their EndpointSlices. A
 * Service of type ExternalName leads to its name, at its `targetPort`, so that a process on loopback can be reached. A simulated pod listens
 * to nothing, and refuses at once.
 */
export const serviceResolver =
  (store: Store): ResolveService =>
  (reference) => {
    const { namespace, name, port = 443 } = reference;
    const service = serviceOf(store, reference);
    if (!service) throw new Error(`service ${JSON.stringify(name)} not found`);
    const serverName = serviceHost(reference);
    const { type, externalName, ports = [] } = service.spec ?? {};
    const wanted = ports.find((one) => one.port === port);
    if (type === "ExternalName" && externalName) {
      const { targetPort } = wanted ?? {};
      return { host: externalName, port: typeof targetPort === "number" ? targetPort : port, serverName };
    }
    if (!wanted) throw new Error(`no service port ${port} found for service ${JSON.stringify(name)}`);
    for (const slice of endpointSlicesOf(store, namespace, name)) {
      const open = slice.ports?.find((one) => (one.name ?? "") === (wanted.name ?? ""))?.port;
      const ready = slice.endpoints.find(({ conditions }) => conditions?.ready !== false);
      const host = ready?.addresses[0];
      if (open === undefined || host === undefined) continue;
      if (ready?.targetRef?.kind === "Pod") throw new Error(`dial tcp ${host}:${open}: connect: connection refused`);
      return { host, port: open, serverName };
    }
    throw new Error(`no endpoints available for service ${JSON.stringify(name)}`);
  };

export const serviceOf = (store: Store, { namespace, name }: ServiceReference): Service | undefined =>
  store.collection("/services").get(`${namespace}/${name}`) as Service | undefined;

export const endpointSlicesOf = (store: Store, namespace: string, name: string): readonly EndpointSlice[] =>
  store
    .collection("discovery.k8s.io/endpointslices")
    .list(`${namespace}/`)
    .filter(({ metadata }) => metadata.labels?.["kubernetes.io/service-name"] === name) as unknown as EndpointSlice[];
