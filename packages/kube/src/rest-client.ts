import type { Kind, KubernetesObject } from "@bellows/api";
import { Counter } from "prom-client";
import { type ApiError, apiErrorOf, apiErrorOfStatus, isGone, isNotFound } from "./api-error.ts";
import type {
  ApplyOptions,
  Client,
  DeleteOptions,
  ListOptions,
  ListPage,
  ObjectKey,
  Patch,
  ResourceInfo,
  Scale,
  ScaleTarget,
  WatchOptions,
  WriteOptions,
} from "./client.ts";
import { type Clock, sleep } from "./clock.ts";
import { Discovery } from "./discovery.ts";
import { deepFreeze } from "./frozen.ts";
import type { Metrics } from "./metrics.ts";
import { collectionPath, objectPath, type Resource, requireNamespace } from "./resource-path.ts";
import type { Transport, TransportRequest, WatchHandle } from "./transport.ts";

export interface ClientOptions {
  /** With a clock, a request that the server answers with `Retry-After` is tried again, up to 10 times. */
  readonly clock?: Clock;
  /** The field manager of writes that name none. */
  readonly fieldManager?: string;
  readonly userAgent?: string;
  /** Gets `rest_client_requests_total`. */
  readonly metrics?: Metrics;
  /** The `host` label of that metric. */
  readonly host?: string;
}

/** As many as client-go's `Request` makes. */
const maxRetries = 10;

const patchContentType: Readonly<Record<Patch["type"], string>> = {
  json: "application/json-patch+json",
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
};

/** The typed client over any transport. See {@link Client} for what it promises. */
export function createClient(transport: Transport, options: ClientOptions = {}): Client {
  return new RestClient(transport, options);
}

type Query = Record<string, string | undefined>;

class RestClient implements Client {
  readonly transport: Transport;
  readonly #options: ClientOptions;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #requests: Counter<"code" | "method" | "host"> | undefined;
  readonly #discovery = new Discovery((path) => this.raw(path));

  constructor(transport: Transport, options: ClientOptions) {
    this.transport = transport;
    this.#options = options;
    this.#headers = options.userAgent ? { "user-agent": options.userAgent } : {};
    this.#requests = options.metrics && requestsTotal(options.metrics);
  }

  async get<T extends KubernetesObject>(kind: Kind<T>, key: ObjectKey, subresource?: string): Promise<T> {
    return this.#send<T>({ method: "GET", path: objectPath(kind, key, subresource) });
  }

