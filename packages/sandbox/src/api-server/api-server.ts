import type { Clock, Logger, Random } from "@bellows/kube";
import { silentLogger } from "@bellows/kube";
import { type ApiRequest, type ApiResponse, failure, ok } from "./api-request.ts";
import { builtinServedResources } from "./builtin-resources.ts";
import { type RequestInfo, requestInfo } from "./request-info.ts";
import { ResourceRegistry } from "./resource-registry.ts";
import { noAdmission } from "./rest/admission-hook.ts";
import { deleteCollection, deletedStatus, deleteObject } from "./rest/delete.ts";
import { noFieldTracking } from "./rest/field-tracking.ts";
import { patch } from "./rest/patch.ts";
import { get, list } from "./rest/read.ts";
import { type RequestScope, requestScope } from "./rest/request-scope.ts";
import { watch } from "./rest/watch.ts";
import { createObject, decodeBody, updateObject } from "./rest/write-object.ts";
import type { ServerParts } from "./server-parts.ts";
import { StatusError } from "./status-error.ts";
import { Store } from "./store.ts";
import { noPodStreams } from "./subresources/pod-streams.ts";

export interface ApiServerOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log?: Logger;
  /** Changes that each resource remembers for watches. */
  readonly historyCapacity?: number;
}

/** An embedded Kubernetes API server: everything but the network. */
export class ApiServer {
  readonly #parts: ServerParts;

  constructor(options: ApiServerOptions) {
    const store = new Store(options.historyCapacity === undefined ? {} : { historyCapacity: options.historyCapacity });
    const registry = new ResourceRegistry();
    for (const resource of builtinServedResources(store)) registry.add(resource);
    this.#parts = {
      clock: options.clock,
      random: options.random,
      log: options.log ?? silentLogger,
      store,
      registry,
      admission: noAdmission,
      fieldTracking: noFieldTracking,
      podStreams: noPodStreams,
    };
  }

  /** Answers any request; never rejects. */
  async handle(request: ApiRequest): Promise<ApiResponse> {
    try {
      const info = requestInfo(request.method, request.path, request.query.flag("watch"));
      return await this.#dispatch(request, info);
    } catch (error) {
      if (error instanceof StatusError) return failure(error.status);
      this.#parts.log.error("request failed", { method: request.method, path: request.path, error });
      const message = error instanceof Error ? error.message : String(error);
      return failure(new StatusError(500, "InternalError", `Internal error occurred: ${message}`, { causes: [{ message }] }).status);
    }
  }

  async #dispatch(request: ApiRequest, info: RequestInfo): Promise<ApiResponse> {
    if (!info.isResource) throw pathNotFound();
    const resource = this.#parts.registry.find(info.group, info.version, info.resource);
    if (!resource) throw pathNotFound();
    const scope = requestScope(this.#parts, request, info, resource);
    const response = await answer(scope);
    return scope.warnings.length > 0 ? { ...response, headers: { ...response.headers, ...warningHeaders(scope.warnings) } } : response;
  }
}

async function answer(scope: RequestScope): Promise<ApiResponse> {
  const { info, resource, request } = scope;
  if (info.subresource !== undefined && info.subresource !== "status") throw pathNotFound();
  switch (info.verb) {
    case "get":
      return ok(get(scope));
    case "list":
      return ok(list(scope));
    case "watch":
      return { ...ok(undefined), watch: watch(scope) };
    case "create":
      return ok(await createObject(scope, decodeBody(scope, request.body)), 201);
    case "update":
      return ok(
        await updateObject(scope, { subresource: info.subresource, change: () => decodeBody(scope, request.body) }),
      );
    case "patch":
      return ok(await patch(scope, info.subresource));
    case "delete": {
      const { gone, object } = await deleteObject(scope);
      return ok(gone && !resource.strategy.returnsDeleted ? deletedStatus(resource, object) : object);
    }
    case "deletecollection":
      return ok(await deleteCollection(scope));
    default:
      throw new StatusError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource");
  }
}

const pathNotFound = () => new StatusError(404, "NotFound", "the server could not find the requested resource");

const warningHeaders = (warnings: readonly string[]) => ({
  warning: warnings.map((warning) => `299 - ${JSON.stringify(warning)}`).join(", "),
});
