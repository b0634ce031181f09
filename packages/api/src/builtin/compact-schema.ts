import type { SchemaDefinitions, StructuralSchema } from "../structural-schema.ts";

/** A JSON value whose shape is not known yet. */
type Json = Record<string, unknown>;

const refPrefix = /^#\/(components\/schemas|definitions)\//;

/** The keywords that are taken over as they are. Descriptions, and unions (which no server reads any more), are left out. */
const plainKeywords = [
  "type",
  "format",
  "nullable",
  "default",
  "enum",
  "required",
  "pattern",
  "minLength",
  "maxLength",
  "minimum",
  "maximum",
  "minItems",
  "maxItems",
  "uniqueItems",
  "x-kubernetes-list-type",
  "x-kubernetes-list-map-keys",
  "x-kubernetes-map-type",
  "x-kubernetes-patch-strategy",
  "x-kubernetes-patch-merge-key",
] as const;

/**
 * Definitions that OpenAPI describes too loosely to read objects by (`{}`, or an object without properties), or in
 * different ways in v2 and v3. `x-kubernetes-preserve-unknown-fields` says that any content is kept.
 */
const restated: SchemaDefinitions = {
  "io.k8s.apimachinery.pkg.api.resource.Quantity": { type: "string", format: "quantity" },
  "io.k8s.apimachinery.pkg.util.intstr.IntOrString": { format: "int-or-string", "x-kubernetes-int-or-string": true },
  "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1": { type: "object", "x-kubernetes-preserve-unknown-fields": true },
  "io.k8s.apimachinery.pkg.apis.meta.v1.Patch": { type: "object", "x-kubernetes-preserve-unknown-fields": true },
  "io.k8s.apimachinery.pkg.runtime.RawExtension": { type: "object", "x-kubernetes-preserve-unknown-fields": true },
  "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON": { "x-kubernetes-preserve-unknown-fields": true },
  "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray": {
    "x-kubernetes-preserve-unknown-fields": true,
  },
  "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrBool": {
    "x-kubernetes-preserve-unknown-fields": true,
  },
  "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrStringArray": {
    "x-kubernetes-preserve-unknown-fields": true,
  },
};

/** The structure of one definition of an OpenAPI v3 document, with `$ref`s as bare names. */
export function compactDefinition(name: string, schema: Json): StructuralSchema {
  const known = restated[name];
  if (known) return known;
  const compact = compactSchema(schema);
  const kinds = schema["x-kubernetes-group-version-kind"] as StructuralSchema["x-kubernetes-group-version-kind"];
  // DeleteOptions and WatchEvent list every group there is; only a kind of its own is of use.
  if (kinds?.length === 1) compact["x-kubernetes-group-version-kind"] = kinds;
  return compact;
}

function compactSchema(schema: Json): StructuralSchema {
  const compact: Json = {};
  const ref = refOf(schema);
  if (ref) compact["$ref"] = ref.replace(refPrefix, "");
  for (const keyword of plainKeywords) if (schema[keyword] !== undefined) compact[keyword] = schema[keyword];
  if (schema["properties"]) {
    compact["properties"] = Object.fromEntries(
      Object.entries(schema["properties"] as Record<string, Json>).map(([name, property]) => [
        name,
        compactSchema(property),
      ]),
    );
  }
  if (schema["items"]) compact["items"] = compactSchema(schema["items"] as Json);
  const additional = schema["additionalProperties"];
  if (typeof additional === "object" && additional) compact["additionalProperties"] = compactSchema(additional as Json);
  else if (additional !== undefined) compact["additionalProperties"] = additional;
  return compact as StructuralSchema;
}

/** A reference is written bare, or as the only part of `allOf` where it has siblings such as a default. */
function refOf(schema: Json): string | undefined {
  if (typeof schema["$ref"] === "string") return schema["$ref"];
  const parts = schema["allOf"] as Json[] | undefined;
  const only = parts?.length === 1 ? parts[0]?.["$ref"] : undefined;
  if (parts && typeof only !== "string") throw new Error(`allOf with anything but one $ref: ${JSON.stringify(schema)}`);
  return only as string | undefined;
}
