import type { StructuralSchema } from "@bellows/api";
import { isObject } from "../json-value.ts";
import type { FieldError } from "../status-error.ts";
import { child, duplicate, goJson, index, invalidValue, key } from "./field-problem.ts";

/** Checks that lists of type `set` have no equal items, and lists of type `map` no items with equal keys. */
export function validateListTypes(value: unknown, schema: StructuralSchema | undefined, path = ""): FieldError[] {
  if (!schema) return [];
  if (Array.isArray(value)) {
    const items = value.flatMap((item, position) => validateListTypes(item, schema.items, index(path, position)));
    return [...validateList(value, schema, path), ...items];
  }
  if (!isObject(value)) return [];
  const { properties = {}, additionalProperties } = schema;
  return Object.keys(value)
    .sort()
    .flatMap((name) => {
      if (properties[name]) return validateListTypes(value[name], properties[name], child(path, name));
      if (typeof additionalProperties === "object")
        return validateListTypes(value[name], additionalProperties, key(path, name));
      return [];
    });
}

function validateList(list: readonly unknown[], schema: StructuralSchema, path: string): FieldError[] {
  const listType = schema["x-kubernetes-list-type"];
  if (listType === "set") return repeated(list).map((position) => duplicate(index(path, position), list[position]));
  if (listType !== "map") return [];

  const misplaced = list.findIndex((item) => item !== null && !isObject(item));
  if (misplaced >= 0)
    return [invalidValue(index(path, misplaced), list[misplaced], "must be an object for an array of list-type map")];
  const keys = schema["x-kubernetes-list-map-keys"] ?? [];
  const identities = list.map((item) =>
    Object.fromEntries(
      keys.flatMap((name) => (isObject(item) && Object.hasOwn(item, name) ? [[name, item[name]]] : [])),
    ),
  );
  return repeated(identities).map((position) => duplicate(index(path, position), identities[position]));
}

/** Where a value appears for the second time; third and later appearances are not named again. */
function repeated(values: readonly unknown[]): number[] {
  const times = new Map<string, number>();
  return values.flatMap((value, position) => {
    const text = goJson(value);
    const seen = (times.get(text) ?? 0) + 1;
    times.set(text, seen);
    return seen === 2 ? [position] : [];
  });
}
