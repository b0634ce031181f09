import type { Kind, KubernetesObject } from "@bellows/api";
import { apiErrorOf } from "../api-error.ts";
import type { Clock } from "../clock.ts";
import { compareResourceVersions } from "../resource-version.ts";
import { timestamp } from "../timestamp.ts";
import type {
  Transport,
  TransportRequest,
  TransportResponse,
  TransportWatchEvent,
  WatchHandle,
  WatchHandler,
} from "../transport.ts";
import { TransportError } from "../transport.ts";

interface Change {
  readonly resourceVersion: string;
  readonly event: TransportWatchEvent;
  readonly collection: string;
  readonly namespace: string | undefined;
}

interface OpenWatch {
  readonly collection: string;
  readonly namespace: string | undefined;
  readonly handler: WatchHandler;
  from: string;
}

type Json = Record<string, unknown>;
type OnNode = KubernetesObject & { readonly spec?: { readonly nodeName?: string } };

/** A kind for tests, without a schema. */
export function aKind<T extends KubernetesObject = KubernetesObject>(
  kind: string,
  { group = "", scope = "Namespaced" }: { group?: string; scope?: "Namespaced" | "Cluster" } = {},
): Kind<T> {
  const plural = `${kind.toLowerCase()}s`;
  return { group, version: "v1", kind, plural, scope, apiVersion: group ? `${group}/v1` : "v1" } as unknown as Kind<T>;
}

/**
 * As much of an API server as tests of clients and controllers need: any resource, optimistic locking, merge patches,
 * paged lists of the current state, watches by resource version, evictions, and faults on demand. With a clock objects
 * have times and a generation, and their finalizers keep them.
 */
export class FakeApiServer implements Transport {
  readonly #clock: Clock | undefined;
  readonly #objects = new Map<string, KubernetesObject>();
  #history: Change[] = [];
  #expiredUpTo = "0";
  #version = 0;
  #watches = new Set<OpenWatch>();
  /** Every request, in order. */
  readonly requests: TransportRequest[] = [];
  /** Answers instead of the server, or lets it answer by returning undefined. */
  intercept: (request: TransportRequest) => Promise<TransportResponse | undefined> | TransportResponse | undefined =
    () => undefined;
  /** While true no answer comes. */
  down = false;

  constructor(clock?: Clock) {
    this.#clock = clock;
  }

