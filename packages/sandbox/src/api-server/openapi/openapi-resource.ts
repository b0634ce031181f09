import type { StructuralSchema } from "@bellows/api";

/** A resource as the OpenAPI documents describe it; what the server's registry holds has this shape. */
export interface OpenApiResource {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly listKind: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  readonly subresources: readonly {
    readonly name: string;
    readonly group?: string | undefined;
    readonly version?: string | undefined;
    readonly kind: string;
    readonly verbs: readonly string[];
  }[];
  /** Whether a CustomResourceDefinition describes it. */
  readonly custom: boolean;
  readonly rules: {
    readonly schema: { readonly schema: StructuralSchema; readonly definition: string | undefined } | undefined;
  };
}

/** `apis/apps/v1`, or `api/v1` of the core group: how paths and the index name a group version. */
export const groupVersionPath = ({ group, version }: { group: string; version: string }): string =>
  group ? `apis/${group}/${version}` : `api/${version}`;

/** A definition's name made from a custom resource's group: `sh.karpenter.v1.NodePool`. */
export const customDefinitionName = (group: string, version: string, kind: string): string =>
  `${group.split(".").reverse().join(".")}.${version}.${kind}`;

/** The name of the definition of a resource's objects; undefined where it has none. */
export function definitionOf(resource: OpenApiResource): string | undefined {
  const { schema } = resource.rules;
  if (resource.custom) return customDefinitionName(resource.group, resource.version, resource.kind);
  return schema?.definition;
}
