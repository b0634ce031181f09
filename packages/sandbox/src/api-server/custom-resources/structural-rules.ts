import type { StructuralSchema } from "@bellows/api";
import { equalJson } from "../json-value.ts";
import type { FieldError } from "../status-error.ts";
import { child, forbiddenField, index, invalidValue, key, required } from "./field-problem.ts";
import { goRegExp, goRegExpProblem } from "./go-regexp.ts";

type Level = "root" | "item" | "field";

/** The one shape of `anyOf` that may name types: an integer or a string. */
const intOrString = [{ type: "integer" }, { type: "string" }];

/**
 * The rules that make a schema structural, sorted by text as an API server lists them: every place has a type, logical
 * junctors (`anyOf`, `not`, ...) only restrict values, and metadata is left alone.
 */
export function structuralProblems(schema: StructuralSchema, path: string): FieldError[] {
  // What refers to another schema has no structure to look at; the reference itself is refused elsewhere.
  if (hasReference(schema)) return [];
  const problems: FieldError[] = [];
  checkPlace(schema, "root", path, problems);
  return problems.sort((a, b) => (text(a) < text(b) ? -1 : 1));
}

const hasReference = (schema: StructuralSchema): boolean => {
  const { items, properties = {}, additionalProperties, $ref } = schema;
  const inner = [items, typeof additionalProperties === "object" ? additionalProperties : undefined];
  return (
    $ref !== undefined || [...Object.values(properties), ...inner].some((one) => one !== undefined && hasReference(one))
  );
};

const text = ({ field, message }: FieldError) => `${field}: ${message}`;

function checkPlace(schema: StructuralSchema, level: Level, path: string, problems: FieldError[]) {
  const { type, items, properties = {}, additionalProperties } = schema;
  if (type === "array" && !items) problems.push(required(child(path, "items"), "must be specified"));
  if (items) checkPlace(items, "item", child(path, "items"), problems);
  for (const [name, property] of Object.entries(properties))
    checkPlace(property, "field", propertyPath(path, name), problems);
  if (additionalProperties) {
    const place = child(path, "additionalProperties");
    if (level === "root") problems.push(forbiddenField(place, "must not be used at the root"));
    if (typeof additionalProperties === "object") checkPlace(additionalProperties, "field", place, problems);
  }
  checkExtensions(schema, path, problems);
  checkValues(schema, path, problems);
  checkTypes(schema, level, path, problems);
}

const propertyPath = (path: string, name: string) => key(child(path, "properties"), name);

function checkExtensions(schema: StructuralSchema, path: string, problems: FieldError[]) {
  if (!schema["x-kubernetes-int-or-string"]) return;
  for (const name of ["x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource"] as const)
    if (schema[name])
      problems.push(invalidValue(child(path, name), true, "must be false if x-kubernetes-int-or-string is true"));
}

function checkTypes(schema: StructuralSchema, level: Level, path: string, problems: FieldError[]) {
  const { type, properties = {}, additionalProperties } = schema;
  const typePath = child(path, "type");
  const embedded = schema["x-kubernetes-embedded-resource"] === true;
  const free = schema["x-kubernetes-int-or-string"] || schema["x-kubernetes-preserve-unknown-fields"];

  if (embedded && type !== "object") {
    const detail = "must be object if x-kubernetes-embedded-resource is true";
    problems.push(type ? invalidValue(typePath, type, detail) : required(typePath, detail));
  } else if (!type && !free) {
    problems.push(required(typePath, missingType[level]));
  }
  if (embedded && additionalProperties)
    problems.push(
      forbiddenField(child(path, "additionalProperties"), "must not be used if x-kubernetes-embedded-resource is set"),
    );
  if (level === "root" && type && type !== "object")
    problems.push(invalidValue(typePath, type, "must be object at the root"));

  const resource = level === "root" || embedded;
  for (const name of ["kind", "apiVersion"])
    if (resource && properties[name] && properties[name].type !== "string")
      problems.push(
        invalidValue(child(propertyPath(path, name), "type"), properties[name].type ?? "", "must be string"),
      );
  if (properties["metadata"]) checkMetadata(properties["metadata"], resource, level, path, problems);
  if (embedded && !schema["x-kubernetes-preserve-unknown-fields"] && Object.keys(properties).length === 0)
    problems.push(
      required(
        child(path, "properties"),
        "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields",
      ),
    );
}

