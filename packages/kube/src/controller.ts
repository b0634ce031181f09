import type { Kind, KubernetesObject, OwnerReference } from "@bellows/api";
import type { Client, ObjectKey } from "./client.ts";
import type { Clock, Instant } from "./clock.ts";
import type { EventRecorder } from "./events.ts";
import { type Informer, keyOf } from "./informer.ts";
import type { Logger } from "./logging.ts";
import type { Metrics } from "./metrics.ts";
import type { Random } from "./random.ts";
import { parseApiVersion } from "./resource-path.ts";

/** What a reconcile may want next: nothing, or to be called again for the same key at or after an instant. */
export type ReconcileResult = { readonly lookAgainAt: Instant } | undefined | void;

export const lookAgainAt = (at: Instant): ReconcileResult => ({ lookAgainAt: at });

/** Everything a controller may reach. It has no other way out: no global clock, network or chance. */
export interface ControllerContext {
  readonly client: Client;
  readonly cache: Cache;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly events: EventRecorder;
  readonly metrics: Metrics;
  /** Aborted when the controller must stop acting: shutdown, or a lost lease. */
  readonly signal: AbortSignal;
  /** Puts a key into this controller's queue: for wake-ups that come from elsewhere than a watch (a metric push). */
  enqueue(key: ObjectKey): void;
}

/** The informers of a process, shared by its controllers: each kind (with one projection) is watched once. */
export interface Cache {
  get<T extends KubernetesObject>(kind: Kind<T>, key: ObjectKey): T | undefined;
  list<T extends KubernetesObject>(kind: Kind<T>, namespace?: string): readonly T[];
  informer<T extends KubernetesObject>(kind: Kind<T>): Informer<T>;
}

export interface Watch {
  readonly kind: Kind;
  /** The keys to reconcile because of this object (called with the old and with the new state of it). */
  readonly keys: (object: never, context: ControllerContext) => Iterable<ObjectKey>;
}

/** Wakes the controller for the object itself. */
export function self<T extends KubernetesObject>(kind: Kind<T>): Watch {
  return mapped(kind, (object) => [keyOf(object)]);
}

/** Wakes the controller for the object of `owner` that controls this one. */
export function owned<T extends KubernetesObject, O extends KubernetesObject>(kind: Kind<T>, owner: Kind<O>): Watch {
  const isOwner = ({ controller, apiVersion, kind: named }: OwnerReference) =>
    controller === true && named === owner.kind && parseApiVersion(apiVersion).group === owner.group;
  return mapped(kind, ({ metadata: { namespace, ownerReferences = [] } }) =>
    ownerReferences
      .filter(isOwner)
      .map(({ name }) => (owner.scope === "Namespaced" && namespace ? { namespace, name } : { name })),
  );
}

/** Wakes the controller for the keys that `keys` names. */
export function mapped<T extends KubernetesObject>(
  kind: Kind<T>,
  keys: (object: T, context: ControllerContext) => Iterable<ObjectKey>,
): Watch {
  return { kind: kind as unknown as Kind, keys: keys as Watch["keys"] };
}

/**
 * A controller: read from the cache, call the engine, write the difference, say when to look again. A key never runs
 * twice at once and wake-ups are merged. A throw is a fault: it is logged and tried again with back-off. Bad input is a
 * decision (a condition and an Event), never a throw.
 */
export interface Controller {
  readonly name: string;
  /** Whom its Events name as their source, where that is not its name. */
  readonly eventSource?: string;
  readonly watches: readonly Watch[];
  /** Kinds that are read from the cache without waking this controller. */
  readonly reads?: readonly Kind[];
  /** Keys that run at the same time; default 1 (deterministic order). */
  readonly concurrency?: number;
  /** Once, after the caches have synced and before the first reconcile. */
  readonly start?: (context: ControllerContext) => Promise<void> | void;
  readonly reconcile: (key: ObjectKey, context: ControllerContext) => Promise<ReconcileResult>;
}

export const controller = <C extends Controller>(definition: C): C => definition;
