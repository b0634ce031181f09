import {
  type Endpoint,
  EndpointSlice,
  Endpoints,
  type Kind,
  type KubernetesObject,
  Node,
  type Pod,
  Service,
  stableJson,
} from "@bellows/api";
import { type Controller, type ControllerContext, keyOf, lookAgainAt, mapped, timestamp } from "@bellows/kube";
import { indexOf } from "../object-index.ts";
import { controllerReference, deleteExactly, fieldManager, toleratingConflicts } from "../writes.ts";
import {
  hasOwnHostname,
  isHeadless,
  podsBehind,
  portsOn,
  publishesUnready,
  type ResolvedPort,
  serviceWatches,
  servingOf,
} from "./service-pods.ts";
import { type EndpointGroup, planSlices } from "./slice-plan.ts";

const serviceLabel = "kubernetes.io/service-name";
const managedByLabel = "endpointslice.kubernetes.io/managed-by";
const headlessLabel = "service.kubernetes.io/headless";
const triggerAnnotation = "endpoints.kubernetes.io/last-change-trigger-time";
const skipMirrorLabel = "endpointslice.kubernetes.io/skip-mirror";
const maxEndpointsPerSlice = 100;
const missingNodeRetryMs = 1_000;

const slicesOf = ({ cache }: ControllerContext, namespace: string, service: string, manager: string) =>
  indexOf(cache, EndpointSlice, "service", ({ metadata }) => {
    const { [serviceLabel]: name, [managedByLabel]: managedBy } = metadata.labels ?? {};
    return name && managedBy ? [`${metadata.namespace}/${name}/${managedBy}`] : [];
  })
    .at(`${namespace}/${service}/${manager}`)
    .filter((slice) => !slice.metadata.deletionTimestamp);

const manager = "endpointslice-controller.k8s.io";
const mirrorManager = "endpointslicemirroring-controller.k8s.io";

/** Wakes for the Service that a slice belongs to. */
const ofSlice = mapped(EndpointSlice, ({ metadata }) => {
  const name = metadata.labels?.[serviceLabel];
  return name ? [{ namespace: metadata.namespace as string, name }] : [];
});

/** Keeps the EndpointSlices of Services that select pods. Writes: EndpointSlices. */
export const endpointSliceController = (): Controller =>
  toleratingConflicts({
    name: "endpointslice-controller",
    watches: [...serviceWatches(), ofSlice],
    reads: [Node as never],
    async reconcile(key, context) {
      const { cache, clock } = context;
      const service = cache.get(Service, key);
      const { namespace = "", name } = key;
      const existing = slicesOf(context, namespace, name, manager);
      const gone = !service || service.metadata.deletionTimestamp !== undefined;
      if (gone || service.spec?.type === "ExternalName" || Object.keys(service.spec?.selector ?? {}).length === 0) {
        if (gone) for (const slice of existing) await deleteExactly(context.client, EndpointSlice, slice);
        return undefined;
      }
      const pods = podsBehind(service, cache);
      const reachable = pods.filter(({ spec }) => {
        return publishesUnready(service) || (spec?.nodeName && cache.get(Node, { name: spec.nodeName }));
      });
      const groups = groupsOf(service, reachable, context);
      await write(context, service, Service as never, manager, groups, existing);
      // A pod may be seen before its node.
      return reachable.length < pods.length ? lookAgainAt(clock.now() + missingNodeRetryMs) : undefined;
    },
  });

function groupsOf(service: Service, pods: readonly Pod[], { cache }: ControllerContext): EndpointGroup[] {
  const families = service.spec?.ipFamilies ?? ["IPv4"];
  const groups: EndpointGroup[] = [];
  for (const family of families) {
    const byPorts = new Map<string, { ports: ResolvedPort[]; endpoints: Endpoint[] }>();
    for (const pod of pods) {
      const ips = (pod.status?.podIPs ?? [{ ip: pod.status?.podIP as string }]).map(({ ip }) => ip);
      const address = ips.find((ip) => ip.includes(":") === (family === "IPv6"));
      const ports = portsOn(pod, service);
      if (!address || (ports.length === 0 && (service.spec?.ports ?? []).length > 0 && !isHeadless(service))) continue;
      const id = stableJson(ports);
      let group = byPorts.get(id);
      if (!group) byPorts.set(id, (group = { ports, endpoints: [] }));
      group.endpoints.push(endpointOf(pod, service, address, cache));
    }
    const addressType = family as EndpointGroup["addressType"];
    if (byPorts.size === 0) groups.push({ addressType, ports: [], endpoints: [] });
    for (const { ports, endpoints } of byPorts.values()) groups.push({ addressType, ports, endpoints });
  }
  return groups;
}

function endpointOf(pod: Pod, service: Service, address: string, cache: ControllerContext["cache"]): Endpoint {
  const { ready, serving, terminating } = servingOf(pod, service);
  const nodeName = pod.spec?.nodeName;
  const zone = nodeName && cache.get(Node, { name: nodeName })?.metadata.labels?.["topology.kubernetes.io/zone"];
  const { name, namespace, uid } = pod.metadata;
  return {
    addresses: [address],
    conditions: { ready, serving, terminating },
    ...(hasOwnHostname(pod, service) && pod.spec?.hostname && { hostname: pod.spec.hostname }),
    ...(nodeName && { nodeName }),
    targetRef: { kind: "Pod", ...(namespace && { namespace }), name, ...(uid && { uid }) },
    ...(zone && { zone }),
  };
}

