import { readFileSync } from "node:fs";
import type { SchemaDefinitions, StructuralSchema } from "../structural-schema.ts";

/** One resource that an API server serves, as its discovery lists it. */
export interface BuiltinResource {
  /** "" for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly namespaced: boolean;
  /** In the order of discovery, which is alphabetical. */
  readonly verbs: readonly string[];
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  /** The name of the kind's definition, such as `io.k8s.api.apps.v1.Deployment`. */
  readonly definition: string;
  /** The name of the list's definition; undefined for what can't be listed, such as a TokenReview. */
  readonly listDefinition?: string;
  readonly storageVersionHash?: string;
  readonly subresources: readonly BuiltinSubresource[];
}

export interface BuiltinSubresource {
  /** Without its resource: `status`, `scale`, `eviction`. */
  readonly name: string;
  /** Of the body: `autoscaling` for `scale`, `policy` for `eviction`. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly verbs: readonly string[];
  /** The name of the body's definition; undefined for connections such as `exec` and `log`. */
  readonly definition?: string;
}

/** What `openapi.generated.json` holds. */
export interface BuiltinDocument {
  readonly resources: readonly BuiltinResource[];
  readonly metricsResources: readonly BuiltinResource[];
  readonly definitions: Readonly<Record<string, StructuralSchema>>;
}

let loaded: BuiltinDocument | undefined;

/** The generated document, read on first use: a program that only names kinds never pays for it. */
export function builtinDocument(): BuiltinDocument {
  loaded ??= JSON.parse(readFileSync(new URL("openapi.generated.json", import.meta.url), "utf8")) as BuiltinDocument;
  return loaded;
}

/**
 * All definitions of the built-in kinds and of what they are made of, by the name that `$ref` uses: structure, list
 * and patch strategies, and defaults. As in Kubernetes' own documents, a default of `{}` or of a zero value says that
 * the API server always writes the field; it is not something that a user left out.
 */
export function builtinDefinitions(): SchemaDefinitions {
  return builtinDocument().definitions;
}

/** The resources that kube-apiserver itself serves, in the order of its discovery. Beta and alpha versions are left out. */
export function builtinResources(): readonly BuiltinResource[] {
  return builtinDocument().resources;
}

/** The resources of metrics.k8s.io, which another server serves through an APIService. */
export function metricsResources(): readonly BuiltinResource[] {
  return builtinDocument().metricsResources;
}
