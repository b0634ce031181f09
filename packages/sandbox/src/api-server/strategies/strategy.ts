import type { Clock, Random } from "@bellows/kube";
import type { ApiObject } from "../api-object.ts";
import type { UserInfo } from "../api-request.ts";
import type { Store } from "../store.ts";

/** What a strategy may look at. */
export interface StrategyContext {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly user: UserInfo;
  readonly dryRun: boolean;
}

/**
 * What a kind does beyond its schema when it is written: the fields the server itself sets, and what one endpoint may
 * change and another may not. Named after the hooks of Kubernetes' registry strategies.
 */
export interface Strategy {
  /** Has a status that only the status subresource writes. */
  readonly statusSubresource: boolean;
  /** A change of anything but metadata and status raises `metadata.generation`. */
  readonly generation: boolean;
  /** A part of the metadata whose changes count too. */
  readonly countsMetadata?: "labels" | "annotations";
  /** Without a status subresource the status is part of what is asked for: its changes count too. */
  readonly countsStatus?: boolean;
  /** PUT of a name that does not exist creates it. */
  readonly createOnUpdate: boolean;
  /** PUT without a resourceVersion overwrites whatever is there. */
  readonly unconditionalUpdate: boolean;
  prepareForCreate?(object: ApiObject, context: StrategyContext): ApiObject;
  prepareForUpdate?(object: ApiObject, before: ApiObject, context: StrategyContext): ApiObject;
  prepareForStatusUpdate?(object: ApiObject, before: ApiObject, context: StrategyContext): ApiObject;
  /** Seconds that a deleted object stays so that its work can end; undefined where it goes at once. */
  gracePeriodSeconds?(object: ApiObject, requested: number | undefined): number | undefined;
  /** What a deletion that has to wait leaves of an object: its finalizers, and what its status says. `now` is a timestamp. */
  beginDeletion?(object: ApiObject, now: string): ApiObject;
  /** Without a propagation policy dependents are left behind, as Jobs of batch/v1 leave their Pods. */
  readonly orphansByDefault?: boolean;
  /** A deletion answers with the object, not with a Status. */
  readonly returnsDeleted?: boolean;
  /** Once the object is gone: gives back what it had taken. */
  afterDelete?(object: ApiObject, context: StrategyContext): void;
  /** Warnings that a client sees beside the answer. */
  warnings?(object: ApiObject, before: ApiObject | undefined): readonly string[];
  /** Field selectors beyond metadata.name and metadata.namespace. */
  readonly selectableFields?: Readonly<Record<string, (object: ApiObject) => string>>;
}

/** What most kinds do. */
export const plainStrategy: Strategy = {
  statusSubresource: false,
  generation: false,
  createOnUpdate: false,
  unconditionalUpdate: true,
};
