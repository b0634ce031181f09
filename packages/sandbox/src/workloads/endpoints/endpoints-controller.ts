import { type EndpointAddress, type EndpointSubset, Endpoints, Pod, Service, stableJson } from "@bellows/api";
import { type Controller, isAlreadyExists, type ObjectKey } from "@bellows/kube";
import { fieldManager, toleratingConflicts } from "../writes.ts";
import {
  hasOwnHostname,
  isHeadless,
  podsBehind,
  portsOn,
  type ResolvedPort,
  serviceWatches,
  servingOf,
} from "./service-pods.ts";

const managedByLabel = "endpoints.kubernetes.io/managed-by";
const headlessLabel = "service.kubernetes.io/headless";
const capacityAnnotation = "endpoints.kubernetes.io/over-capacity";
const maxAddresses = 1000;

/** Keeps the Endpoints of Services that select pods. Writes: Endpoints. */
export const endpointsController = (): Controller =>
  toleratingConflicts({
    name: "endpoint-controller",
    watches: serviceWatches(),
    reads: [Endpoints, Pod] as never,
    async reconcile(key: ObjectKey, { cache, client }) {
      const service = cache.get(Service, key);
      const existing = cache.get(Endpoints, key);
      if (!service || service.metadata.deletionTimestamp) {
        if (existing?.metadata.labels?.[managedByLabel]) await client.delete(Endpoints, key);
        return undefined;
      }
      if (service.spec?.type === "ExternalName" || Object.keys(service.spec?.selector ?? {}).length === 0)
        return undefined;
      const { subsets, isCut } = subsetsOf(service, podsBehind(service, cache));
      const labels = {
        ...service.metadata.labels,
        [managedByLabel]: "endpoint-controller",
        ...(isHeadless(service) && { [headlessLabel]: "" }),
      };
      const { [capacityAnnotation]: _, ...annotations } = existing?.metadata.annotations ?? {};
      const wanted: Endpoints = {
        apiVersion: "v1",
        kind: "Endpoints",
        metadata: {
          ...(existing?.metadata ?? { name: key.name, ...(key.namespace && { namespace: key.namespace }) }),
          labels,
          ...((isCut || Object.keys(annotations).length > 0) && {
            annotations: { ...annotations, ...(isCut && { [capacityAnnotation]: "truncated" }) },
          }),
        },
        ...(subsets.length > 0 && { subsets }),
      };
      if (!existing) {
        await client.create(Endpoints, wanted, { fieldManager }).catch((error: unknown) => {
          if (!isAlreadyExists(error)) throw error;
        });
        return undefined;
      }
      const same =
        stableJson(existing.subsets ?? []) === stableJson(subsets) &&
        stableJson(existing.metadata.labels) === stableJson(labels) &&
        (existing.metadata.annotations?.[capacityAnnotation] !== undefined) === isCut;
      if (!same) await client.update(Endpoints, wanted, { fieldManager });
      return undefined;
    },
  });

/** Addresses grouped by the ports they have, ready apart from not ready; terminating pods are in neither. */
export function subsetsOf(service: Service, pods: readonly Pod[]): { subsets: EndpointSubset[]; isCut: boolean } {
  interface Group {
    readonly ports: readonly ResolvedPort[];
    readonly ready: EndpointAddress[];
    readonly notReady: EndpointAddress[];
  }
  const groups = new Map<string, Group>();
  let count = 0;
  for (const pod of pods) {
    const { ready, terminating } = servingOf(pod, service);
    if (terminating && !ready) continue;
    if (++count > maxAddresses) break;
    const ports = portsOn(pod, service);
    if (ports.length === 0 && !isHeadless(service)) continue;
    const id = stableJson(ports);
    let group = groups.get(id);
    if (!group) groups.set(id, (group = { ports, ready: [], notReady: [] }));
    (ready ? group.ready : group.notReady).push(addressOf(pod, service));
  }
  const byIp = (a: EndpointAddress, b: EndpointAddress) => (a.ip < b.ip ? -1 : a.ip > b.ip ? 1 : 0);
  const subsets = [...groups.values()].map(
    ({ ports, ready, notReady }): EndpointSubset => ({
      ...(ready.length > 0 && { addresses: ready.sort(byIp) }),
      ...(notReady.length > 0 && { notReadyAddresses: notReady.sort(byIp) }),
      ...(ports.length > 0 && {
        ports: ports.map(({ name, ...port }) => ({ ...(name && { name }), ...port })),
      }),
    }),
  );
  return { subsets, isCut: count > maxAddresses };
}

function addressOf(pod: Pod, service: Service): EndpointAddress {
  const { namespace, name, uid } = pod.metadata;
  return {
    ip: pod.status?.podIP as string,
    ...(hasOwnHostname(pod, service) && pod.spec?.hostname && { hostname: pod.spec.hostname }),
    ...(pod.spec?.nodeName && { nodeName: pod.spec.nodeName }),
    targetRef: { kind: "Pod", ...(namespace && { namespace }), name, ...(uid && { uid }) },
  };
}
