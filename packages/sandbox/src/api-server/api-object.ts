import type { ObjectMeta } from "@bellows/api";

/** An object of any kind, as the API server handles it. Whatever comes out of the store is deeply frozen. */
export interface ApiObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Readonly<ObjectMeta>;
  readonly [field: string]: unknown;
}

/** `namespace/name`, or `name` for what is in no namespace: the order of etcd's keys within a resource. */
export const storeKey = (namespace: string | undefined, name: string): string =>
  namespace ? `${namespace}/${name}` : name;

/** The object with some of its metadata replaced; `undefined` removes a field. */
export function withMetadata(object: ApiObject, changes: Partial<ObjectMeta>): ApiObject {
  const metadata: Record<string, unknown> = { ...object.metadata, ...changes };
  for (const key in changes) if (metadata[key] === undefined) delete metadata[key];
  return { ...object, metadata: metadata as unknown as ObjectMeta };
}

/** The object with top-level fields replaced; `undefined` removes a field. */
export function withFields(object: ApiObject, changes: Record<string, unknown>): ApiObject {
  const result: Record<string, unknown> = { ...object, ...changes };
  for (const key in changes) if (result[key] === undefined) delete result[key];
  return result as unknown as ApiObject;
}

/** A JSON object, or an empty one where the value is none. */
export const record = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
