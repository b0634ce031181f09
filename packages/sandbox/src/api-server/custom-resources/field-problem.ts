import { isObject } from "../json-value.ts";
import type { FieldError } from "../status-error.ts";

/** The path that apimachinery prints for "the whole object": its nil path. */
const wholeObject = "<nil>";

/** Stands for a value that is not to be printed: the message then says only what is wrong. */
export const omitted: unique symbol = Symbol("omitted");

/** A value that is already written as it is to be printed. */
export class Verbatim {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

const at = (path: string) => path || wholeObject;
const withDetail = (text: string, detail: string) => (detail ? `${text}: ${detail}` : text);

export const required = (path: string, detail = ""): FieldError => ({
  reason: "FieldValueRequired",
  field: at(path),
  message: withDetail("Required value", detail),
});

export const invalidValue = (path: string, value: unknown, detail: string): FieldError => ({
  reason: "FieldValueInvalid",
  field: at(path),
  message: withDetail(valueText("Invalid value", value), detail),
});

export const typeInvalid = (path: string, value: unknown, detail: string): FieldError => ({
  reason: "FieldValueTypeInvalid",
  field: at(path),
  message: withDetail(valueText("Invalid value", value), detail),
});

export const forbiddenField = (path: string, detail: string): FieldError => ({
  reason: "FieldValueForbidden",
  field: at(path),
  message: withDetail("Forbidden", detail),
});

export const duplicate = (path: string, value: unknown): FieldError => ({
  reason: "FieldValueDuplicate",
  field: at(path),
  message: valueText("Duplicate value", value),
});

export const notSupported = (path: string, value: unknown, supported: readonly unknown[]): FieldError => ({
  reason: "FieldValueNotSupported",
  field: at(path),
  message: withDetail(
    valueText("Unsupported value", value),
    `supported values: ${supported.map((v) => goQuote(typeof v === "string" ? v : goJson(v))).join(", ")}`,
  ),
});

export const tooLong = (path: string, max: number): FieldError => ({
  reason: "FieldValueTooLong",
  field: at(path),
  message: `Too long: may not be more than ${max} ${max === 1 ? "byte" : "bytes"}`,
});

export const tooMany = (path: string, actual: number, max: number): FieldError => ({
  reason: "FieldValueTooMany",
  field: at(path),
  message: `Too many: ${actual}: must have at most ${max} ${max === 1 ? "item" : "items"}`,
});

function valueText(what: string, value: unknown): string {
  if (value === omitted) return what;
  if (value instanceof Verbatim) return `${what}: ${value.text}`;
  return `${what}: ${typeof value === "string" ? goQuote(value) : goJson(value)}`;
}

/** A string as Go's `%q` prints it. */
export function goQuote(text: string): string {
  return JSON.stringify(text).replaceAll("\u007f", "\\x7f");
}

/** A value as Go's encoding/json prints it: keys in order, and `<`, `>`, `&` escaped. */
export function goJson(value: unknown): string {
  const text = JSON.stringify(value, (_, part) =>
    isObject(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part,
  );
  return (text ?? "null").replaceAll("<", "\\u003c").replaceAll(">", "\\u003e").replaceAll("&", "\\u0026");
}

/** Paths as apimachinery's `field.Path` writes them. */
export const child = (path: string, name: string) => (path ? `${path}.${name}` : name);
export const key = (path: string, name: string) => `${path}[${name}]`;
export const index = (path: string, position: number) => `${path}[${position}]`;
