import type { CelRule, StructuralSchema } from "@bellows/api";
import { isObject } from "../../json-value.ts";
import type { FieldError } from "../../status-error.ts";
import { type Correlation, findByKeys } from "../correlation.ts";
import { child, duplicate, forbiddenField, index, invalidValue, key, omitted, required } from "../field-problem.ts";
import { celValue } from "./cel-value.ts";
import { optionalValue } from "./optional-value.ts";
import { type CompiledRule, CompileError, compileRule } from "./rule.ts";

export interface RuleProblems {
  readonly errors: FieldError[];
  /** Problems that were tolerated, since what they are about did not change. */
  readonly warnings: string[];
}

/**
 * Runs the `x-kubernetes-validations` of a schema on an object whose structure is known to be right. Rules that mention
 * `oldSelf` run on updates only, where the old value can be told (unless they take an optional old value).
 */
export function evaluateRules(
  value: unknown,
  old: unknown,
  schema: StructuralSchema,
  correlation?: Correlation,
): RuleProblems {
  const found: RuleProblems = { errors: [], warnings: [] };
  if (hasRules(schema)) visit({ value, old, schema, path: "", correlation, root: true }, found);
  return found;
}

const withRules = new WeakMap<StructuralSchema, boolean>();

/** Whether a schema has rules anywhere; remembered, so that the rest of an object costs nothing. */
export function hasRules(schema: StructuralSchema): boolean {
  let answer = withRules.get(schema);
  if (answer === undefined) {
    const { properties = {}, additionalProperties, items, allOf = [] } = schema;
    const inner = [...Object.values(properties), items, additionalProperties, ...allOf];
    answer =
      (schema["x-kubernetes-validations"]?.length ?? 0) > 0 ||
      inner.some((part) => typeof part === "object" && hasRules(part));
    withRules.set(schema, answer);
  }
  return answer;
}

interface Place {
  readonly value: unknown;
  readonly old: unknown;
  readonly schema: StructuralSchema;
  readonly path: string;
  readonly correlation: Correlation | undefined;
  readonly root?: boolean;
}

function visit(place: Place, found: RuleProblems) {
  const { value, schema } = place;
  if (value === null || value === undefined || !hasRules(schema)) return;
  runRules(place, found);
  for (const part of schema.allOf ?? []) visit({ ...place, schema: part, correlation: undefined }, found);
  if (Array.isArray(value)) visitItems(place, value, found);
  else if (isObject(value)) visitFields(place, value, found);
}

function visitItems({ old, schema, path, correlation }: Place, list: readonly unknown[], found: RuleProblems) {
  const { items } = schema;
  if (!items) return;
  const oldList = Array.isArray(old) ? old : [];
  for (const [position, value] of list.entries())
    visit(
      {
        value,
        old: findByKeys(schema, oldList, value),
        schema: items,
        path: index(path, position),
        correlation: correlation?.index(position),
      },
      found,
    );
}

function visitFields({ old, schema, path, correlation }: Place, object: Record<string, unknown>, found: RuleProblems) {
  const { properties = {}, additionalProperties } = schema;
  const before = isObject(old) ? old : {};
  for (const name of Object.keys(object).sort()) {
    const property = properties[name];
    const part = property ?? (typeof additionalProperties === "object" ? additionalProperties : undefined);
    if (!part) continue;
    const place = property ? child(path, name) : key(path, name);
    visit(
      { value: object[name], old: before[name], schema: part, path: place, correlation: correlation?.key(name) },
      found,
    );
  }
}

function runRules(place: Place, found: RuleProblems) {
  const { value, old, schema, path, root } = place;
  const rules = schema["x-kubernetes-validations"] ?? [];
  if (rules.length === 0) return;
  const self = celValue(value, schema, root);
  const hasOld = old !== undefined && old !== null;
  const oldSelf = hasOld ? celValue(old, schema, root) : undefined;

  for (const rule of rules) {
    const compiled = compileRule(rule);
    if (compiled.usesOldSelf && !hasOld && !rule.optionalOldSelf) continue;
    const variables = { self, oldSelf: rule.optionalOldSelf ? optionalValue(oldSelf) : oldSelf };
    const problem = problemOf(compiled, variables, value, schema, path);
    if (!problem) continue;
    if (!compiled.usesOldSelf && place.correlation?.unchanged)
      found.warnings.push(`${problem.field}: ${problem.message}`);
    else found.errors.push(problem);
  }
}

function problemOf(
  compiled: CompiledRule,
  variables: Readonly<Record<string, unknown>>,
  value: unknown,
  schema: StructuralSchema,
  path: string,
): FieldError | undefined {
  const { rule, program } = compiled;
  const type = schema.type ?? "";
  if (program instanceof CompileError) return invalidValue(path, type, `rule compile error: ${program.message}`);
  try {
    if (program.evaluate(variables) === true) return undefined;
  } catch (error) {
    const text = inGoWords((error as Error).message);
    const name = rule.message?.trim() || rule.rule.trim();
    const detail = text.startsWith("no such overload")
      ? `'${text}': call arguments did not match a supported operator, function or macro signature for rule: ${name}`
      : `${text} evaluating rule: ${name}`;
    return invalidValue(path, type, detail);
  }
  const shown = schema.type === "object" || schema.type === "array" ? omitted : value;
  const place = rule.fieldPath ? child(path, fieldPathText(rule.fieldPath, schema)) : path;
  return problemFor(rule, place, shown, messageOf(compiled, variables));
}

function problemFor(rule: CelRule, path: string, value: unknown, detail: string): FieldError {
  switch (rule.reason) {
    case "FieldValueForbidden":
      return forbiddenField(path, detail);
    case "FieldValueRequired":
      return required(path, detail);
    case "FieldValueDuplicate":
      return duplicate(path, value);
    default:
      return invalidValue(path, value, detail);
  }
}

/** `.a['b']` as it is printed: `a.b` where b is a field, `a[b]` where it is the key of a map. */
function fieldPathText(fieldPath: string, schema: StructuralSchema): string {
  let place: StructuralSchema | undefined = schema;
  let text = "";
  for (const [, plain, quoted] of fieldPath.matchAll(/\.([^.[\]]+)|\['((?:[^'\\]|\\.)*)'\]/g)) {
    const name = plain ?? quoted ?? "";
    const property: StructuralSchema | undefined = place?.properties?.[name];
    const map: StructuralSchema | boolean | undefined = place?.additionalProperties;
    text = property ? child(text, name) : key(text, name);
    place = property ?? (typeof map === "object" ? map : undefined);
  }
  return text;
}

const longestMessage = 5 * 1024;

function messageOf({ rule, message }: CompiledRule, variables: Readonly<Record<string, unknown>>): string {
  const fallback = rule.message?.trim() || `failed rule: ${rule.rule.trim()}`;
  if (message === undefined || message instanceof CompileError) return fallback;
  try {
    const text = String(message.evaluate(variables)).trim();
    return text === "" || text.includes("\n") || text.length > longestMessage ? fallback : text;
  } catch {
    return fallback;
  }
}

/** Faults that the CEL library words otherwise than cel-go. */
const inGoWords = (text: string): string =>
  text.startsWith("invalid duration string")
    ? "type conversion error from 'string' to 'google.protobuf.Duration'"
    : text;