  async find<T extends KubernetesObject>(kind: Kind<T>, key: ObjectKey): Promise<T | undefined> {
    try {
      return await this.get(kind, key);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async list<T extends KubernetesObject>(kind: Kind<T>, options: ListOptions = {}): Promise<ListPage<T>> {
    const path = collectionPath(kind, options.namespace);
    const list = await this.#send<ListBody<T>>({ method: "GET", path, query: listQuery(options) });
    const { resourceVersion = "", continue: token, remainingItemCount } = list.metadata ?? {};
    return {
      items: (list.items ?? []).map((item) => named(kind, item)),
      resourceVersion,
      ...(token && { continue: token }),
      ...(remainingItemCount !== undefined && { remainingItemCount }),
    };
  }

  async listAll<T extends KubernetesObject>(kind: Kind<T>, options: ListOptions = {}): Promise<ListPage<T>> {
    const limit = options.limit ?? 500;
    const all = async (): Promise<ListPage<T>> => {
      const items: T[] = [];
      let page = await this.list(kind, { ...options, limit });
      for (;;) {
        for (const item of page.items) items.push(item);
        if (!page.continue) return { items, resourceVersion: page.resourceVersion };
        // A continue token stands for its resource version; naming one besides is refused.
        const { resourceVersion: _, resourceVersionMatch: __, ...selection } = options;
        page = await this.list(kind, { ...selection, limit, continue: page.continue });
      }
    };
    try {
      return await all();
    } catch (error) {
      if (!isGone(error)) throw error;
      return all();
    }
  }

  watch<T extends KubernetesObject>(kind: Kind<T>, { event, end, ...options }: WatchOptions): WatchHandle {
    const path = collectionPath(kind, options.namespace);
    const query = { ...listQuery(options), watch: "true", allowWatchBookmarks: "true" };
    let over = false;
    const finish = (error?: unknown) => {
      if (over) return;
      over = true;
      end(error);
    };
    const handle = this.transport.watch(
      { method: "GET", path, query, headers: this.#headers },
      {
        event: ({ type, object }) => {
          if (over) return;
          if (type === "ERROR") {
            const error = apiErrorOfStatus(object);
            // In a microtask, since `handle` may not be there yet.
            queueMicrotask(() => handle.stop());
            return finish(error);
          }
          if (type !== "BOOKMARK") return event({ type, object: deepFreeze(object as T) });
          const resourceVersion = (object as KubernetesObject).metadata.resourceVersion;
          if (resourceVersion) event({ type, resourceVersion });
        },
        end: finish,
      },
    );
    return {
      stop() {
        over = true;
        handle.stop();
      },
    };
  }

  async create<T extends KubernetesObject>(kind: Kind<T>, object: T, options: WriteOptions = {}): Promise<T> {
    const { namespace, name, generateName } = object.metadata;
    const path = options.subresource
      ? objectPath(kind, { namespace, name } as ObjectKey, options.subresource)
      : collectionPath(kind, requireNamespace(kind, namespace, name ?? generateName ?? ""));
    return this.#send<T>({ method: "POST", path, query: this.#writeQuery(options), body: named(kind, object) });
  }

  async update<T extends KubernetesObject>(kind: Kind<T>, object: T, options: WriteOptions = {}): Promise<T> {
    const path = objectPath(kind, object.metadata as ObjectKey, options.subresource);
    return this.#send<T>({ method: "PUT", path, query: this.#writeQuery(options), body: named(kind, object) });
  }

  async patch<T extends KubernetesObject>(
    kind: Kind<T>,
    key: ObjectKey,
    patch: Patch,
    options: WriteOptions = {},
  ): Promise<T> {
    return this.#send<T>({
      method: "PATCH",
      path: objectPath(kind, key, options.subresource),
      query: this.#writeQuery(options),
      headers: { "content-type": patchContentType[patch.type] },
      body: patch.body,
    });
  }

  async apply<T extends KubernetesObject>(kind: Kind<T>, object: T, options: ApplyOptions): Promise<T> {
    return this.#send<T>({
      method: "PATCH",
      path: objectPath(kind, object.metadata as ObjectKey, options.subresource),
      query: { ...this.#writeQuery(options), ...(options.force && { force: "true" }) },
      headers: { "content-type": "application/apply-patch+yaml" },
      body: named(kind, object),
    });
  }

  async delete<T extends KubernetesObject>(kind: Kind<T>, key: ObjectKey, options: DeleteOptions = {}): Promise<void> {
    await this.#send({ method: "DELETE", path: objectPath(kind, key), body: deleteBody(options) });
  }

  async deleteCollection<T extends KubernetesObject>(
    kind: Kind<T>,
    list: ListOptions,
    options: DeleteOptions = {},
  ): Promise<void> {
    const path = collectionPath(kind, list.namespace);
    await this.#send({ method: "DELETE", path, query: listQuery(list), body: deleteBody(options) });
  }

  async createSub<B, R = unknown>(
    kind: Kind,
    key: ObjectKey,
    subresource: string,
    body: B,
    options: WriteOptions = {},
  ): Promise<R> {
    const path = objectPath(kind, key, subresource);
    return this.#send<R>({ method: "POST", path, query: this.#writeQuery(options), body });
  }

  async getScale(target: ScaleTarget): Promise<Scale> {
    return this.#send<Scale>({ method: "GET", path: await this.#scalePath(target) });
  }

