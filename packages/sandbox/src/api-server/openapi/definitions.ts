import type { SchemaDefinitions, StructuralSchema } from "@bellows/api";
import { customDefinitionName, definitionOf, type OpenApiResource } from "./openapi-resource.ts";

const meta = "io.k8s.apimachinery.pkg.apis.meta.v1";

/** What operations on any resource refer to. */
export const commonDefinitions: readonly string[] = [`${meta}.DeleteOptions`, `${meta}.Patch`, `${meta}.Status`];

/** The definitions of a custom resource: of its objects, and of their list. */
export function customDefinitions(resource: OpenApiResource): SchemaDefinitions {
  const { group, version, kind, listKind, plural, rules } = resource;
  const name = customDefinitionName(group, version, kind);
  const { schema } = rules;
  const root = schema?.schema ?? {};
  return {
    [name]: {
      ...root,
      type: "object",
      properties: {
        ...root.properties,
        apiVersion: { type: "string" },
        kind: { type: "string" },
        metadata: { $ref: `${meta}.ObjectMeta` },
      },
      "x-kubernetes-group-version-kind": [{ group, kind, version }],
    },
    [customDefinitionName(group, version, listKind)]: {
      description: `${listKind} is a list of ${kind}`,
      type: "object",
      required: ["items"],
      properties: {
        apiVersion: { type: "string" },
        items: { description: `List of ${plural}.`, type: "array", items: { $ref: name } },
        kind: { type: "string" },
        metadata: { $ref: `${meta}.ListMeta` },
      },
      "x-kubernetes-group-version-kind": [{ group, kind: listKind, version }],
    },
  };
}

/** The name of the definition of a resource's lists. */
export function listDefinitionOf(resource: OpenApiResource): string | undefined {
  if (resource.custom) return customDefinitionName(resource.group, resource.version, resource.listKind);
  const own = definitionOf(resource);
  return own === undefined ? undefined : `${own.slice(0, own.lastIndexOf(".") + 1)}${resource.listKind}`;
}

/** The named definitions with all that they refer to, in order of name. Names that nothing defines are left out. */
export function closure(names: Iterable<string>, definitions: SchemaDefinitions): SchemaDefinitions {
  const found = new Map<string, StructuralSchema>();
  const visit = (name: string) => {
    const schema = definitions[name];
    if (!schema || found.has(name)) return;
    found.set(name, schema);
    for (const reference of references(schema)) visit(reference);
  };
  for (const name of names) visit(name);
  return Object.fromEntries([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function* references(schema: StructuralSchema): Generator<string> {
  if (schema.$ref !== undefined) yield schema.$ref;
  const { properties = {}, items, additionalProperties, allOf = [], anyOf = [], oneOf = [], not } = schema;
  for (const part of [...Object.values(properties), items, additionalProperties, ...allOf, ...anyOf, ...oneOf, not])
    if (typeof part === "object") yield* references(part);
}
