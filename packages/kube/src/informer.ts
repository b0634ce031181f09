import type { Kind, KubernetesObject } from "@bellows/api";
import type { ObjectKey } from "./client.ts";

/** What is kept of an object: the least a controller needs. Must hold what `keyOf` needs unless the informer adds it. */
export interface InformerOptions<T extends KubernetesObject, P> {
  readonly kind: Kind<T>;
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Default: the object itself. */
  readonly project?: (object: T) => P;
  /** Named indexes: the values under which an item is found. */
  readonly indexes?: Readonly<Record<string, (item: P) => readonly string[]>>;
  /** Objects asked for at a time while listing, so that only so many whole ones are in memory; default 500. */
  readonly pageSize?: number;
}

export interface InformerHandler<P> {
  /** `before` is undefined for a new item, `after` for one that is gone. Never called twice for one version. */
  changed(key: ObjectKey, before: P | undefined, after: P | undefined): void;
}

/**
 * A cache of one kind kept current by list and watch. It lists again after 410 Gone and reconnects with back-off, and
 * turns what it missed into the same `changed` calls, so that a handler sees every difference exactly once.
 */
export interface Informer<P> {
  /** Resolves when the first list is in the cache. */
  start(): Promise<void>;
  stop(): void;
  readonly synced: boolean;
  get(key: ObjectKey): P | undefined;
  /** In the order in which they were first seen. */
  values(): Iterable<P>;
  readonly size: number;
  /** Items of one namespace, by an index that is made at the first call. */
  inNamespace(namespace: string): readonly P[];
  /** Items under `value` of the index `name`. */
  indexed(name: string, value: string): readonly P[];
  /** Handlers added after the start first get every item as new. */
  handle(handler: InformerHandler<P>): void;
  /** Resolves once the cache has seen this version or a later one (own writes are awaited, not slept for). */
  seen(resourceVersion: string): Promise<void>;
  /** Resolves once the item of `key` is no longer `item`: changed, or gone. */
  changedFrom(key: ObjectKey, item: P): Promise<void>;
}

/** The inverse of {@link keyText}. */
export function keyOfText(text: string): ObjectKey {
  const slash = text.indexOf("/");
  return slash < 0 ? { name: text } : { namespace: text.slice(0, slash), name: text.slice(slash + 1) };
}

/** The key of an object. */
export const keyOf = ({ metadata: { namespace, name } }: KubernetesObject): ObjectKey =>
  namespace ? { namespace, name } : { name };

/** `namespace/name`, or `name` where there is no namespace. */
export const keyText = (key: ObjectKey): string => (key.namespace ? `${key.namespace}/${key.name}` : key.name);
