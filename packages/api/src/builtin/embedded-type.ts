import { z } from "zod";
import type { StructuralSchema } from "../structural-schema.ts";

/** Metadata of a field that the CRD made of the zod schema is to have again. */
const carried = ["x-kubernetes-list-type", "x-kubernetes-list-map-keys", "x-kubernetes-map-type"] as const;

/**
 * The zod schema of a structural schema without references, for an embedded type in a custom kind: from it
 * `structuralSchema` makes the same structural schema again.
 */
export function embeddedType(schema: StructuralSchema): z.ZodType {
  const metadata = Object.fromEntries(
    carried.flatMap((name) => (schema[name] === undefined ? [] : [[name, schema[name]] as const])),
  );
  const type = bareType(schema);
  const described = Object.keys(metadata).length > 0 ? type.meta(metadata) : type;
  return schema.default === undefined ? described : described.default(schema.default);
}

function bareType(schema: StructuralSchema): z.ZodType {
  if (schema["x-kubernetes-int-or-string"]) return intOrString(schema.pattern);
  switch (schema.type) {
    case "object":
      return object(schema);
    case "array":
      return z.array(embeddedType(schema.items ?? {}));
    case "integer":
      return schema.format === "int32" ? z.int32() : z.int();
    case "number":
      return z.number();
    case "boolean":
      return z.boolean();
    default:
      return schema.format === undefined ? z.string() : z.string().meta({ format: schema.format });
  }
}

function intOrString(pattern: string | undefined): z.ZodType {
  const text = pattern === undefined ? z.string() : z.string().regex(new RegExp(pattern));
  return z
    .union([z.int(), text])
    .meta({ "x-kubernetes-int-or-string": true, ...(pattern === undefined ? {} : { pattern }) });
}

function object(schema: StructuralSchema): z.ZodType {
  if (typeof schema.additionalProperties === "object") {
    return z.record(z.string(), embeddedType(schema.additionalProperties));
  }
  const required = new Set(schema.required);
  const fields = Object.fromEntries(
    Object.entries(schema.properties ?? {}).map(([name, property]) => {
      const type = embeddedType(property);
      return [name, required.has(name) || property.default !== undefined ? type : type.optional()];
    }),
  );
  return schema["x-kubernetes-preserve-unknown-fields"] ? z.looseObject(fields) : z.object(fields);
}
