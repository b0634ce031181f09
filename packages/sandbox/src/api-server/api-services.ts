import type { APIService, EndpointSlice, Service } from "@bellows/api";
import { type Clock, timestamp } from "@bellows/kube";
import {
  Aggregator,
  type ApiHandler,
  availabilityOf,
  localApiService,
  withAvailability,
} from "./aggregation/aggregation.ts";
import { type ApiObject, record } from "./api-object.ts";
import { type ApiRequest, type ApiResponse, adminUser, Query } from "./api-request.ts";
import type { RemoteDiscovery, RemoteGroupVersion } from "./discovery/discovery.ts";
import type { ResourceRegistry } from "./resource-registry.ts";
import type { Collection, Store } from "./store.ts";

/** Passes a request on to another server over the network. */
export type Forward = (apiService: APIService, request: ApiRequest) => Promise<ApiResponse>;

interface Parts {
  readonly store: Store;
  readonly registry: ResourceRegistry;
  readonly clock: Clock;
  readonly random: { next(): number };
}

/** The APIServices: one for each group version that is served here, and those of other servers with their state. */
export class ApiServices implements RemoteDiscovery {
  readonly aggregator: Aggregator;
  readonly #parts: Parts;
  readonly #collection: Collection;
  readonly #uid: () => string;
  #revision = 0;

  constructor(parts: Parts, forward: Forward | undefined, uid: () => string) {
    this.#parts = parts;
    this.#uid = uid;
    this.#collection = parts.store.collection("apiregistration.k8s.io/apiservices");
    this.aggregator = new Aggregator({
      apiServices: () => this.#collection.list() as unknown as APIService[],
      forward: forward ?? (() => Promise.reject(new Error("no other server is reached"))),
    });
    const look = ({ object }: { object: ApiObject }) => {
      this.#revision++;
      if (this.#isRemote(object)) void this.#assess(object);
    };
    this.#collection.subscribe({ event: look, gone() {} }, parts.store.revision);
    parts.registry.changed(() => this.#keepLocal());
  }

  get revision(): number {
    return this.#revision;
  }

  /** Serves a group in this process for the APIServices that name `service`. */
  register(service: { readonly namespace: string; readonly name: string }, handler: ApiHandler): void {
    this.aggregator.register(service, handler);
    for (const object of this.#collection.list()) if (this.#isRemote(object)) void this.#assess(object);
  }

  /** Makes the APIServices of what is served here, and removes those of what no longer is. */
  #keepLocal(): void {
    this.#revision++;
    const { registry, clock } = this.#parts;
    const wanted = new Set<string>();
    for (const resource of registry.all()) {
      const name = `${resource.version}.${resource.group}`;
      if (wanted.has(name)) continue;
      wanted.add(name);
      if (this.#collection.get(name)) continue;
      const now = timestamp(clock.now());
      const made = localApiService(resource.group, resource.version, now) as unknown as ApiObject;
      this.#collection.create(name, {
        ...made,
        metadata: { ...made.metadata, uid: this.#uid(), creationTimestamp: now },
      });
    }
    for (const object of this.#collection.list()) {
      const { name } = object.metadata;
      if (!this.#isRemote(object) && !wanted.has(name) && name.split(".").length > 2) this.#collection.remove(name);
    }
  }

  #isRemote = (object: ApiObject): boolean => record(object.spec).service !== undefined;

  async #assess(object: ApiObject): Promise<void> {
    const { store, clock } = this.#parts;
    const availability = await availabilityOf(object as unknown as APIService, {
      service: (namespace, name) =>
        store.collection("/services").get(`${namespace}/${name}`) as unknown as Service | undefined,
      endpointSlices: (namespace, service) =>
        store
          .collection("discovery.k8s.io/endpointslices")
          .list(`${namespace}/`)
          .filter(
            ({ metadata }) => metadata.labels?.["kubernetes.io/service-name"] === service,
          ) as unknown as EndpointSlice[],
      probe: async (apiService) => {
        const { group = "", version = "" } = apiService.spec ?? {};
        const { status } = await this.aggregator.handle(apiService, discoveryRequest(group, version));
        if (status !== 200) throw new Error(`bad status from discovery: ${status}`);
      },
      inProcess: (apiService) => this.aggregator.isInProcess(apiService),
    });
    const { name } = object.metadata;
    const current = this.#collection.get(name);
    if (!current) return;
    const next = withAvailability(
      current as unknown as APIService,
      availability,
      timestamp(clock.now()),
    ) as unknown as ApiObject;
    if (next !== current) this.#collection.replace(name, next);
  }

  /** The answer of the server of a group version, if that is another one. */
  answer(group: string, version: string, request: ApiRequest): Promise<ApiResponse> | undefined {
    const apiService = this.aggregator.find(group, version);
    return apiService && this.aggregator.handle(apiService, request);
  }

  async groupVersions(): Promise<readonly RemoteGroupVersion[]> {
    const remote: RemoteGroupVersion[] = [];
    for (const object of this.#collection.list()) {
      if (!this.#isRemote(object)) continue;
      const { group, version } = record(object.spec) as { group: string; version: string };
      const answer = await this.answer(group, version, discoveryRequest(group, version));
      const fresh = answer?.status === 200;
      remote.push({ group, version, resources: fresh ? discovered(group, version, answer.body) : [], fresh });
    }
    return remote;
  }
}

const discoveryRequest = (group: string, version: string): ApiRequest => ({
  method: "GET",
  path: `/apis/${group}/${version}`,
  query: Query.none,
  headers: { accept: "application/json" },
  user: adminUser,
});

interface LegacyResource {
  readonly name: string;
  readonly singularName?: string;
  readonly namespaced?: boolean;
  readonly kind: string;
  readonly verbs?: readonly string[];
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
}

/** An APIResourceList in the words of aggregated discovery. */
function discovered(group: string, version: string, body: unknown): unknown[] {
  const resources = (record(body).resources as readonly LegacyResource[] | undefined) ?? [];
  return resources
    .filter(({ name }) => !name.includes("/"))
    .map(({ name, singularName, namespaced, kind, verbs = [], shortNames, categories }) => ({
      resource: name,
      responseKind: { group, version, kind },
      scope: namespaced ? "Namespaced" : "Cluster",
      singularResource: singularName || kind.toLowerCase(),
      verbs,
      ...(shortNames && { shortNames }),
      ...(categories && { categories }),
    }));
}
