import type { z } from "zod";
import type { CelRule, StructuralSchema } from "./structural-schema.ts";

/** The metadata of every object (`meta/v1` ObjectMeta). */
export interface ObjectMeta {
  name: string;
  generateName?: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
  finalizers?: string[];
  managedFields?: ManagedFieldsEntry[];
  selfLink?: string;
}

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

export interface ManagedFieldsEntry {
  manager?: string;
  operation?: "Apply" | "Update";
  apiVersion?: string;
  time?: string;
  fieldsType?: "FieldsV1";
  fieldsV1?: Record<string, unknown>;
  subresource?: string;
}

/** What every object has. */
export interface KubernetesObject {
  apiVersion?: string;
  kind?: string;
  metadata: ObjectMeta;
}

export interface PrinterColumn {
  name: string;
  type: "string" | "integer" | "number" | "boolean" | "date";
  jsonPath: string;
  format?: string;
  description?: string;
  /** 0 is always shown; above 0 only with `-o wide`. */
  priority?: number;
}

/**
 * A kind, described once. A value of this type names the resource for the client (`client.get(Pod, ...)`), and for
 * custom resources carries all that the CRD, the defaults, the validation and the reference docs are made from.
 */
export interface Kind<T extends KubernetesObject = KubernetesObject> {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly listKind: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly scope: "Namespaced" | "Cluster";
  /** `group/version`, or `version` for the core group. */
  readonly apiVersion: string;
  /** The whole object. Made on first use. */
  readonly schema: z.ZodType<T>;
  /** What only a custom resource has; undefined for built-in kinds. */
  readonly custom: CustomKind | undefined;
}

export interface CustomKind {
  readonly summary: string;
  readonly columns: readonly PrinterColumn[];
  readonly statusSubresource: boolean;
  readonly scaleSubresource:
    | { specReplicasPath: string; statusReplicasPath: string; labelSelectorPath?: string }
    | undefined;
  /** CEL rules on the whole object; rules further down are metadata of the zod schema there. */
  readonly rules: readonly CelRule[];
  /** The schema of the whole object, as the CRD has it. */
  readonly structural: StructuralSchema;
}

/** The TypeScript type of a kind's objects. */
export type ObjectOf<K> = K extends Kind<infer T> ? T : never;
