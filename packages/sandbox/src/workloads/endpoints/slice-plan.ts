import { type Endpoint, type EndpointSlice, stableJson } from "@bellows/api";
import type { ResolvedPort } from "./service-pods.ts";

/** Endpoints that share their ports and family of addresses. */
export interface EndpointGroup {
  readonly addressType: "IPv4" | "IPv6";
  readonly ports: readonly ResolvedPort[];
  readonly endpoints: readonly Endpoint[];
}

export interface SlicePlan {
  readonly create: readonly EndpointGroup[];
  readonly update: readonly { readonly slice: EndpointSlice; readonly endpoints: readonly Endpoint[] }[];
  readonly remove: readonly EndpointSlice[];
}

const idOf = ({ addressType, ports }: Pick<EndpointGroup, "addressType" | "ports">) => stableJson([addressType, ports]);
const keyOfEndpoint = ({ targetRef, addresses }: Endpoint) => targetRef?.uid ?? addresses.join();

/**
 * Fits endpoints into slices with the fewest changes: what is in a slice stays there, slices with changes are filled up
 * first, and what is left goes to new slices of `maxPerSlice`.
 */
export function planSlices(
  groups: readonly EndpointGroup[],
  existing: readonly EndpointSlice[],
  maxPerSlice: number,
): SlicePlan {
  const create: EndpointGroup[] = [];
  const update: { slice: EndpointSlice; endpoints: Endpoint[] }[] = [];
  const remove: EndpointSlice[] = [];
  const byGroup = new Map<string, EndpointSlice[]>();
  for (const slice of existing) {
    const ports = (slice.ports ?? []).map((port) => ({ ...port, name: port.name ?? "" })) as ResolvedPort[];
    const id = idOf({ addressType: slice.addressType as "IPv4", ports });
    const same = byGroup.get(id);
    if (same) same.push(slice);
    else byGroup.set(id, [slice]);
  }
  for (const group of groups) {
    const id = idOf(group);
    const slices = byGroup.get(id) ?? [];
    byGroup.delete(id);
    const wanted = new Map(group.endpoints.map((endpoint) => [keyOfEndpoint(endpoint), endpoint]));
    const kept = slices.map((slice) => {
      const endpoints: Endpoint[] = [];
      let changed = false;
      for (const endpoint of slice.endpoints ?? []) {
        const now = wanted.get(keyOfEndpoint(endpoint));
        wanted.delete(keyOfEndpoint(endpoint));
        if (now) endpoints.push(now);
        if (!now || stableJson(now) !== stableJson(endpoint)) changed = true;
      }
      return { slice, endpoints, changed };
    });
    const left = [...wanted.values()];
    const room = [...kept.filter(({ changed }) => changed), ...kept.filter(({ changed }) => !changed)];
    for (const entry of room) {
      const space = maxPerSlice - entry.endpoints.length;
      const added = left.splice(0, Math.max(0, space));
      entry.endpoints.push(...added);
      if (added.length > 0) entry.changed = true;
    }
    for (let start = 0; start < left.length; start += maxPerSlice) {
      create.push({ ...group, endpoints: left.slice(start, start + maxPerSlice) });
    }
    // A Service without endpoints has a slice all the same, to say just that.
    if (kept.length === 0 && group.endpoints.length === 0) create.push(group);
    let spare = kept.filter(({ endpoints }) => endpoints.length > 0).length + (left.length > 0 ? 1 : 0);
    for (const { slice, endpoints, changed } of kept) {
      // One slice stays where a Service has no endpoints, to say just that.
      if (endpoints.length === 0 && spare > 0) remove.push(slice);
      else if (changed) update.push({ slice, endpoints });
      if (endpoints.length === 0 && spare === 0) spare = 1;
    }
  }
  for (const slices of byGroup.values()) remove.push(...slices);
  return { create, update, remove };
}
