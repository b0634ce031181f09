import type { ApiObject } from "./api-object.ts";
import type { RepeatedField } from "./api-request.ts";
import type { ScalePaths } from "./custom-resources/scale-subresource.ts";
import type { SchemaView } from "./schema-view.ts";
import type { FieldError } from "./status-error.ts";
import type { Collection } from "./store.ts";
import type { Strategy } from "./strategies/strategy.ts";
import type { TableFormat } from "./table/table.ts";

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
  readonly storageVersionHash?: string;
}

export interface SubresourceDescription {
  readonly name: string;
  readonly kind: string;
  /** Where the subresource's kind is of another group version: `autoscaling/v1` of a Scale. */
  readonly group?: string;
  readonly version?: string;
  readonly verbs: readonly string[];
}

export interface Decoded {
  readonly object: ApiObject;
  readonly warnings: readonly string[];
}

/** What a write gets: problems that refuse it, and those that are only told. */
export interface Verdict {
  readonly errors: readonly FieldError[];
  readonly warnings: readonly string[];
}

/** The rules of one version of a kind: what is done to what comes in. All of it pure. */
export interface ResourceRules {
  readonly schema: SchemaView;
  readonly table: TableFormat;
  decode(body: unknown, mode: FieldValidation, duplicates?: readonly RepeatedField[]): Decoded;
  /** `keepsNulls`: nulls that a schema neither allows nor has a default for stay, to be refused. */
  applyDefaults(object: ApiObject, keepsNulls?: boolean): ApiObject;
  validateCreate(object: ApiObject): Verdict;
  validateUpdate(object: ApiObject, before: ApiObject, subresource?: string): Verdict;
  /**
   * Where a webhook converts: asks it for what is not known yet, so that {@link toStored} and {@link fromStored} know the
   * answer. Absent where nobody need be asked.
   */
  askToStored?(object: ApiObject): Promise<void>;
  askFromStored?(objects: readonly ApiObject[]): Promise<void>;
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
  /** Told in a Warning header to who asks for this version, whatever for. */
  readonly deprecation?: string;
  /** Present for custom resources: the paths of the scale subresource. */
  readonly scalePaths?: ScalePaths;
  readonly custom: boolean;
  /** Of a custom resource: its definition goes away, and takes no new objects. */
  readonly terminating?: () => boolean;
}

export const apiVersionOf = (group: string, version: string): string => (group ? `${group}/${version}` : version);

/** `deployments.apps`, as messages and CRD names say it. */
export const groupResource = ({ group, plural }: { group: string; plural: string }) => ({ group, resource: plural });
