import type { APIService } from "@bellows/api";
import { type Clock, type Timer, timestamp } from "@bellows/kube";
import {
  Aggregator,
  type ApiHandler,
  availabilityOf,
  type Forward,
  localApiService,
  withAvailability,
} from "./aggregation/aggregation.ts";
import { type ApiObject, record } from "./api-object.ts";
import { type ApiRequest, type ApiResponse, Query, type UserInfo } from "./api-request.ts";
import type { RemoteDiscovery, RemoteGroupVersion } from "./discovery/discovery.ts";
import { equalJson } from "./json-value.ts";
import type { ResourceRegistry } from "./resource-registry.ts";
import { endpointSlicesOf, serviceOf, serviceResolver } from "./service-target.ts";
import type { Collection, Store } from "./store.ts";

/** How often a server over the network is looked at again, though nothing that leads to it has changed. */
const resyncMs = 30_000;

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
  #resync: Timer | undefined;
  /** What other servers said of themselves, until they are looked at again. */
  readonly #discovered = new Map<string, RemoteGroupVersion>();

  constructor(parts: Parts, forward: Forward | undefined, uid: () => string) {
    this.#parts = parts;
    this.#uid = uid;
    this.#collection = parts.store.collection("apiregistration.k8s.io/apiservices");
    this.aggregator = new Aggregator({
      apiServices: () => this.#collection.list() as unknown as APIService[],
      resolve: serviceResolver(parts.store),
      forward: forward ?? (() => Promise.reject(new Error("no other server is reached"))),
    });
    const look = ({ object }: { object: ApiObject }) => {
      this.#revision++;
      this.#discovered.delete(object.metadata.name);
      if (this.#isRemote(object)) void this.#assess(object);
    };
    this.#collection.subscribe({ event: look, gone() {} }, parts.store.revision);
    this.#follow("/services", ({ namespace, name }) => `${namespace}/${name}`);
    this.#follow("discovery.k8s.io/endpointslices", ({ namespace, labels }) => {
      return `${namespace}/${labels?.["kubernetes.io/service-name"]}`;
    });
    parts.registry.changed(() => this.#keepLocal());
  }

  /** Looks again at the APIServices of a Service that something of has changed. */
  #follow(place: string, serviceName: (metadata: ApiObject["metadata"]) => string): void {
    const event = ({ object }: { object: ApiObject }) => {
      const changed = serviceName(object.metadata);
      for (const one of this.#remote()) {
        const { namespace, name } = record(record(one.spec).service);
        if (`${String(namespace)}/${String(name)}` === changed) void this.#assess(one);
      }
    };
    const { store } = this.#parts;
    store.collection(place).subscribe({ event, gone() {} }, store.revision);
  }

  #remote = (): ApiObject[] => this.#collection.list().filter(this.#isRemote);

  get revision(): number {
    return this.#revision;
  }

  /** Serves a group in this process for the APIServices that name `service`. */
  register(service: { readonly namespace: string; readonly name: string }, handler: ApiHandler): void {
    this.aggregator.register(service, handler);
    for (const object of this.#remote()) void this.#assess(object);
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
      service: (namespace, name) => serviceOf(store, { namespace, name }),
      endpointSlices: (namespace, service) => endpointSlicesOf(store, namespace, service),
      probe: ({ spec }) =>
        this.aggregator.probe(
          { metadata: object.metadata, ...(spec && { spec }) },
          discoveryRequest(spec?.group, spec?.version),
        ),
      inProcess: (apiService) => this.aggregator.isInProcess(apiService),
    });
    this.#lookAgain();
    const { name } = object.metadata;
    const current = this.#collection.get(name);
    // Another look is under way where what it points to has changed meanwhile.
    if (!current || !equalJson(current.spec, object.spec)) return;
    const next = withAvailability(
      current as unknown as APIService,
      availability,
      timestamp(clock.now()),
    ) as unknown as ApiObject;
    if (next !== current) this.#collection.replace(name, next);
  }

  #lookAgain(): void {
    if (this.#resync) return;
    const overNetwork = () =>
      this.#remote().filter((object) => !this.aggregator.isInProcess(object as unknown as APIService));
    if (overNetwork().length === 0) return;
    this.#resync = this.#parts.clock.after(resyncMs, () => {
      this.#resync = undefined;
      for (const object of overNetwork()) {
        this.#discovered.delete(object.metadata.name);
        void this.#assess(object);
      }
    });
  }

  /** The answer of the server of a group version, if that is another one. */
  answer(group: string, version: string, request: ApiRequest): Promise<ApiResponse> | undefined {
    const apiService = this.aggregator.find(group, version);
    return apiService && this.aggregator.handle(apiService, request);
  }

  async groupVersions(): Promise<readonly RemoteGroupVersion[]> {
    return Promise.all(this.#remote().map((object) => this.#discover(object)));
  }

  async #discover({ metadata, spec }: ApiObject): Promise<RemoteGroupVersion> {
    const known = this.#discovered.get(metadata.name);
    if (known) return known;
    const { group, version } = record(spec) as { group: string; version: string };
    const answer = await this.answer(group, version, discoveryRequest(group, version));
    const fresh = answer?.status === 200;
    const isHere = this.aggregator.isInProcess({ metadata, spec } as unknown as APIService);
    // An old list names a kind's group and version only where they are others; upstream takes that as it is.
    const own = isHere ? { group, version } : { group: "", version: "" };
    const found = { group, version, resources: fresh ? discovered(own, answer.body) : [], fresh };
    // What this process serves may be other at each time.
    if (fresh && !isHere) this.#discovered.set(metadata.name, found);
    return found;
  }
}

const discoveryRequest = (group = "", version = ""): ApiRequest => ({
  method: "GET",
  path: `/apis/${group}/${version}`,
  query: Query.none,
  headers: { accept: "application/json" },
  user: aggregator,
});

const aggregator: UserInfo = { username: "system:kube-aggregator", groups: ["system:masters"] };

interface LegacyResource {
  readonly name: string;
  readonly singularName?: string;
  readonly namespaced?: boolean;
  readonly group?: string;
  readonly version?: string;
  readonly kind: string;
  readonly verbs?: readonly string[];
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
}

/** An APIResourceList in the words of aggregated discovery; `own` is what kinds are of unless the list says so. */
function discovered(own: { readonly group: string; readonly version: string }, body: unknown): unknown[] {
  const resources = (record(body).resources as readonly LegacyResource[] | undefined) ?? [];
  return resources
    .filter(({ name }) => !name.includes("/"))
    .map(({ name, singularName, namespaced, kind, verbs = [], shortNames, categories, group, version }) => ({
      resource: name,
      responseKind: { group: group ?? own.group, version: version ?? own.version, kind },
      scope: namespaced ? "Namespaced" : "Cluster",
      singularResource: singularName || kind.toLowerCase(),
      verbs,
      ...(shortNames && { shortNames }),
      ...(categories && { categories }),
    }));
}