  get resourceVersion(): string {
    return String(this.#version);
  }

  get openWatches(): number {
    return this.#watches.size;
  }

  async request(request: TransportRequest): Promise<TransportResponse> {
    this.requests.push(request);
    if (this.down) throw new TransportError("connection refused");
    const instead = await this.intercept(request);
    if (instead) return instead;
    if (this.down) throw new TransportError("connection refused");
    return this.#answer(request);
  }

  watch(request: TransportRequest, handler: WatchHandler): WatchHandle {
    this.requests.push(request);
    const { collection, namespace } = parse(request.path);
    const watch: OpenWatch = { collection, namespace, handler, from: request.query?.resourceVersion ?? "0" };
    queueMicrotask(() => {
      if (this.down) return handler.end(new TransportError("connection refused"));
      if (compareResourceVersions(watch.from, this.#expiredUpTo) < 0) {
        return handler.end(apiErrorOf(failure(410, "Expired", "too old resource version")));
      }
      this.#watches.add(watch);
      for (const change of this.#history) this.#send(watch, change);
    });
    return { stop: () => void this.#watches.delete(watch) };
  }

  /** Breaks every watch; with `error` as a lost connection, without as the server's own time-out. */
  dropWatches(error?: unknown): void {
    for (const watch of [...this.#watches]) {
      this.#watches.delete(watch);
      watch.handler.end(error);
    }
  }

  /** Forgets what has happened: a watch from before is refused with 410. */
  expireHistory(): void {
    this.#history = [];
    this.#expiredUpTo = String(this.#version);
  }

  bookmark(): void {
    const object = { metadata: { resourceVersion: this.resourceVersion } };
    for (const watch of this.#watches) watch.handler.event({ type: "BOOKMARK", object });
  }

  /** Raises the version, as a change of something else does. */
  skipVersions(count: number): void {
    this.#version += count;
  }

  objects<T extends KubernetesObject>(kind: Kind<T>): T[] {
    const base = kind.group ? `/apis/${kind.group}/${kind.version}` : `/api/${kind.version}`;
    return [...this.#objects]
      .filter(([id]) => id.startsWith(`${base}/${kind.plural}|`))
      .map(([, object]) => object as T);
  }

  #send(watch: OpenWatch, change: Change): void {
    if (change.collection !== watch.collection || !this.#watches.has(watch)) return;
    if (watch.namespace && watch.namespace !== change.namespace) return;
    if (compareResourceVersions(change.resourceVersion, watch.from) <= 0) return;
    watch.from = change.resourceVersion;
    watch.handler.event(change.event);
  }

  #answer({ method, path, query = {}, body }: TransportRequest): TransportResponse {
    if (path === "/version") return ok({ major: "1", minor: "35" });
    const { collection, namespace, name, subresource } = parse(path);
    if (!name && method === "GET") return this.#list(collection, namespace, query);
    if (!name) return this.#create(collection, namespace, body as KubernetesObject);
    const id = `${collection}|${namespace ?? ""}/${name}`;
    const known = this.#objects.get(id);
    if (!known) return failure(404, "NotFound", `${collection} "${name}" not found`);
    if (method === "GET") return ok(known);
    if (method === "POST" && subresource === "eviction") return this.#delete(id, collection, known);
    if (method === "DELETE") return this.#delete(id, collection, known);
    const wanted = (body as KubernetesObject).metadata?.resourceVersion;
    if (wanted && wanted !== known.metadata.resourceVersion)
      return failure(409, "Conflict", "the object has been modified");
    const next =
      method === "PUT"
        ? (body as KubernetesObject)
        : (merge(known as unknown as Json, body as Json) as unknown as KubernetesObject);
    const stored = { ...next, metadata: { ...next.metadata, uid: known.metadata.uid ?? "" } };
    if (stored.metadata.deletionTimestamp && !stored.metadata.finalizers?.length) {
      this.#objects.delete(id);
      return ok(this.#happened(collection, "DELETED", stored));
    }
    return ok(this.#store(id, collection, "MODIFIED", stored));
  }

  #create(collection: string, namespace: string | undefined, body: KubernetesObject): TransportResponse {
    const id = `${collection}|${namespace ?? ""}/${body.metadata.name}`;
    if (this.#objects.has(id)) return failure(409, "AlreadyExists", `${body.metadata.name} already exists`);
    const metadata = {
      ...(this.#clock && { generation: 1, creationTimestamp: timestamp(this.#clock.now()) }),
      uid: `uid-${this.#version + 1}`,
      ...body.metadata,
      ...(namespace && { namespace }),
    };
    return ok(this.#store(id, collection, "ADDED", { ...body, metadata }), 201);
  }

  #delete(id: string, collection: string, known: KubernetesObject): TransportResponse {
    if (this.#clock && known.metadata.finalizers?.length) {
      if (known.metadata.deletionTimestamp) return ok(known);
      const metadata = { ...known.metadata, deletionTimestamp: timestamp(this.#clock.now()) };
      return ok(this.#store(id, collection, "MODIFIED", { ...known, metadata }));
    }
    this.#objects.delete(id);
    this.#happened(collection, "DELETED", known);
    return ok({ kind: "Status", apiVersion: "v1", metadata: {}, status: "Success" });
  }

  #store(id: string, collection: string, type: "ADDED" | "MODIFIED", object: KubernetesObject): KubernetesObject {
    const stored = this.#happened(collection, type, object);
    this.#objects.set(id, stored);
    return stored;
  }

  #happened(collection: string, type: "ADDED" | "MODIFIED" | "DELETED", object: KubernetesObject): KubernetesObject {
    const resourceVersion = String(++this.#version);
    const stored = Object.freeze({ ...object, metadata: Object.freeze({ ...object.metadata, resourceVersion }) });
    const change = {
      resourceVersion,
      event: { type, object: stored },
      collection,
      namespace: object.metadata.namespace,
    };
    this.#history.push(change);
    for (const watch of [...this.#watches]) this.#send(watch, change);
    return stored;
  }

  #list(
    collection: string,
    namespace: string | undefined,
    query: Readonly<Record<string, string | undefined>>,
  ): TransportResponse {
    const [at = "", ...id] = query.continue?.split("|") ?? [this.resourceVersion];
    const after = id.join("|");
    if (query.continue && compareResourceVersions(at, this.#expiredUpTo) < 0) {
      return failure(410, "Expired", "The provided continue parameter is too old");
    }
    const nodeName = query.fieldSelector?.split("spec.nodeName=")[1];
    // A continued list shows the state of its first page, as etcd does.
    const all = [...this.#stateAt(at)]
      .filter(([id]) => id.startsWith(`${collection}|`))
      .filter(([, object]) => !namespace || object.metadata.namespace === namespace)
      .filter(([, object]) => nodeName === undefined || (object as OnNode).spec?.nodeName === nodeName)
      .filter(([id]) => id > after)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    const page = all.slice(0, query.limit ? Number(query.limit) : undefined);
    const more = page.length < all.length && `${at}|${page.at(-1)?.[0]}`;
    const metadata = { resourceVersion: at, ...(more && { continue: more }) };
    // Like a real one: items of a list do not say what they are.
    const items = page.map(([, { apiVersion: _, kind: __, ...rest }]) => rest);
    return ok({ kind: "List", metadata, items });
  }

  #stateAt(version: string): Map<string, KubernetesObject> {
    if (version === this.resourceVersion) return this.#objects;
    const state = new Map(this.#objects);
    for (const change of this.#history.toReversed()) {
      if (compareResourceVersions(change.resourceVersion, version) <= 0) break;
      const object = change.event.object as KubernetesObject;
      const id = `${change.collection}|${object.metadata.namespace ?? ""}/${object.metadata.name}`;
      const before = this.#history.findLast(
        (other) =>
          compareResourceVersions(other.resourceVersion, change.resourceVersion) < 0 &&
          `${other.collection}|${other.namespace ?? ""}/${(other.event.object as KubernetesObject).metadata.name}` ===
            id,
      );
      if (!before || before.event.type === "DELETED") state.delete(id);
      else state.set(id, before.event.object as KubernetesObject);
    }
    return state;
  }
}

function parse(path: string): { collection: string; namespace?: string; name?: string; subresource?: string } {
  const parts = path.slice(1).split("/").map(decodeURIComponent);
  const base = parts.splice(0, parts[0] === "api" ? 2 : 3);
  const namespace = parts[0] === "namespaces" && parts.length > 2 ? parts.splice(0, 2)[1] : undefined;
  const [plural = "", name, subresource] = parts;
  return {
    collection: `/${base.join("/")}/${plural}`,
    ...(namespace && { namespace }),
    ...(name && { name }),
    ...(subresource && { subresource }),
  };
}

function merge(target: Json, patch: Json): Json {
  const result: Json = { ...target };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else if (typeof value === "object" && !Array.isArray(value))
      result[key] = merge((result[key] as Json) ?? {}, value as Json);
    else result[key] = value;
  }
  return result;
}

const ok = (body: unknown, status = 200): TransportResponse => ({ status, headers: {}, body });

export const failure = (
  code: number,
  reason: string,
  message: string,
  headers: Record<string, string> = {},
): TransportResponse => ({
  status: code,
  headers,
  body: { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message, reason, code },
});
