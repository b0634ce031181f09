import type { ObjectKey } from "./client.ts";

/** What the URL of a resource is made of; every `Kind` has it. */
export interface Resource {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly scope: "Namespaced" | "Cluster";
}

/** `/api/v1`, or `/apis/apps/v1`. */
export const groupVersionPath = (group: string, version: string): string =>
  group ? `/apis/${group}/${version}` : `/api/${version}`;

/** `""` and `v1` of `v1`; `apps` and `v1` of `apps/v1`. */
export function parseApiVersion(apiVersion: string): { group: string; version: string } {
  const slash = apiVersion.indexOf("/");
  return slash < 0
    ? { group: "", version: apiVersion }
    : { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
}

/** The path of a collection. Without a namespace, that of all namespaces (or of a cluster-scoped kind). */
export function collectionPath(resource: Resource, namespace?: string): string {
  const base = groupVersionPath(resource.group, resource.version);
  if (!namespace || resource.scope === "Cluster") return `${base}/${resource.plural}`;
  return `${base}/namespaces/${encodeURIComponent(namespace)}/${resource.plural}`;
}

/** The path of one object, or of a subresource of it. Throws where a part that the URL needs is missing. */
export function objectPath(resource: Resource, { namespace, name }: ObjectKey, subresource?: string): string {
  if (!name) throw new TypeError(`${resource.kind}: no name, expected the name of an object`);
  const path = `${collectionPath(resource, requireNamespace(resource, namespace, name))}/${encodeURIComponent(name)}`;
  return subresource ? `${path}/${subresource}` : path;
}

/** The namespace that a URL of this resource needs; undefined for cluster-scoped kinds. */
export function requireNamespace(resource: Resource, namespace: string | undefined, name: string): string | undefined {
  if (resource.scope === "Cluster") return undefined;
  if (!namespace) throw new TypeError(`${resource.kind} ${JSON.stringify(name)}: no namespace, expected one`);
  return namespace;
}
