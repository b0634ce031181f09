import type { StructuralSchema } from "@bellows/api";
import { Duration } from "@marcbachmann/cel-js/evaluator";
import { isObject } from "../../json-value.ts";
import { isGoDuration } from "../string-format.ts";

/**
 * A JSON value as a rule sees it: integers as CEL ints, `date-time` strings as timestamps, `duration` strings as
 * durations, `byte` strings as bytes, and property names escaped.
 *
 * @param root  whether this is a whole object, whose rules see only the name of its metadata
 */
export function celValue(value: unknown, schema: StructuralSchema | undefined, root = false): unknown {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) return value.map((item) => celValue(item, schema?.items));
  if (isObject(value)) return celObject(value, schema, root || schema?.["x-kubernetes-embedded-resource"] === true);
  if (typeof value === "number") return celNumber(value, schema);
  return typeof value === "string" ? celText(value, schema) : value;
}

function celNumber(value: number, schema: StructuralSchema | undefined): number | bigint {
  const whole = Number.isInteger(value) && schema?.type !== "number";
  return whole ? BigInt(value) : value;
}

function celText(value: string, schema: StructuralSchema | undefined): unknown {
  switch (schema?.format) {
    case "date-time":
    case "date":
      return new Date(value);
    case "duration":
      return isGoDuration(value) ? durationOf(value) : value;
    case "byte":
      return new Uint8Array(Buffer.from(value, "base64"));
    default:
      return value;
  }
}

const nanoseconds: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 6e10,
  h: 3.6e12,
};

function durationOf(text: string): Duration {
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/([\d.]+)([a-zµμ]+)/g))
    total += Number(amount) * (nanoseconds[unit as string] as number);
  if (text.startsWith("-")) total = -total;
  return new Duration(BigInt(Math.trunc(total / 1e9)), Math.round(total % 1e9));
}

function celObject(value: Record<string, unknown>, schema: StructuralSchema | undefined, resource: boolean) {
  const { properties, additionalProperties } = schema ?? {};
  const result: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(value)) {
    if (field === undefined) continue;
    const property = properties?.[name];
    if (resource && name === "metadata") result[name] = objectName(field);
    else if (property) result[escapeName(name)] = celValue(field, property);
    else if (typeof additionalProperties === "object") result[name] = celValue(field, additionalProperties);
    else result[resource ? name : escapeName(name)] = celValue(field, undefined);
  }
  return result;
}

function objectName(metadata: unknown) {
  if (!isObject(metadata)) return {};
  const { name, generateName } = metadata;
  return { ...(name !== undefined && { name }), ...(generateName !== undefined && { generateName }) };
}

const keywords: ReadonlySet<string> = new Set(
  "true false null in as break const continue else for function if import let loop package namespace return var void while".split(
    " ",
  ),
);

/** A property's name in rules: `__` for `__`, `.`, `-` and `/` written out, and keywords wrapped. */
export function escapeName(name: string): string {
  if (keywords.has(name)) return `__${name}__`;
  if (/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name) && !name.includes("__")) return name;
  return name
    .replaceAll("__", "__underscores__")
    .replaceAll(".", "__dot__")
    .replaceAll("-", "__dash__")
    .replaceAll("/", "__slash__");
}