  async updateScale(target: ScaleTarget, replicas: number, resourceVersion?: string): Promise<Scale> {
    return this.#send<Scale>({
      method: "PATCH",
      path: await this.#scalePath(target),
      query: this.#writeQuery({}),
      headers: { "content-type": patchContentType.merge },
      body: { ...(resourceVersion && { metadata: { resourceVersion } }), spec: { replicas } },
    });
  }

  resourceOf(apiVersion: string, kind: string): Promise<ResourceInfo | undefined> {
    return this.#discovery.resourceOf(apiVersion, kind);
  }

  raw(path: string, query?: Record<string, string>): Promise<unknown> {
    return this.#answer({ method: "GET", path, ...(query && { query }) });
  }

  async #scalePath(target: ScaleTarget): Promise<string> {
    const found = await this.resourceOf(target.apiVersion, target.kind);
    if (!found) {
      throw apiErrorOfStatus({
        kind: "Status",
        status: "Failure",
        message: `no matches for kind ${JSON.stringify(target.kind)} in version ${JSON.stringify(target.apiVersion)}`,
        reason: "NotFound",
        code: 404,
      });
    }
    const resource: Resource = { ...found, scope: found.namespaced ? "Namespaced" : "Cluster" };
    return objectPath(resource, target, "scale");
  }

  #writeQuery({ fieldManager = this.#options.fieldManager, dryRun, fieldValidation }: WriteOptions): Query {
    return {
      ...(fieldManager && { fieldManager }),
      ...(dryRun && { dryRun: "All" }),
      ...(fieldValidation && { fieldValidation }),
    };
  }

  async #send<R>(request: TransportRequest): Promise<R> {
    return deepFreeze(await this.#answer(request)) as R;
  }

  async #answer(request: TransportRequest): Promise<unknown> {
    const { clock, host = "" } = this.#options;
    const headers = request.headers ? { ...this.#headers, ...request.headers } : this.#headers;
    for (let attempt = 0; ; attempt++) {
      const response = await this.transport.request({ ...request, headers }).catch((error: unknown) => {
        this.#requests?.inc({ code: "<error>", method: request.method, host });
        throw error;
      });
      this.#requests?.inc({ code: String(response.status), method: request.method, host });
      if (response.status < 400) return response.body;
      const error = apiErrorOf(response);
      if (!clock || attempt >= maxRetries || !mayRetry(error, response.headers)) throw error;
      await sleep(clock, (error.retryAfterSeconds ?? 1) * 1000, request.signal);
      if (request.signal?.aborted) throw error;
    }
  }
}

/** The header, not the Status, asks for another try: an eviction that a budget refuses has none. */
const mayRetry = ({ code }: ApiError, headers: Readonly<Record<string, string>>) =>
  (code === 429 || code >= 500) && headers["retry-after"] !== undefined;

interface ListBody<T> {
  readonly metadata?: { resourceVersion?: string; continue?: string; remainingItemCount?: number };
  readonly items?: readonly T[];
}

/** Items of a list leave out apiVersion and kind; whoever reads them (an Event, an apply) needs both. */
function named<T extends KubernetesObject>({ apiVersion, kind }: Kind<T>, object: T): T {
  if (object.kind && object.apiVersion) return object;
  return Object.freeze({ apiVersion, kind, ...object });
}

function listQuery(options: ListOptions): Query {
  const { labelSelector, fieldSelector, limit, resourceVersion, resourceVersionMatch } = options;
  return {
    ...(labelSelector && { labelSelector }),
    ...(fieldSelector && { fieldSelector }),
    ...(limit && { limit: String(limit) }),
    ...(options.continue && { continue: options.continue }),
    ...(resourceVersion && { resourceVersion }),
    ...(resourceVersionMatch && { resourceVersionMatch }),
  };
}

function deleteBody({ dryRun, ...options }: DeleteOptions): object {
  return { kind: "DeleteOptions", apiVersion: "v1", ...options, ...(dryRun && { dryRun: ["All"] }) };
}

function requestsTotal(metrics: Metrics): Counter<"code" | "method" | "host"> {
  const name = "rest_client_requests_total";
  const known = metrics.getSingleMetric(name) as Counter<"code" | "method" | "host"> | undefined;
  if (known) return known;
  const help = "Number of HTTP requests, partitioned by status code, method, and host.";
  return new Counter({ name, help, labelNames: ["code", "method", "host"], registers: [metrics] });
}
