import type { z } from "zod";
import type { Kind, KubernetesObject } from "./kind.ts";

/** What is wrong with one field: where, what came, what was expected. */
export interface FieldProblem {
  /** Such as `spec.behavior.scaleUp.policies[0].periodSeconds`; empty for the whole object. */
  readonly path: string;
  /** What came, as JSON and cut when long; `nothing` where the field is missing. */
  readonly found: string;
  readonly expected: string;
}

export type ReadResult<T> =
  | { readonly ok: true; readonly object: T }
  | { readonly ok: false; readonly problems: readonly FieldProblem[] };

/**
 * Checks an object against its kind and fills in the defaults. Unknown fields stay; null counts as absent. CEL rules
 * are not looked at: they are the API server's.
 */
export function readObject<T extends KubernetesObject>(kind: Kind<T>, value: unknown): ReadResult<T> {
  const input = withoutNulls(value);
  const result = kind.schema.safeParse(input);
  if (result.success) return { ok: true, object: withUnknown(input, result.data) as T };
  return { ok: false, problems: result.error.issues.flatMap((issue) => problemsOf(issue, input)) };
}

/** `spec.replicas: "three", expected a whole number`. */
export function formatProblem({ path, found, expected }: FieldProblem): string {
  return `${path === "" ? "" : `${path}: `}${found}, expected ${expected}`;
}

/** An API server drops null fields that are not nullable before it applies defaults. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isObject(value)) return value;
  const entries = Object.entries(value).filter(([, field]) => field !== null);
  return Object.fromEntries(entries.map(([key, field]) => [key, withoutNulls(field)]));
}

/** What zod gives, plus the fields of the input that it does not know. */
function withUnknown(input: unknown, parsed: unknown): unknown {
  if (Array.isArray(input) && Array.isArray(parsed))
    return parsed.map((item, index) => withUnknown(input[index], item));
  if (!isObject(input) || !isObject(parsed)) return parsed;
  const merged: Record<string, unknown> = { ...input };
  for (const [key, field] of Object.entries(parsed)) {
    merged[key] = Object.hasOwn(input, key) ? withUnknown(input[key], field) : field;
  }
  return merged;
}

function problemsOf(issue: z.core.$ZodIssue, input: unknown): FieldProblem[] {
  // Of the branches of a union the one that got furthest says most; all at the same place are named together.
  if (issue.code === "invalid_union" && issue.errors.length > 0) {
    const branches = issue.errors.map((issues) => issues.filter((one) => one !== undefined));
    const sameType = branches.find((issues) => issues.every((one) => one.code !== "invalid_type"));
    const chosen = sameType ?? branches.flat();
    const expected = [...new Set(chosen.map(expectedBy))].join(" or ");
    return [problem(issue.path, input, expected)];
  }
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => problem([...issue.path, key], input, "no such field"));
  }
  return [problem(issue.path, input, expectedBy(issue))];
}

function problem(path: readonly PropertyKey[], input: unknown, expected: string): FieldProblem {
  return { path: formatPath(path), found: shown(valueAt(input, path)), expected };
}

function expectedBy(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return typeNames[issue.expected] ?? issue.expected;
    case "invalid_value":
      return issue.values.length === 1
        ? JSON.stringify(issue.values[0])
        : `one of ${issue.values.map((value) => JSON.stringify(value)).join(", ")}`;
    case "too_small":
      return `${issue.inclusive === false ? "more than" : "at least"} ${issue.minimum}${unitOf(issue.origin)}`;
    case "too_big":
      return `${issue.inclusive === false ? "less than" : "at most"} ${issue.maximum}${unitOf(issue.origin)}`;
    case "invalid_format":
      return issue.format === "regex" && issue.message.startsWith("Invalid string")
        ? `text that matches ${issue.pattern ?? "its pattern"}`
        : issue.message;
    case "not_multiple_of":
      return `a multiple of ${issue.divisor}`;
    default:
      return issue.message;
  }
}

const typeNames: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
  record: "an object",
};

function unitOf(origin: string): string {
  if (origin === "string") return " characters";
  if (origin === "array") return " items";
  return "";
}

function formatPath(path: readonly PropertyKey[]): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else if (/^[A-Za-z_][A-Za-z0-9_-]*$/.test(String(part))) text += text === "" ? String(part) : `.${String(part)}`;
    else text += `[${JSON.stringify(String(part))}]`;
  }
  return text;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value;
  for (const part of path) at = (at as Record<PropertyKey, unknown> | undefined)?.[part];
  return at;
}

const longest = 60;

function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value);
  return text.length <= longest ? text : `${text.slice(0, longest)}...`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
