import { isObject } from "./json-value.ts";

/** A JSON value as Go prints it with `%v`, which some messages quote: `map[spec:map[replicas:2]]`. */
export function goValue(value: unknown): string {
  if (value === null || value === undefined) return "<nil>";
  if (Array.isArray(value)) return `[${value.map(goValue).join(" ")}]`;
  if (!isObject(value)) return String(value);
  return `map[${Object.keys(value)
    .sort()
    .map((key) => `${key}:${goValue(value[key])}`)
    .join(" ")}]`;
}
