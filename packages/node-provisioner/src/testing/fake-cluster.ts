import type { KubernetesObject } from "@bellows/api";
import {
  type Clock,
  type Transport,
  type TransportRequest,
  type TransportResponse,
  timestamp,
  type WatchHandle,
  type WatchHandler,
} from "@bellows/kube";

interface Change {
  readonly version: number;
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly object: KubernetesObject;
  readonly collection: string;
}

type Json = Record<string, unknown>;

/**
 * As much of an API server as the controllers here need: objects with versions, finalizers and deletion, status by merge
 * patch, field selectors on a pod's node, evictions, watches, and faults on demand.
 */
export class FakeCluster implements Transport {
  readonly #clock: Clock;
  readonly #objects = new Map<string, KubernetesObject>();
  readonly #history: Change[] = [];
  readonly #watches = new Set<{ collection: string; handler: WatchHandler; from: number }>();
  #version = 0;
  /** Writes that were asked for, as `PATCH /apis/...`. */
  readonly writes: string[] = [];
  /** Answers instead of the server, or lets it answer by returning undefined. */
  intercept: (request: TransportRequest) => TransportResponse | undefined = () => undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async request(request: TransportRequest): Promise<TransportResponse> {
    if (request.method !== "GET") this.writes.push(`${request.method} ${request.path}`);
    return this.intercept(request) ?? this.#answer(request);
  }

  watch(request: TransportRequest, handler: WatchHandler): WatchHandle {
    const { collection } = parse(request.path);
    const watch = { collection, handler, from: Number(request.query?.resourceVersion ?? 0) };
    queueMicrotask(() => {
      this.#watches.add(watch);
      for (const change of this.#history) this.#send(watch, change);
    });
    return { stop: () => void this.#watches.delete(watch) };
  }

  #send(watch: { collection: string; handler: WatchHandler; from: number }, change: Change): void {
    if (change.collection !== watch.collection || change.version <= watch.from || !this.#watches.has(watch)) return;
    watch.from = change.version;
    watch.handler.event({ type: change.type, object: change.object });
  }

  #answer({ method, path, query = {}, body }: TransportRequest): TransportResponse {
    if (path === "/version") return ok({ major: "1", minor: "35" });
    const { collection, namespace, name, subresource } = parse(path);
    if (!name) {
      if (method === "GET") return this.#list(collection, query["fieldSelector"]);
      return this.#create(collection, namespace, body as KubernetesObject);
    }
    const id = idOf(collection, namespace, name);
    const known = this.#objects.get(id);
    if (!known) return failure(404, "NotFound", `${collection} "${name}" not found`);
    if (method === "GET") return ok(known);
    if (method === "DELETE" || subresource === "eviction") return this.#delete(id, collection, known);
    const patch = body as KubernetesObject;
    const wanted = patch.metadata?.resourceVersion;
    if (wanted && wanted !== known.metadata.resourceVersion) {
      return failure(409, "Conflict", "the object has been modified");
    }
    const merged = merge(known as unknown as Json, patch as unknown as Json) as unknown as KubernetesObject;
    const next = { ...merged, metadata: { ...merged.metadata, uid: known.metadata.uid ?? "" } };
    if (next.metadata.deletionTimestamp && !next.metadata.finalizers?.length) {
      this.#objects.delete(id);
      return ok(this.#happened(collection, "DELETED", next));
    }
    return ok(this.#store(id, collection, "MODIFIED", next));
  }

  #list(collection: string, fieldSelector: string | undefined): TransportResponse {
    const node = fieldSelector?.split("spec.nodeName=")[1];
    const items = [...this.#objects]
      .filter(([id]) => id.startsWith(`${collection}|`))
      .map(([, object]) => object)
      .filter((object) => node === undefined || (object as { spec?: { nodeName?: string } }).spec?.nodeName === node)
      .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
    return ok({ metadata: { resourceVersion: String(this.#version) }, items });
  }

  #create(collection: string, namespace: string | undefined, body: KubernetesObject): TransportResponse {
    const id = idOf(collection, namespace, body.metadata.name);
    if (this.#objects.has(id)) return failure(409, "AlreadyExists", `${body.metadata.name} already exists`);
    const metadata = {
      ...body.metadata,
      ...(namespace && { namespace }),
      uid: body.metadata.uid ?? `uid-${this.#version + 1}`,
      generation: 1,
      creationTimestamp: body.metadata.creationTimestamp ?? timestamp(this.#clock.now()),
    };
    return ok(this.#store(id, collection, "ADDED", { ...body, metadata }), 201);
  }

  #delete(id: string, collection: string, known: KubernetesObject): TransportResponse {
    if (known.metadata.finalizers?.length) {
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

  #happened(collection: string, type: Change["type"], object: KubernetesObject): KubernetesObject {
    const version = ++this.#version;
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
    const change = { version, type, object: stored, collection };
    this.#history.push(change);
    for (const watch of [...this.#watches]) this.#send(watch, change);
    return stored;
  }
}

const idOf = (collection: string, namespace: string | undefined, name: string): string =>
  `${collection}|${namespace ?? ""}/${name}`;

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
    else if (typeof value === "object" && !Array.isArray(value)) {
      result[key] = merge((result[key] as Json) ?? {}, value as Json);
    } else result[key] = value;
  }
  return result;
}

const ok = (body: unknown, status = 200): TransportResponse => ({ status, headers: {}, body });

/** An answer of refusal. */
export const failure = (code: number, reason: string, message: string): TransportResponse => ({
  status: code,
  headers: {},
  body: { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message, reason, code },
});
