import type { Kind, KubernetesObject } from "@bellows/api";
import type { Client, ObjectKey } from "./client.ts";
import type { Clock } from "./clock.ts";
import type { Cache } from "./controller.ts";
import type { HealthCheck } from "./health.ts";
import { type Informer, type InformerOptions, keyOf } from "./informer.ts";
import { createInformer } from "./list-watch-informer.ts";
import type { Logger } from "./logging.ts";
import type { Random } from "./random.ts";

/**
 * How a kind is kept in a cache: a projection has the shape of the object with parts left out, so that it reads the
 * same; and what is selected, or indexed.
 */
// biome-ignore lint/suspicious/noExplicitAny: a list of projections of different kinds
export type Projection<T extends KubernetesObject = any> = InformerOptions<T, T>;

export const projection = <T extends KubernetesObject>(options: InformerOptions<T, T>): Projection<T> => options;

/** For projections: who wrote which field takes more than the fields themselves. */
export function withoutManagedFields<T extends KubernetesObject>(object: T): T {
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

export interface CacheOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Kinds that are not kept whole. All controllers that share the cache read this one form of them. */
  readonly projections?: readonly Projection[];
  /** Of kinds that are in namespaces, only objects of this one. */
  readonly namespace?: string;
}

/** The informers of a process. One is made when it is first asked for and runs until the cache stops. */
export class InformerCache implements Cache {
  readonly #options: CacheOptions;
  readonly #projections: ReadonlyMap<string, Projection>;
  readonly #informers = new Map<string, Informer<unknown>>();
  #running = false;

  constructor(options: CacheOptions) {
    this.#options = options;
    this.#projections = new Map((options.projections ?? []).map((projected) => [idOf(projected.kind), projected]));
  }

  get<T extends KubernetesObject>(kind: Kind<T>, key: ObjectKey): T | undefined {
    return this.#known(kind).get(key);
  }

  list<T extends KubernetesObject>(kind: Kind<T>, namespace?: string): readonly T[] {
    const informer = this.#known(kind);
    return namespace === undefined ? [...informer.values()] : informer.inNamespace(namespace);
  }

  informer<T extends KubernetesObject>(kind: Kind<T>): Informer<T> {
    const known = this.find<T>(kind);
    if (known) return known;
    const { client, clock, random, log } = this.#options;
    const informer = createInformer<T, T>(client, clock, random, log, {
      ...(kind.scope === "Namespaced" && this.#options.namespace && { namespace: this.#options.namespace }),
      ...(this.#projections.get(idOf(kind)) ?? { kind }),
    });
    this.#informers.set(idOf(kind), informer);
    if (this.#running) void informer.start();
    return informer;
  }

  /** The informer of a kind, where the cache has one. */
  find<T extends KubernetesObject>(kind: { readonly group: string; readonly kind: string }): Informer<T> | undefined {
    return this.#informers.get(idOf(kind)) as Informer<T> | undefined;
  }

  /** Whether a written object will show in the cache; where a selector decides, whether it did so far. */
  holds(kind: { readonly group: string; readonly kind: string }, object: KubernetesObject): boolean {
    const informer = this.find(kind);
    const {
      namespace = this.#options.namespace,
      labelSelector,
      fieldSelector,
    } = this.#projections.get(idOf(kind)) ?? {};
    if (!informer || (namespace && object.metadata.namespace && namespace !== object.metadata.namespace)) return false;
    return (!labelSelector && !fieldSelector) || informer.get(keyOf(object)) !== undefined;
  }

  /** Starts every informer that was asked for; resolves when all of them have listed. */
  async start(): Promise<void> {
    this.#running = true;
    await Promise.all([...this.#informers.values()].map((informer) => informer.start()));
  }

  stop(): void {
    this.#running = false;
    for (const informer of this.#informers.values()) informer.stop();
  }

  /** The kinds that have not been listed yet: `karpenter.sh/NodePool`, `/Pod`. */
  get unsynced(): readonly string[] {
    return [...this.#informers].filter(([, informer]) => !informer.synced).map(([id]) => id);
  }

  /** For `/readyz`. */
  get healthCheck(): HealthCheck {
    const check = () => (this.unsynced.length > 0 ? `not listed yet: ${this.unsynced.join(", ")}` : undefined);
    return { name: "informer-sync", check };
  }

  #known<T extends KubernetesObject>(kind: Kind<T>): Informer<T> {
    const informer = this.find<T>(kind);
    if (informer) return informer;
    // Reading as if there were none would be the worst answer.
    throw new Error(`${kind.kind}: not in the cache, expected it among the "watches" or "reads" of a controller`);
  }
}

export const createCache = (options: CacheOptions): InformerCache => new InformerCache(options);

const idOf = ({ group, kind }: { readonly group: string; readonly kind: string }): string => `${group}/${kind}`;
