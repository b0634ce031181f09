import type { StructuralSchema } from "@bellows/api";
import { isObject } from "../json-value.ts";

const standsFor = (value: unknown, schema: StructuralSchema | undefined) =>
  value === undefined || (value === null && schema !== undefined && !schema.nullable);

/**
 * Fills in what the schema has defaults for, outer fields before inner ones, and drops nulls that the schema neither
 * allows nor has a default for, unless it `keepsNulls`. The same object where there was nothing to do.
 */
export function applySchemaDefaults<T>(value: T, schema: StructuralSchema | undefined, keepsNulls = false): T {
  if (!schema) return value;
  if (Array.isArray(value)) return defaultList(value, schema, keepsNulls) as T;
  return isObject(value) ? (defaultObject(value, schema, keepsNulls) as T) : value;
}

function defaultObject(
  value: Record<string, unknown>,
  schema: StructuralSchema,
  keepsNulls: boolean,
): Record<string, unknown> {
  const { properties = {}, additionalProperties } = schema;
  let result = value;
  const change = () => {
    if (result === value) result = { ...value };
    return result;
  };

  for (const [name, property] of Object.entries(properties)) {
    if (!standsFor(value[name], property)) continue;
    if (property.default !== undefined) change()[name] = property.default;
    else if (!keepsNulls && Object.hasOwn(value, name)) delete change()[name];
  }
  for (const name of Object.keys(result)) {
    const property = properties[name] ?? (typeof additionalProperties === "object" ? additionalProperties : undefined);
    if (!property) continue;
    const own =
      result[name] === null && standsFor(null, property)
        ? (property.default ?? (keepsNulls ? null : undefined))
        : result[name];
    if (own === undefined) {
      delete change()[name];
      continue;
    }
    const defaulted = applySchemaDefaults(own, property, keepsNulls);
    if (defaulted !== result[name]) change()[name] = defaulted;
  }
  return result;
}

function defaultList(value: readonly unknown[], schema: StructuralSchema, keepsNulls: boolean): readonly unknown[] {
  const { items } = schema;
  if (!items) return value;
  const changed = value.map((item) =>
    applySchemaDefaults(
      item === null && !items.nullable && items.default !== undefined ? items.default : item,
      items,
      keepsNulls,
    ),
  );
  return changed.every((item, position) => item === value[position]) ? value : changed;
}
