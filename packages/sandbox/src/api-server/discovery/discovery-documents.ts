import { createHash } from "node:crypto";
import { apiVersionOf, type ServedResource, type SubresourceDescription } from "../resource.ts";
import type { ResourceRegistry, ServedGroup } from "../resource-registry.ts";

/** Group versions that other servers answer for, as their discovery lists them. */
export interface RemoteGroupVersion {
  readonly group: string;
  readonly version: string;
  /** apidiscovery.k8s.io/v2 APIResourceDiscovery; empty where the server could not be asked. */
  readonly resources: readonly unknown[];
  readonly fresh: boolean;
}

/** A document with its entity tag, made once for each state of the registry. */
export interface DiscoveryDocument {
  readonly body: unknown;
  readonly etag: string;
}

const aggregatedType = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/** Whether an `Accept` header wants everything in one document; kubectl 1.27 and later does. */
export const wantsAggregated = (accept: string | undefined): boolean =>
  accept?.replaceAll(" ", "").includes("g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList") ?? false;

export const aggregatedContentType = aggregatedType;

/** /api as legacy discovery. */
export const coreVersions = (address: string) => ({
  kind: "APIVersions",
  versions: ["v1"],
  serverAddressByClientCIDRs: [{ clientCIDR: "0.0.0.0/0", serverAddress: address }],
});

/** /apis as legacy discovery. */
export const groupList = (groups: readonly ServedGroup[]) => ({
  kind: "APIGroupList",
  apiVersion: "v1",
  groups: groups.map(({ name, versions }) => ({ name, ...groupVersions(name, versions) })),
});

/** /apis/GROUP. */
export const groupDocument = ({ name, versions }: ServedGroup) => ({
  kind: "APIGroup",
  apiVersion: "v1",
  name,
  ...groupVersions(name, versions),
});

function groupVersions(name: string, versions: readonly string[]) {
  const all = versions.map((version) => ({ groupVersion: apiVersionOf(name, version), version }));
  return { versions: all, preferredVersion: all[0] };
}

/** /api/v1 and /apis/GROUP/VERSION. */
export const resourceList = (groupVersion: string, resources: readonly ServedResource[]) => ({
  kind: "APIResourceList",
  // The oldest list has no version of its own.
  ...(groupVersion !== "v1" && { apiVersion: "v1" }),
  groupVersion,
  resources: resources.flatMap((resource) => [
    {
      name: resource.plural,
      singularName: resource.singular,
      namespaced: resource.namespaced,
      kind: resource.kind,
      verbs: resource.verbs,
      ...(resource.shortNames.length > 0 && { shortNames: resource.shortNames }),
      ...(resource.categories.length > 0 && { categories: resource.categories }),
      ...(resource.storageVersionHash && { storageVersionHash: resource.storageVersionHash }),
    },
    ...resource.subresources.map((subresource) => ({
      name: `${resource.plural}/${subresource.name}`,
      singularName: "",
      namespaced: resource.namespaced,
      ...foreign(resource, subresource),
      kind: subresource.kind,
      verbs: subresource.verbs,
    })),
  ]),
});

/** The group version of a subresource's kind, where it is not the resource's own. */
function foreign(resource: ServedResource, { group, version }: SubresourceDescription) {
  if (group === undefined || version === undefined) return {};
  return group === resource.group && version === resource.version ? {} : { group, version };
}

/** /api or /apis in one document, apidiscovery.k8s.io/v2. */
export function aggregated(
  registry: ResourceRegistry,
  groups: readonly ServedGroup[],
  remote: readonly RemoteGroupVersion[],
): unknown {
  return {
    kind: "APIGroupDiscoveryList",
    apiVersion: "apidiscovery.k8s.io/v2",
    metadata: {},
    items: groups.map(({ name, versions }) => ({
      metadata: name ? { name } : {},
      versions: versions.map((version) => {
        const elsewhere = remote.find((one) => one.group === name && one.version === version);
        return {
          version,
          ...(elsewhere
            ? { resources: elsewhere.resources }
            : { resources: registry.resources(name, version).map(resourceDiscovery) }),
          freshness: elsewhere && !elsewhere.fresh ? "Stale" : "Current",
        };
      }),
    })),
  };
}

/** Built-in kinds leave group and version empty where they are those of the resource, as kube-apiserver does. */
function resourceDiscovery(resource: ServedResource) {
  const responseKind = resource.custom
    ? { group: resource.group, version: resource.version, kind: resource.kind }
    : { group: "", version: "", kind: resource.kind };
  return {
    resource: resource.plural,
    responseKind,
    scope: resource.namespaced ? "Namespaced" : "Cluster",
    singularResource: resource.singular,
    verbs: resource.verbs,
    ...(resource.shortNames.length > 0 && { shortNames: resource.shortNames }),
    ...(resource.categories.length > 0 && { categories: resource.categories }),
    ...(resource.subresources.length > 0 && {
      subresources: resource.subresources.map((subresource) => {
        const other = foreign(resource, subresource);
        return {
          subresource: subresource.name,
          responseKind: { ...responseKind, ...other, kind: subresource.kind },
          verbs: subresource.verbs,
        };
      }),
    }),
  };
}

/** The tag of a document: the digest of its text, as kube-apiserver makes it. */
export const etagOf = (body: unknown): string =>
  `"${createHash("sha512").update(JSON.stringify(body)).digest("hex").toUpperCase()}"`;
