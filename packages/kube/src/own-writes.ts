import type { Kind, KubernetesObject } from "@bellows/api";
import type { InformerCache } from "./cache.ts";
import type { Client, ObjectKey } from "./client.ts";
import type { Clock } from "./clock.ts";
import { parseApiVersion } from "./resource-path.ts";

/** Longest wait for own writes to come back; a watch that is down must not hold up the controller. */
const patienceMs = 2_000;

/** A client that remembers what was written through it, and can wait until the cache has it all. */
export interface OwnWrites {
  readonly client: Client;
  /** Resolves when the cache has seen every write so far, or at the latest after two seconds. */
  seen(): Promise<void>;
}

/**
 * Read-your-writes for a controller: what it wrote in one reconcile is in the cache before the next one reads, so that
 * it never acts twice on one cause.
 */
export function trackOwnWrites(client: Client, cache: InformerCache, clock: Clock): OwnWrites {
  let pending: (() => Promise<void>)[] = [];

  const wrote = <T extends KubernetesObject>(kind: GroupKind, object: T, options?: { dryRun?: boolean }): T => {
    const resourceVersion = object.metadata?.resourceVersion;
    if (resourceVersion && !options?.dryRun && cache.holds(kind, object)) {
      pending.push(async () => cache.find(kind)?.seen(resourceVersion));
    }
    return object;
  };

  /** For writes whose answer is not the object: waits until the cache has another state of it. */
  const changing = async <R>(
    kind: Kind,
    key: ObjectKey,
    options: { dryRun?: boolean } | undefined,
    write: () => Promise<R>,
  ): Promise<R> => {
    const informer = cache.find(kind);
    const before = informer?.get(key);
    const result = await write();
    const leaving = (before as KubernetesObject | undefined)?.metadata?.deletionTimestamp !== undefined;
    if (informer && before && !leaving && !options?.dryRun) pending.push(() => informer.changedFrom(key, before));
    return result;
  };

  const tracked: Client = {
    ...readsOf(client),
    create: async (kind, object, options) => wrote(kind, await client.create(kind, object, options), options),
    update: async (kind, object, options) => wrote(kind, await client.update(kind, object, options), options),
    patch: async (kind, key, patch, options) => wrote(kind, await client.patch(kind, key, patch, options), options),
    apply: async (kind, object, options) => wrote(kind, await client.apply(kind, object, options), options),
    delete: (kind, key, options) =>
      changing(kind as unknown as Kind, key, options, () => client.delete(kind, key, options)),
    createSub: (kind, key, subresource, body, options) => {
      const write = () => client.createSub<typeof body, never>(kind, key, subresource, body, options);
      return changesObject.has(subresource) ? changing(kind, key, options, write) : write();
    },
    updateScale: async (target, replicas, resourceVersion) =>
      wrote(
        { group: parseApiVersion(target.apiVersion).group, kind: target.kind },
        await client.updateScale(target, replicas, resourceVersion),
      ),
  };

  return {
    client: tracked,
    async seen() {
      if (pending.length === 0) return;
      const waits = pending;
      pending = [];
      const all = Promise.all(waits.map((wait) => wait()));
      const { promise: patience, resolve } = Promise.withResolvers<void>();
      const timer = clock.after(patienceMs, resolve);
      await Promise.race([all, patience]);
      timer.cancel();
    },
  };
}

interface GroupKind {
  readonly group: string;
  readonly kind: string;
}

/** Subresources whose POST changes the object but answers with something else. */
const changesObject: ReadonlySet<string> = new Set(["eviction", "binding"]);

/** What only reads is the client's own; a class with private fields needs its own `this`. */
const readsOf = (client: Client) => ({
  transport: client.transport,
  get: client.get.bind(client) as Client["get"],
  find: client.find.bind(client) as Client["find"],
  list: client.list.bind(client) as Client["list"],
  listAll: client.listAll.bind(client) as Client["listAll"],
  watch: client.watch.bind(client) as Client["watch"],
  deleteCollection: client.deleteCollection.bind(client) as Client["deleteCollection"],
  getScale: client.getScale.bind(client),
  resourceOf: client.resourceOf.bind(client),
  raw: client.raw.bind(client),
});
