import type { SchemaDefinitions, StructuralSchema } from "@bellows/api";
import { builtinDescription } from "@bellows/api/builtin";

export type JsonSchema = Record<string, unknown>;
type Dialect = "v2" | "v3";

const quantity = "io.k8s.apimachinery.pkg.api.resource.Quantity";
const intOrString = "io.k8s.apimachinery.pkg.util.intstr.IntOrString";

/** Definitions as an OpenAPI document of either version holds them. */
export function renderDefinitions(definitions: SchemaDefinitions, dialect: Dialect): Record<string, JsonSchema> {
  return Object.fromEntries(
    Object.entries(definitions).map(([name, schema]) => [name, renderDefinition(name, schema, dialect)]),
  );
}

function renderDefinition(name: string, schema: StructuralSchema, dialect: Dialect): JsonSchema {
  const description = schema.description ?? builtinDescription(name);
  const common = description === undefined ? {} : { description };
  if (name === quantity)
    return dialect === "v2"
      ? { ...common, type: "string" }
      : { ...common, oneOf: [{ type: "string" }, { type: "number" }] };
  if (name === intOrString)
    return dialect === "v2"
      ? { ...common, type: "string", format: "int-or-string" }
      : { ...common, format: "int-or-string", oneOf: [{ type: "integer" }, { type: "string" }] };
  return { ...common, ...render(schema, dialect, (field) => builtinDescription(name, field)) };
}

const noDescription = () => undefined;

function render(
  schema: StructuralSchema,
  dialect: Dialect,
  describe: (field: string) => string | undefined = noDescription,
): JsonSchema {
  if (schema.$ref !== undefined) return renderReference(schema.$ref, schema, dialect);
  const simple = dialect === "v2" ? simplified(schema) : schema;
  const { properties, items, additionalProperties, allOf, anyOf, oneOf, not, ...own } = simple;
  const result: JsonSchema = { ...own };
  const inner = (part: StructuralSchema) => render(part, dialect);
  if (own.format === "quantity") delete result["format"];
  if (properties)
    result["properties"] = Object.fromEntries(
      Object.entries(properties).map(([name, part]) => {
        const text = part.description ?? describe(name);
        return [name, { ...(text !== undefined && { description: text }), ...inner(part) }];
      }),
    );
  if (items) result["items"] = inner(items);
  if (additionalProperties !== undefined)
    result["additionalProperties"] =
      typeof additionalProperties === "object" ? inner(additionalProperties) : additionalProperties;
  if (allOf) result["allOf"] = allOf.map(inner);
  if (anyOf) result["anyOf"] = anyOf.map(inner);
  if (oneOf) result["oneOf"] = oneOf.map(inner);
  if (not) result["not"] = inner(not);
  if (dialect === "v3" && own["x-kubernetes-int-or-string"] && !anyOf && !allOf)
    result["anyOf"] = [{ type: "integer" }, { type: "string" }];
  return result;
}

/** Version 3 puts what stands beside a reference beside an `allOf`, since a reference hides its siblings there. */
function renderReference(name: string, schema: StructuralSchema, dialect: Dialect): JsonSchema {
  const { $ref: _, ...beside } = schema;
  const $ref = dialect === "v2" ? `#/definitions/${name}` : `#/components/schemas/${name}`;
  if (dialect === "v2") {
    const { default: __, ...rest } = beside;
    return { ...rest, $ref };
  }
  return Object.keys(beside).length === 0 ? { $ref } : { ...beside, allOf: [{ $ref }] };
}

/** What version 2 can't say is left out, as apiextensions does for the schemas of custom resources. */
function simplified(schema: StructuralSchema): StructuralSchema {
  const { allOf: _, anyOf: __, oneOf: ___, not: ____, default: _____, nullable, ...rest } = schema;
  const { "x-kubernetes-validations": ______, ...known } = rest;
  if (nullable || known["x-kubernetes-preserve-unknown-fields"] || known["x-kubernetes-int-or-string"]) {
    const { type: _t, items: _i, properties: _p, ...open } = known;
    return open;
  }
  return known;
}
