import { isObject } from "../json-value.ts";

/** A JSON value as Go's `%v` prints it: `map[name:a port:80]`, `[a b]`, `<nil>`; keys sorted. */
export function goJson(value: unknown): string {
  if (value === null || value === undefined) return "<nil>";
  if (Array.isArray(value)) return `[${value.map(goJson).join(" ")}]`;
  if (!isObject(value)) return String(value);
  const entries = Object.keys(value)
    .sort()
    .map((key) => `${key}:${goJson(value[key])}`);
  return `map[${entries.join(" ")}]`;
}

/** The Go type that unstructured JSON is decoded to: `map[string]interface {}`, `int64`, ... */
export function goTypeOf(value: unknown): string {
  if (value === null || value === undefined) return "%!s(<nil>)";
  if (Array.isArray(value)) return "[]interface {}";
  if (isObject(value)) return "map[string]interface {}";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "number") return Number.isInteger(value) ? "int64" : "float64";
  return "string";
}
