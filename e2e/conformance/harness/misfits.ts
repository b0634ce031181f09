import type { StructuralSchema } from "@bellows/api";
import type { Json } from "./conversation.ts";

/** A value that a schema refuses, in its place under the root. */
export interface Misfit {
  readonly path: readonly string[];
  readonly value: Json;
}

const ofWrongType: Readonly<Record<string, Json>> = {
  string: 7,
  integer: "many",
  number: "much",
  boolean: "maybe",
  object: "one",
  array: "several",
};

/** Values that each constraint of one schema refuses, what is inside of it left out. */
function* refusedBy(schema: StructuralSchema): Generator<Json> {
  const { type, enum: choices, pattern, format, minimum, maximum } = schema;
  if (schema["x-kubernetes-int-or-string"]) yield [];
  else if (type) yield ofWrongType[type];
  if (choices) yield "nonsense";
  if (pattern) yield ["", "!", "-1", "a b"].find((text) => !new RegExp(pattern).test(text)) ?? "!";
  if (format === "date-time" || format === "byte") yield "soon?";
  if (minimum !== undefined) yield minimum - 1;
  if (maximum !== undefined) yield maximum + 1;
  if (schema.minLength) yield "";
  if (schema.maxLength && schema.maxLength < 1000) yield "x".repeat(schema.maxLength + 1);
  if (schema.minItems) yield [];
  if (schema.maxItems && schema.maxItems < 200 && schema.items?.type === "string")
    yield Array.from({ length: schema.maxItems + 1 }, (_, at) => `x${at}`);
}

/** Each place of a schema with each kind of value that it refuses; `skip` names places that are gone around. */
export function* misfits(
  schema: StructuralSchema,
  skip: (path: readonly string[]) => boolean = () => false,
  path: readonly string[] = [],
): Generator<Misfit> {
  if (skip(path)) return;
  for (const value of refusedBy(schema)) yield { path, value };
  for (const [name, inner] of Object.entries(schema.properties ?? {})) yield* misfits(inner, skip, [...path, name]);
  if (typeof schema.additionalProperties === "object")
    yield* misfits(schema.additionalProperties, skip, [...path, "k"]);
  if (schema.items) yield* misfits(schema.items, skip, [...path, "0"]);
}

/** `base` with a misfit put into it: into the first item of a list, into the key `k` of a map. */
export function withMisfit(base: Json, { path: [step, ...rest], value }: Misfit): Json {
  if (step === undefined) return value;
  if (step === "0" && (base === undefined || Array.isArray(base))) {
    const [first, ...others] = base ?? [];
    return [withMisfit(first, { path: rest, value }), ...others];
  }
  return { ...base, [step]: withMisfit(base?.[step], { path: rest, value }) };
}
