import { isObject, type JsonObject } from "../json-value.ts";
import { badRequest } from "../status-error.ts";

/**
 * Applies an RFC 7386 merge patch and returns the new object; null deletes. `object` is left as it was.
 * @throws StatusError 400 when the patch is no object
 */
export function mergePatch<T extends object>(object: T, patch: unknown): T {
  if (!isObject(patch)) throw badRequest("Invalid JSON Patch");
  return merge(object as JsonObject, patch) as T;
}

function merge(target: JsonObject, patch: JsonObject): JsonObject {
  const result = { ...target };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) {
      delete result[key];
      continue;
    }
    const current = Object.hasOwn(result, key) ? result[key] : undefined;
    result[key] = isObject(value) && isObject(current) ? merge(current, value) : withoutNulls(value);
  }
  return result;
}

/** A value that is new takes no nulls along, except as items of a list. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isObject(value)) return value;
  const result: JsonObject = {};
  for (const [key, item] of Object.entries(value)) if (item !== null) result[key] = withoutNulls(item);
  return result;
}
