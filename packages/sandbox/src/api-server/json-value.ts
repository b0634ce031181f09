/** A JSON object. Values of a store are frozen by convention: copy what you change. */
export type JsonObject = Record<string, unknown>;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Structural equality of JSON values; the order of an object's keys does not matter. */
export function equalJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) return false;
    for (let i = 0; i < a.length; i++) if (!equalJson(a[i], b[i])) return false;
    return true;
  }
  if (Array.isArray(b)) return false;
  const left = a as JsonObject;
  const right = b as JsonObject;
  let size = 0;
  for (const key in left) {
    if (left[key] === undefined) continue;
    size++;
    if (right[key] === undefined || !equalJson(left[key], right[key])) return false;
  }
  for (const key in right) if (right[key] !== undefined) size--;
  return size === 0;
}

/** The same value with the members of every object in order of name, as Go writes a map; those of `except` stay as they are. */
export function sortedJson(value: unknown, except: readonly string[] = []): unknown {
  if (Array.isArray(value)) return value.map((item) => sortedJson(item, except));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, except.includes(key) ? value[key] : sortedJson(value[key], except)]),
  );
}