const missingType: Readonly<Record<Level, string>> = {
  root: "must not be empty at the root",
  item: "must not be empty for specified array items",
  field: "must not be empty for specified object fields",
};

function checkMetadata(
  metadata: StructuralSchema,
  resource: boolean,
  level: Level,
  path: string,
  problems: FieldError[],
) {
  const place = propertyPath(path, "metadata");
  if (resource && metadata.type !== "object")
    problems.push(invalidValue(child(place, "type"), metadata.type ?? "", "must be object"));
  if (level !== "root") return;
  const { type: _, description: __, default: ___, properties = {}, ...rest } = metadata;
  const names = Object.keys(properties).every((name) => name === "name" || name === "generateName");
  if (!names || Object.keys(rest).length > 0)
    problems.push(
      forbiddenField(
        place,
        "must not specify anything other than name and generateName, but metadata is implicitly specified",
      ),
    );
}

/** What `anyOf`, `allOf`, `oneOf` and `not` hold, and the pattern. */
function checkValues(schema: StructuralSchema, path: string, problems: FieldError[]) {
  const { anyOf = [], allOf = [], oneOf = [], not, pattern } = schema;
  if (!equalJson(anyOf, intOrString))
    for (const [i, part] of anyOf.entries()) checkNested(part, index(child(path, "anyOf"), i), false, problems);
  for (const [i, part] of allOf.entries()) checkNested(part, index(child(path, "allOf"), i), i === 0, problems);
  for (const [i, part] of oneOf.entries()) checkNested(part, index(child(path, "oneOf"), i), false, problems);
  if (not) checkNested(not, child(path, "not"), false, problems);
  if (pattern && !goRegExp(pattern))
    problems.push(
      invalidValue(
        child(path, "pattern"),
        pattern,
        `must be a valid regular expression, but isn't: ${goRegExpProblem(pattern)}`,
      ),
    );
}

function checkNested(schema: StructuralSchema, path: string, mayBeIntOrString: boolean, problems: FieldError[]) {
  const { items, properties = {}, additionalProperties, ...own } = schema;
  const values = mayBeIntOrString && equalJson(own.anyOf, intOrString) ? { ...own, anyOf: [] } : own;
  checkValues(values, path, problems);
  if (items) checkNested(items, child(path, "items"), false, problems);
  for (const [name, property] of Object.entries(properties))
    checkNested(property, propertyPath(path, name), false, problems);
  if (additionalProperties !== undefined)
    problems.push(forbiddenField(child(path, "additionalProperties"), "must be undefined to be structural"));
  for (const [name, detail] of forbiddenInside)
    if (own[name] !== undefined && own[name] !== false && own[name] !== "")
      problems.push(forbiddenField(child(path, name), `must be ${detail} to be structural`));
  if (properties["metadata"])
    problems.push(forbiddenField(propertyPath(path, "metadata"), "must not be specified in a nested context"));
}

const forbiddenInside = [
  ["type", "empty"],
  ["default", "undefined"],
  ["description", "empty"],
  ["nullable", "false"],
  ["x-kubernetes-preserve-unknown-fields", "false"],
  ["x-kubernetes-embedded-resource", "false"],
  ["x-kubernetes-int-or-string", "false"],
  ["x-kubernetes-list-map-keys", "empty"],
  ["x-kubernetes-list-type", "undefined"],
  ["x-kubernetes-map-type", "undefined"],
  ["x-kubernetes-validations", "empty"],
] as const;
