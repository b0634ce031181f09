import { type Clock, type Logger, type Random, randomUuid, silentLogger } from "@bellows/kube";
import { TokenError, verifyServiceAccountToken } from "./access/access.ts";
import { clusterAdmission, storeWorld } from "./admission/admission.ts";
import type { ApiHandler, Forward } from "./aggregation/aggregation.ts";
import { storeKey } from "./api-object.ts";
import { type ApiRequest, type ApiResponse, failure, type UserInfo } from "./api-request.ts";
import { ApiServices } from "./api-services.ts";
import { builtinServedResources } from "./builtin-resources.ts";
import { checkAccess, clusterAccess } from "./cluster-access.ts";
import type { ConvertObject } from "./custom-resources/converted-objects.ts";
import { DefinitionWatcher } from "./definition-watcher.ts";
import { Discovery } from "./discovery/discovery.ts";
import { EventExpiry } from "./event-expiry.ts";
import { impersonated } from "./impersonation.ts";
import { NonResourcePaths } from "./non-resource-paths.ts";
import { OpenApiPaths } from "./openapi-paths.ts";
import type { SavedState } from "./persistence/saved-state.ts";
import { type RequestInfo, requestInfo } from "./request-info.ts";
import { ResourceRegistry } from "./resource-registry.ts";
import { notFoundPage, pathNotFound } from "./rest/refusals.ts";
import { requestScope } from "./rest/request-scope.ts";
import { answerResource } from "./rest/resource-requests.ts";
import type { ServerParts } from "./server-parts.ts";
import { serviceResolver } from "./service-target.ts";
import { StatusError } from "./status-error.ts";
import { type Journal, Store } from "./store.ts";
import { noPodStreams, type PodStreams } from "./subresources/pod-streams.ts";
import { ephemeralTokenKey, type TokenKey } from "./token-key.ts";
import { type CallWebhook, type Post, type WebhookHandler, webhookCaller } from "./webhook-client.ts";

export interface ApiServerOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log?: Logger;
  /** Changes that each resource remembers for watches. */
  readonly historyCapacity?: number;
  /** Who a bearer token that is no service account's belongs to, for TokenReviews. */
  readonly authenticate?: (token: string) => UserInfo | undefined;
  /** Signs tokens of service accounts; made afresh where it is not given. */
  readonly tokenKey?: TokenKey;
  /** Without it webhooks and other API servers are not reached: calling one fails. */
  readonly network?: Network;
  /** What stands in this process for the conversion webhooks of custom resources, by API group. */
  readonly conversions?: Readonly<Record<string, ConvertObject>>;
  /** Objects to begin with, as they were saved. */
  readonly saved?: SavedState;
  /** Where changes are written down. */
  readonly journal?: Journal;
}

/** How what is outside this process is reached. */
export interface Network {
  /** Reaches webhooks. */
  readonly post: Post;
  /** Reaches the servers of APIServices that no handler in this process was registered for. */
  readonly forward: Forward;
}

/** An embedded Kubernetes API server: everything but the network. */
export class ApiServer {
  readonly #parts: ServerParts & { podStreams: PodStreams };
  readonly #discovery: Discovery;
  readonly #apiServices: ApiServices;
  readonly #openApi: OpenApiPaths;
  readonly #paths: NonResourcePaths;
  readonly #webhooks = new Map<string, WebhookHandler>();

