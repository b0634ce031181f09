import { isObject, type JsonObject } from "../json-value.ts";

/**
 * Adds what `object` leaves out and returns a copy, or `object` itself when nothing was missing. For fields that are
 * pointers upstream: only absence is unset, `0`, `false` and `""` are values.
 */
export function fill(object: JsonObject, defaults: JsonObject): JsonObject {
  let result: JsonObject | undefined;
  for (const key in defaults) {
    if (object[key] !== undefined || defaults[key] === undefined) continue;
    result ??= { ...object };
    result[key] = defaults[key];
  }
  return result ?? object;
}

/** The same for fields that are plain values upstream, where the zero value (`""`, `0`, an empty list) is unset too. */
export function fillZero(object: JsonObject, defaults: JsonObject): JsonObject {
  let result: JsonObject | undefined;
  for (const key in defaults) {
    if (!isZero(object[key]) || defaults[key] === undefined) continue;
    result ??= { ...object };
    result[key] = defaults[key];
  }
  return result ?? object;
}

const isZero = (value: unknown): boolean =>
  value === undefined || value === "" || value === 0 || (Array.isArray(value) && value.length === 0);

/** Changes the object under `key` by `change` if there is one; shares everything when nothing changed. */
export function within(object: JsonObject, key: string, change: (value: JsonObject) => JsonObject): JsonObject {
  const before = object[key];
  if (!isObject(before)) return object;
  const after = change(before);
  return after === before ? object : { ...object, [key]: after };
}

/** The same for the object under `key` that is not optional: an absent one counts as empty. */
export function withinAlways(object: JsonObject, key: string, change: (value: JsonObject) => JsonObject): JsonObject {
  const before = object[key];
  const after = change(isObject(before) ? before : {});
  return after === before ? object : { ...object, [key]: after };
}

/** Changes every object of the list under `key`. */
export function withinEach(object: JsonObject, key: string, change: (item: JsonObject) => JsonObject): JsonObject {
  const before = object[key];
  if (!Array.isArray(before)) return object;
  let after: unknown[] | undefined;
  for (let i = 0; i < before.length; i++) {
    const item: unknown = before[i];
    if (!isObject(item)) continue;
    const changed = change(item);
    if (changed === item) continue;
    after ??= [...before];
    after[i] = changed;
  }
  return after ? { ...object, [key]: after } : object;
}

/** Changes one after the other. */
export const chain =
  (...changes: readonly ((object: JsonObject) => JsonObject)[]) =>
  (object: JsonObject): JsonObject =>
    changes.reduce((current, change) => change(current), object);

/** How the defaults of one kind are put on an object of it. */
export type Defaulter = (object: JsonObject) => JsonObject;
