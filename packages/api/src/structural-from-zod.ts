import { z } from "zod";
import type { StructuralSchema } from "./structural-schema.ts";

/** What a CRD's schema may hold, in the order in which we print it; anything else that zod says is left out. */
const keywords = [
  "description",
  "type",
  "format",
  "nullable",
  "default",
  "enum",
  "pattern",
  "minLength",
  "maxLength",
  "minimum",
  "maximum",
  "exclusiveMinimum",
  "exclusiveMaximum",
  "multipleOf",
  "minItems",
  "maxItems",
  "uniqueItems",
  "minProperties",
  "maxProperties",
  "properties",
  "required",
  "additionalProperties",
  "items",
  "allOf",
  "anyOf",
  "oneOf",
  "not",
  "x-kubernetes-int-or-string",
  "x-kubernetes-preserve-unknown-fields",
  "x-kubernetes-embedded-resource",
  "x-kubernetes-list-type",
  "x-kubernetes-list-map-keys",
  "x-kubernetes-map-type",
  "x-kubernetes-validations",
] as const satisfies readonly (keyof StructuralSchema)[];

type Draft = Record<string, unknown>;

/**
 * The structural schema of a zod schema, as what a user may write (zod's input mode: fields with a default are not
 * required, objects are open). Metadata given by `.meta({...})` - descriptions, `format`, `x-kubernetes-*` - is taken over.
 */
export function structuralSchema(schema: z.ZodType): StructuralSchema {
  const draft = z.toJSONSchema(schema, {
    target: "openapi-3.0",
    io: "input",
    reused: "inline",
    unrepresentable: "any",
    override({ zodSchema, jsonSchema }) {
      const { def } = zodSchema._zod;
      if (def.type === "number" && jsonSchema.type === "integer") {
        jsonSchema.format = (def as { format?: string }).format === "int32" ? "int32" : "int64";
      }
    },
  });
  return structural(draft as Draft);
}

function structural(draft: Draft): StructuralSchema {
  if (draft["x-kubernetes-int-or-string"]) {
    return ordered({
      ...pick(draft, ["description", "default", "pattern", "minimum", "nullable", "x-kubernetes-validations"]),
      anyOf: [{ type: "integer" }, { type: "string" }],
      "x-kubernetes-int-or-string": true,
    });
  }
  const result: Draft = { ...draft };
  if ("const" in draft) result["enum"] = [draft["const"]];
  if (draft["type"] === "integer") dropIntegerBounds(result);
  // Patterns that zod adds to its own formats would refuse what an API server takes.
  if (draft["format"] === "date-time") delete result["pattern"];
  if (draft["additionalProperties"] === false) delete result["additionalProperties"];
  if (isEmpty(draft["additionalProperties"])) {
    delete result["additionalProperties"];
    result["x-kubernetes-preserve-unknown-fields"] = true;
  }
  for (const key of ["items", "additionalProperties"]) {
    if (isDraft(result[key])) result[key] = structural(result[key]);
  }
  if (isDraft(result["not"])) result["not"] = valueRestrictions(result["not"]);
  if (isDraft(draft["properties"])) {
    const properties = Object.entries(draft["properties"]).map(([name, property]) => [
      name,
      structural(property as Draft),
    ]);
    result["properties"] = Object.fromEntries(properties);
    if (properties.length === 0) delete result["properties"];
  }
  if (Array.isArray(draft["required"])) {
    if (draft["required"].length > 0) result["required"] = draft["required"].toSorted();
    else delete result["required"];
  }
  for (const key of ["allOf", "anyOf", "oneOf"]) {
    const list = result[key];
    if (Array.isArray(list)) result[key] = list.map((one) => valueRestrictions(one as Draft));
  }
  return ordered(result);
}

/** zod bounds every integer; the format says the same. */
function dropIntegerBounds(result: Draft): void {
  if (result["minimum"] === Number.MIN_SAFE_INTEGER || result["minimum"] === -(2 ** 31)) delete result["minimum"];
  if (result["maximum"] === Number.MAX_SAFE_INTEGER || result["maximum"] === 2 ** 31 - 1) delete result["maximum"];
}

/** Within allOf, anyOf, oneOf and not a structural schema only restricts values: no types, no descriptions. */
function valueRestrictions(draft: Draft): StructuralSchema {
  const { type, description, default: initially, additionalProperties, ...rest } = structural(draft);
  return rest;
}

function ordered(draft: Draft): StructuralSchema {
  return pick(draft, keywords) as StructuralSchema;
}

function pick(draft: Draft, keys: readonly string[]): Draft {
  return Object.fromEntries(keys.flatMap((key) => (draft[key] === undefined ? [] : [[key, draft[key]]])));
}

function isDraft(value: unknown): value is Draft {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isEmpty(value: unknown): boolean {
  return isDraft(value) && Object.keys(value).length === 0;
}
