import type { ApiObject } from "./api-object.ts";
import type { SchemaView } from "./schema-view.ts";
import type { FieldError } from "./status-error.ts";
import type { Strategy } from "./strategies/strategy.ts";
import type { Collection } from "./store.ts";

export type FieldValidation = "Ignore" | "Warn" | "Strict";

/** What discovery says of a resource, and what finds it by path. */
export interface ResourceDescription {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly listKind: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly verbs: readonly string[];
  readonly subresources: readonly SubresourceDescription[];
}

export interface SubresourceDescription {
  readonly name: string;
  readonly kind: string;
  /** Where the subresource's kind is of another group version: `autoscaling/v1` of a Scale. */
  readonly group?: string;
  readonly version?: string;
  readonly verbs: readonly string[];
}

/** The rules of one version of a kind: what is done to what comes in. All of it pure. */
export interface ResourceRules {
  readonly schema: SchemaView | undefined;
  decode(body: unknown, mode: FieldValidation): { readonly object: ApiObject; readonly warnings: readonly string[] };
  applyDefaults(object: ApiObject): ApiObject;
  validateCreate(object: ApiObject): readonly FieldError[];
  validateUpdate(object: ApiObject, before: ApiObject, subresource?: string): readonly FieldError[];
  /** From this version to the one that is stored, and back. */
  toStored(object: ApiObject): ApiObject;
  fromStored(object: ApiObject): ApiObject;
}

/** A resource in one version, as it is served. Versions of one resource share `collection` and `strategy`. */
export interface ServedResource extends ResourceDescription {
  /** `group/version`, or `version` of the core group. */
  readonly apiVersion: string;
  readonly collection: Collection;
  readonly rules: ResourceRules;
  readonly strategy: Strategy;
  /** Present for custom resources: the paths of the scale subresource. */
  readonly scalePaths?: ScalePaths;
  readonly custom: boolean;
}

/** Where a resource keeps what its Scale shows, as CRDs name it: `.spec.replicas`. */
export interface ScalePaths {
  readonly specReplicasPath: string;
  readonly statusReplicasPath: string;
  readonly labelSelectorPath?: string | undefined;
}

export const apiVersionOf = (group: string, version: string): string => (group ? `${group}/${version}` : version);

/** `deployments.apps`, as messages and CRD names say it. */
export const groupResource = ({ group, plural }: { group: string; plural: string }) => ({ group, resource: plural });
