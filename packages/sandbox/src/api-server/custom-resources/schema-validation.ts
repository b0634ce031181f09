import type { StructuralSchema } from "@bellows/api";
import { equalJson, isObject } from "../json-value.ts";
import type { FieldError } from "../status-error.ts";
import type { Correlation } from "./correlation.ts";
import { invalidValue, notSupported, required, tooLong, tooMany, typeInvalid } from "./field-problem.ts";
import { goRegExp } from "./go-regexp.ts";
import { hasFormat } from "./string-format.ts";

/** What a check found, and how many checks it made: the count picks the nearest miss among `anyOf` and `oneOf`. */
interface Result {
  readonly problems: FieldError[];
  checks: number;
}

/**
 * Checks a value against its schema, with the messages of an API server of 1.35 (kube-openapi's validator). Fields come in
 * the order of their names, where an API server's order is chance.
 *
 * @param path  of the value, empty for the whole object
 * @param correlation  on an update: what stood there before; problems of unchanged values are tolerated
 */
export function validateSchema(
  value: unknown,
  schema: StructuralSchema,
  path = "",
  correlation?: Correlation,
): FieldError[] {
  return validate(value, schema, path, correlation).problems;
}

function validate(value: unknown, schema: StructuralSchema, path: string, correlation?: Correlation): Result {
  const result = validateNode(value, schema, path, correlation);
  return result.problems.length > 0 && correlation?.unchanged ? { problems: [], checks: result.checks } : result;
}

function validateNode(value: unknown, schema: StructuralSchema, path: string, correlation?: Correlation): Result {
  const result: Result = { problems: [], checks: 0 };
  if (value === null || value === undefined) {
    merge(result, checkType(null, schema, path));
    merge(result, checkEnum(null, schema, path));
    return result;
  }
  const checks: (Result | undefined)[] = [
    typesOf(schema).length > 0 || checkedFormat(schema) ? checkType(value, schema, path) : undefined,
    checkComposition(value, schema, path, correlation),
    typeof value === "string" ? checkString(value, schema, path) : undefined,
    typeof value === "string" && checkedFormat(schema) ? checkFormat(value, schema, path) : undefined,
    typeof value === "number" ? checkNumber(value, schema, path) : undefined,
    Array.isArray(value) ? checkList(value, schema, path, correlation) : undefined,
    checkEnum(value, schema, path),
    isObject(value) ? checkObject(value, schema, path, correlation) : undefined,
  ];
  for (const check of checks) {
    if (!check) continue;
    merge(result, check);
    result.checks++;
  }
  result.checks++;
  return result;
}

function merge(into: Result, other: Result) {
  into.problems.push(...other.problems);
  into.checks += other.checks;
}

const fine = (checks: number): Result => ({ problems: [], checks });
const bad = (checks: number, ...problems: FieldError[]): Result => ({ problems, checks });

/** Names in messages: the path, or nothing at the root, which upstream prints as it is. */
const inBody = (path: string) => `${path} in body`;

function typesOf(schema: StructuralSchema): readonly string[] {
  if (schema["x-kubernetes-int-or-string"]) return ["integer", "string"];
  return schema.type ? [schema.type] : [];
}

/** The schema's format where it is one that API servers check, and only on strings. */
function checkedFormat(schema: StructuralSchema): string | undefined {
  return schema.format !== undefined && hasFormat(schema.format, "") !== undefined ? schema.format : undefined;
}

/** The JSON type's name, with `integer` for whole numbers. */
function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}

function checkType(value: unknown, schema: StructuralSchema, path: string): Result {
  const types = typesOf(schema);
  if (value === null) {
    if (types.length === 0 || schema.nullable) return fine(1);
    return bad(0, wrongType(path, types.join(","), "null"));
  }
  const type = typeOf(value);
  const format = checkedFormat(schema);
  const matches = types.includes(type) || (type === "integer" && types.includes("number"));
  if (format && type !== "string" && type !== "array" && !matches)
    return bad(0, wrongType(path, format, numberFormat[type] ?? ""));
  if (format && (type === "string" || type === "array") && !types.includes("integer") && !types.includes("number"))
    return fine(1);
  return matches ? fine(1) : bad(0, wrongType(path, types.join(","), type));
}

/** What upstream calls a number where a format was expected. */
const numberFormat: Readonly<Record<string, string>> = { integer: "int64", number: "float64" };

const wrongType = (path: string, expected: string, actual: string) =>
  typeInvalid(path, actual, `${inBody(path)} must be of type ${expected}: "${actual}"`);

function checkEnum(value: unknown, schema: StructuralSchema, path: string): Result {
  const allowed = schema.enum;
  if (!allowed || allowed.length === 0 || allowed.some((one) => equalJson(one, value))) return fine(0);
  return bad(0, notSupported(path, value, allowed));
}

function checkString(value: string, schema: StructuralSchema, path: string): Result {
  const { maxLength, minLength, pattern } = schema;
  const length = [...value].length;
  if (maxLength !== undefined && length > maxLength) return bad(0, tooLong(path, maxLength));
  if (minLength !== undefined && length < minLength)
    return bad(0, invalidValue(path, value, `${inBody(path)} should be at least ${minLength} chars long`));
  if (pattern && goRegExp(pattern)?.test(value) === false)
    return bad(0, invalidValue(path, value, `${inBody(path)} should match '${pattern}'`));
  return fine(0);
}