  constructor(options: ApiServerOptions) {
    const { clock, random, log = silentLogger } = options;
    const store = new Store(options.historyCapacity === undefined ? {} : { historyCapacity: options.historyCapacity });
    if (options.saved) store.restore(options.saved.revision, options.saved.objects);
    if (options.journal) store.keepIn(options.journal);
    const registry = new ResourceRegistry();
    for (const resource of builtinServedResources(store)) registry.add(resource);
    let key = options.tokenKey;
    const tokenKey = () => (key ??= ephemeralTokenKey());
    const callOverNetwork = webhookCaller(options.network?.post ?? noNetwork, serviceResolver(store));
    const callWebhook: CallWebhook = async (clientConfig, review, limits) => {
      const { namespace, name, path = "/" } = clientConfig.service ?? {};
      const handler = this.#webhooks.get(`${namespace}/${name}`);
      return handler ? handler(path, review) : callOverNetwork(clientConfig, review, limits);
    };
    this.#parts = {
      clock,
      random,
      log,
      store,
      registry,
      admission: clusterAdmission({ world: storeWorld(store, random), callWebhook }),
      access: clusterAccess(store, options.authenticate ?? (() => undefined)),
      get tokenKey() {
        return tokenKey();
      },
      podStreams: noPodStreams,
    };
    new DefinitionWatcher({ store, registry, clock, random, log, callWebhook, conversions: options.conversions ?? {} });
    new EventExpiry(store.collection("/events"), clock);
    this.#apiServices = new ApiServices(this.#parts, options.network?.forward, () => randomUuid(random));
    this.#discovery = new Discovery(registry, this.#apiServices);
    this.#openApi = new OpenApiPaths(registry);
    this.#paths = new NonResourcePaths(registry, store);
  }

  /** The objects, for what must see all of them: saving, and the world's own set-up. */
  get store(): Store {
    return this.#parts.store;
  }

  /** Who may do what, and who tokens belong to. */
  get access(): ServerParts["access"] {
    return this.#parts.access;
  }

  get tokenKey(): TokenKey {
    return this.#parts.tokenKey;
  }

  /** Who a bearer token belongs to: one that was given at the start, or a ServiceAccount that still exists. */
  userOf(token: string): UserInfo | undefined {
    const { access, store, clock } = this.#parts;
    const known = access.authenticate(token);
    if (known || token.split(".").length !== 3) return known;
    try {
      const { user, serviceAccount } = verifyServiceAccountToken(token, this.tokenKey, clock.now());
      const { namespace, name, uid } = serviceAccount;
      const account = store.collection("/serviceaccounts").get(storeKey(namespace, name));
      return account?.metadata.uid === uid ? user : undefined;
    } catch (error) {
      if (error instanceof TokenError) return undefined;
      throw error;
    }
  }

  /** What answers for the containers of pods: logs, exec, attach. */
  servePodStreams(podStreams: PodStreams): void {
    this.#parts.podStreams = podStreams;
  }

  /** Serves an API group in this process, for the APIServices that name `service` (metrics.k8s.io and its like). */
  serveApiService(service: { readonly namespace: string; readonly name: string }, handler: ApiHandler): void {
    this.#apiServices.register(service, handler);
  }

  /** Answers in this process for the webhooks that name `service`. */
  serveWebhooks(service: { readonly namespace: string; readonly name: string }, handler: WebhookHandler): void {
    this.#webhooks.set(`${service.namespace}/${service.name}`, handler);
  }

  /** Answers any request; never rejects. */
  async handle(request: ApiRequest): Promise<ApiResponse> {
    try {
      if (request.path.includes("//")) return notFoundPage;
      const info = requestInfo(request.method, request.path, request.query.flag("watch"));
      const asked = impersonated(this.#parts.access, request);
      if (!asked.user.groups.includes("system:masters"))
        checkAccess(this.#parts.access, asked.user, info, asked.method, asked.path, onlyName(asked));
      return await this.#dispatch(asked, info);
    } catch (error) {
      if (error instanceof StatusError) return failure(error.status);
      return this.#broken(request, error);
    }
  }

  async #dispatch(request: ApiRequest, info: RequestInfo): Promise<ApiResponse> {
    const { registry } = this.#parts;
    if (!info.isResource) {
      const answer = await this.#discovery.answer(request);
      if (answer) return answer;
      const [root, group = "", version = ""] = request.path.split("/").filter((part) => part !== "");
      const elsewhere = root === "apis" ? this.#apiServices.answer(group, version, request) : undefined;
      const other = elsewhere ?? this.#openApi.answer(request) ?? this.#paths.answer(request);
      if (other) return other;
      if (root === "api" || (root === "apis" && version && registry.group(group))) throw pathNotFound();
      return notFoundPage;
    }
    const resource = registry.find(info.group, info.version, info.resource);
    if (resource) return answerResource(requestScope(this.#parts, request, info, resource));
    const builtin = registry.isBuiltin(info.group);
    if (builtin && registry.hasVersion(info.group, info.version)) throw pathNotFound();
    const elsewhere = this.#apiServices.answer(info.group, info.version, request);
    if (elsewhere) return elsewhere;
    // A group that is served, in a version that is not.
    if (builtin) throw pathNotFound();
    return notFoundPage;
  }

  #broken(request: ApiRequest, error: unknown): ApiResponse {
    const message = error instanceof Error ? error.message : String(error);
    this.#parts.log.error("request failed", {
      method: request.method,
      path: request.path,
      error: error instanceof Error ? error.stack : message,
    });
    return failure(
      new StatusError(500, "InternalError", `Internal error occurred: ${message}`, { causes: [{ message }] }).status,
    );
  }
}

/** The name that a field selector asks for, where it asks for exactly one. */
const onlyName = ({ query }: ApiRequest): string | undefined =>
  /^metadata\.name==?([^,=!]+)$/.exec(query.get("fieldSelector") ?? "")?.[1];

const noNetwork = () => Promise.reject(new Error("this server reaches no network"));