async function write(
  { client, clock }: ControllerContext,
  owner: KubernetesObject,
  ownerKind: Kind,
  managedBy: string,
  groups: readonly EndpointGroup[],
  existing: readonly EndpointSlice[],
): Promise<void> {
  const { name, namespace } = owner.metadata;
  const headless = managedBy === manager && isHeadless(owner as Service);
  const labels = {
    ...owner.metadata.labels,
    [managedByLabel]: managedBy,
    [serviceLabel]: name,
    ...(headless && { [headlessLabel]: "" }),
  };
  const annotations = { [triggerAnnotation]: timestamp(clock.now()) };
  const plan = planSlices(groups, existing, maxEndpointsPerSlice);
  const removed = [...plan.remove];
  for (const { addressType, ports, endpoints } of plan.create) {
    const spare = removed.findIndex((slice) => slice.addressType === addressType);
    const recycled = spare >= 0 ? removed.splice(spare, 1)[0] : undefined;
    // Empty lists are null where they come over the wire as Go sends them.
    const contents = {
      addressType,
      endpoints: endpoints.length > 0 ? [...endpoints] : (null as never),
      ports: ports.length > 0 ? [...ports] : (null as never),
    };
    if (recycled) {
      const metadata = {
        ...recycled.metadata,
        labels,
        annotations: { ...recycled.metadata.annotations, ...annotations },
      };
      await client.update(EndpointSlice, { ...recycled, ...contents, metadata }, { fieldManager });
      continue;
    }
    const metadata = {
      generateName: `${name}-`,
      ...(namespace && { namespace }),
      labels,
      annotations,
      ownerReferences: [controllerReference(ownerKind, owner)],
    } as unknown as EndpointSlice["metadata"];
    await client.create(
      EndpointSlice,
      { apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice", metadata, ...contents } as EndpointSlice,
      { fieldManager },
    );
  }
  const updated = new Set<EndpointSlice>();
  for (const { slice, endpoints } of plan.update) {
    updated.add(slice);
    const metadata = { ...slice.metadata, labels, annotations: { ...slice.metadata.annotations, ...annotations } };
    await client.update(EndpointSlice, { ...slice, metadata, endpoints: [...endpoints] }, { fieldManager });
  }
  for (const slice of existing) {
    if (updated.has(slice) || plan.remove.includes(slice) || stableJson(slice.metadata.labels) === stableJson(labels))
      continue;
    await client.update(EndpointSlice, { ...slice, metadata: { ...slice.metadata, labels } }, { fieldManager });
  }
  for (const slice of removed) await deleteExactly(client, EndpointSlice, slice);
}

/** Mirrors Endpoints that someone else keeps, of Services without selector, into EndpointSlices. */
export const endpointSliceMirroringController = (): Controller =>
  toleratingConflicts({
    name: "endpointslicemirroring-controller",
    watches: [
      mapped(Endpoints, (endpoints) => [keyOf(endpoints)]),
      mapped(Service, (service) => [keyOf(service)]),
      ofSlice,
    ],
    async reconcile(key, context) {
      const { cache, client } = context;
      const endpoints = cache.get(Endpoints, key);
      const service = cache.get(Service, key);
      const existing = slicesOf(context, key.namespace ?? "", key.name, mirrorManager);
      const mirrored =
        endpoints &&
        service &&
        Object.keys(service.spec?.selector ?? {}).length === 0 &&
        endpoints.metadata.labels?.[skipMirrorLabel] !== "true" &&
        endpoints.metadata.annotations?.["control-plane.alpha.kubernetes.io/leader"] === undefined;
      if (!mirrored) {
        for (const slice of existing) await deleteExactly(client, EndpointSlice, slice);
        return undefined;
      }
      const groups = (endpoints.subsets ?? []).map((subset): EndpointGroup => {
        const endpointsOf = (addresses: typeof subset.addresses, ready: boolean): Endpoint[] =>
          (addresses ?? []).map(({ ip, hostname, nodeName, targetRef }) => ({
            addresses: [ip],
            conditions: { ready },
            ...(hostname && { hostname }),
            ...(nodeName && { nodeName }),
            ...(targetRef && { targetRef }),
          }));
        const ports = (subset.ports ?? []).map((port) => ({
          ...port,
          name: port.name ?? "",
          protocol: port.protocol ?? "TCP",
        }));
        const all = [...endpointsOf(subset.addresses, true), ...endpointsOf(subset.notReadyAddresses, false)];
        return { addressType: all[0]?.addresses[0]?.includes(":") ? "IPv6" : "IPv4", ports, endpoints: all };
      });
      await write(context, endpoints, Endpoints as never, mirrorManager, groups, existing);
      return undefined;
    },
  });
