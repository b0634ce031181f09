import { LoadProfile, Node, Pod, Service } from "@bellows/api";
import type { Cache, Clock, Instant } from "@bellows/kube";
import { backendsOf, serviceOfHost } from "./service-load.ts";
import { computeUsage, type PodUsage } from "./usage-model.ts";

/** The use of resources at the present moment, from the objects in a cache. Computed at most once an instant. */
export class UsageSource {
  readonly #cache: Cache;
  readonly #clock: Clock;
  readonly #loadProfiles: boolean;
  #at: Instant | undefined;
  #usage: ReadonlyMap<string, PodUsage> = new Map();

  /**
   * The cache is asked for Pods, Nodes, Services and LoadProfiles: make this before it starts.
   * @param options.loadProfiles  false where the API server does not serve them
   */
  constructor(cache: Cache, clock: Clock, options: { readonly loadProfiles?: boolean } = {}) {
    this.#cache = cache;
    this.#clock = clock;
    this.#loadProfiles = options.loadProfiles ?? true;
    cache.informer(Pod);
    cache.informer(Node);
    cache.informer(Service);
    if (this.#loadProfiles) cache.informer(LoadProfile);
  }

  /** By pod uid. */
  current(): ReadonlyMap<string, PodUsage> {
    const now = this.#clock.now();
    if (this.#at !== now) {
      this.#usage = computeUsage({
        pods: this.#cache.list(Pod),
        nodes: this.#cache.list(Node),
        services: this.#cache.list(Service),
        profiles: this.#loadProfiles ? this.#cache.list(LoadProfile) : [],
        now,
      });
      this.#at = now;
    }
    return this.#usage;
  }

  /** A pod that answers the requests that `pod` sends to `host`; undefined for none. */
  backendOf(pod: Pod, host: string): Pod | undefined {
    const serviceOf = (namespace: string, name: string) => this.#cache.get(Service, { namespace, name });
    const service = serviceOfHost(host, pod.metadata.namespace ?? "default", serviceOf);
    return service && backendsOf(service, this.#cache.list(Pod, service.metadata.namespace))[0];
  }
}