function checkFormat(value: string, schema: StructuralSchema, path: string): Result {
  const { format = "" } = schema;
  if (hasFormat(format, value) !== false) return fine(0);
  return bad(0, typeInvalid(path, value, `${inBody(path)} must be of type ${format}: ${JSON.stringify(value)}`));
}

function checkNumber(value: number, schema: StructuralSchema, path: string): Result {
  const { multipleOf, maximum, minimum, exclusiveMaximum = false, exclusiveMinimum = false } = schema;
  const result = fine(1);
  const fail = (what: string) => result.problems.push(invalidValue(path, value, `${inBody(path)} should be ${what}`));
  if (multipleOf !== undefined && !Number.isInteger(multipleOf < 1 ? (1 / multipleOf) * value : value / multipleOf))
    fail(`a multiple of ${multipleOf}`);
  if (minimum !== undefined && (value < minimum || (exclusiveMinimum && value === minimum)))
    fail(exclusiveMinimum ? `greater than ${minimum}` : `greater than or equal to ${minimum}`);
  if (maximum !== undefined && (value > maximum || (exclusiveMaximum && value === maximum)))
    fail(exclusiveMaximum ? `less than ${maximum}` : `less than or equal to ${maximum}`);
  return result;
}

function checkList(value: unknown[], schema: StructuralSchema, path: string, correlation?: Correlation): Result {
  const { items, minItems, maxItems, uniqueItems } = schema;
  const result = fine(1);
  if (items)
    value.forEach((item, position) => {
      merge(result, validate(item, items, `${path}[${position}]`, correlation?.index(position)));
    });
  if (minItems !== undefined && value.length < minItems)
    result.problems.push(invalidValue(path, value.length, `${inBody(path)} should have at least ${minItems} items`));
  if (maxItems !== undefined && value.length > maxItems) result.problems.push(tooMany(path, value.length, maxItems));
  if (uniqueItems && value.some((item, position) => value.findIndex((other) => equalJson(item, other)) < position))
    result.problems.push(invalidValue(path, "", `${inBody(path)} shouldn't contain duplicates`));
  return result;
}

function checkObject(
  value: Record<string, unknown>,
  schema: StructuralSchema,
  path: string,
  correlation?: Correlation,
): Result {
  const { properties = {}, additionalProperties, required: names = [], minProperties, maxProperties } = schema;
  const result = fine(0);
  const count = Object.keys(value).length;
  if (minProperties !== undefined && count < minProperties)
    result.problems.push(invalidValue(path, count, `${inBody(path)} should have at least ${minProperties} properties`));
  if (maxProperties !== undefined && count > maxProperties) result.problems.push(tooMany(path, count, maxProperties));

  for (const name of Object.keys(value).sort()) {
    if (Object.hasOwn(properties, name)) {
      const own = path ? `${path}.${name}` : name;
      merge(result, validate(value[name], properties[name] as StructuralSchema, own, childOf(correlation, path, name)));
    } else if (additionalProperties === false) {
      result.problems.push(invalidValue(path, name, `${path}.${name} in body is a forbidden property`));
    } else if (typeof additionalProperties === "object") {
      const own = path ? `${path}.${name}` : name;
      merge(result, validate(value[name], additionalProperties, own, childOf(correlation, path, name)));
    }
  }
  for (const name of names)
    if (!Object.hasOwn(value, name)) result.problems.push(required(path ? `${path}.${name}` : name));
  return result;
}

/** `kind` and `apiVersion` of the whole object are never tolerated for being unchanged. */
function childOf(correlation: Correlation | undefined, path: string, name: string): Correlation | undefined {
  return path === "" && (name === "kind" || name === "apiVersion") ? undefined : correlation?.key(name);
}

function checkComposition(
  value: unknown,
  { anyOf = [], oneOf = [], allOf = [], not }: StructuralSchema,
  path: string,
  correlation?: Correlation,
): Result {
  const result = fine(1);
  const say = (text: string) => result.problems.push(invalidValue("", "", `"${path}" must ${text}`));
  const each = (schemas: readonly StructuralSchema[]) =>
    schemas.map((schema) => validateNode(value, schema, path, correlation));

  if (anyOf.length > 0) {
    const results = each(anyOf);
    const success = results.find(({ problems }) => problems.length === 0);
    if (!success) say("validate at least one schema (anyOf)");
    merge(result, success ?? nearest(results));
  }
  if (oneOf.length > 0) {
    const results = each(oneOf);
    const successes = results.filter(({ problems }) => problems.length === 0);
    if (successes.length === 1) {
      merge(result, successes[0] as Result);
    } else {
      const found = successes.length === 0 ? "Found none valid" : `Found ${successes.length} valid alternatives`;
      say(`validate one and only one schema (oneOf). ${found}`);
      if (successes.length === 0) merge(result, nearest(results));
    }
  }
  if (allOf.length > 0) {
    const results = each(allOf);
    for (const one of results) merge(result, one);
    const valid = results.filter(({ problems }) => problems.length === 0).length;
    if (valid !== allOf.length) say(`validate all the schemas (allOf)${valid === 0 ? ". None validated" : ""}`);
  }
  if (not && validateNode(value, not, path, correlation).problems.length === 0) say("not validate the schema (not)");
  return result;
}

/** The failure that got furthest; the first of equals. */
const nearest = (results: readonly Result[]): Result =>
  results.reduce((best, one) => (one.checks > best.checks ? one : best));
