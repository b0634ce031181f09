import type { StructuralSchema } from "@bellows/api";
import type { FieldError } from "../status-error.ts";
import { applySchemaDefaults } from "./defaulting.ts";
import { child, forbiddenField, invalidValue, key } from "./field-problem.ts";
import { schemaText } from "./internal-form.ts";
import { prune } from "./pruning.ts";
import { schemaProblems } from "./schema-rules.ts";
import { validateSchema } from "./schema-validation.ts";
import { structuralProblems } from "./structural-rules.ts";

/** What may be said at the root of a schema whose status is checked apart from the rest. */
const allowedAtRoot: readonly (readonly [goName: string, keyword: string])[] = [
  ["Description", "description"],
  ["Type", "type"],
  ["Format", "format"],
  ["Title", "title"],
  ["Maximum", "maximum"],
  ["ExclusiveMaximum", "exclusiveMaximum"],
  ["Minimum", "minimum"],
  ["ExclusiveMinimum", "exclusiveMinimum"],
  ["MaxLength", "maxLength"],
  ["MinLength", "minLength"],
  ["Pattern", "pattern"],
  ["MaxItems", "maxItems"],
  ["MinItems", "minItems"],
  ["UniqueItems", "uniqueItems"],
  ["MultipleOf", "multipleOf"],
  ["Required", "required"],
  ["Items", "items"],
  ["Properties", "properties"],
  ["ExternalDocs", "externalDocs"],
  ["Example", "example"],
  ["XPreserveUnknownFields", "x-kubernetes-preserve-unknown-fields"],
  ["XValidations", "x-kubernetes-validations"],
];

/** What is wrong with a version's whole schema. */
export function rootSchemaProblems(schema: StructuralSchema, path: string, hasStatus: boolean): FieldError[] {
  const problems: FieldError[] = [];
  const known = new Set(allowedAtRoot.map(([, keyword]) => keyword));
  if (hasStatus && Object.keys(schema).some((keyword) => !known.has(keyword)))
    problems.push(
      invalidValue(
        path,
        schemaText(schema),
        `only [${allowedAtRoot.map(([name]) => name).join(" ")}] fields are allowed at the root of the schema if the status subresource is enabled`,
      ),
    );
  if (schema.nullable) problems.push(forbiddenField(child(path, "nullable"), "nullable cannot be true at the root"));
  const shape = structuralProblems(schema, path);
  const defaults = shape.length === 0 ? defaultProblems(schema, path) : [];
  const sound = shape.length === 0 && defaults.length === 0;
  return [...problems, ...shape, ...defaults, ...schemaProblems(schema, path, sound)];
}

/** Defaults must fit the schema that they stand in, and say nothing that it would drop. */
function defaultProblems(schema: StructuralSchema, path: string): FieldError[] {
  const { properties = {}, additionalProperties, items } = schema;
  const problems: FieldError[] = [];
  if (schema.default !== undefined) problems.push(...ownDefaultProblems(schema, child(path, "default")));
  for (const [name, property] of Object.entries(properties))
    problems.push(...defaultProblems(property, key(child(path, "properties"), name)));
  if (typeof additionalProperties === "object")
    problems.push(...defaultProblems(additionalProperties, child(path, "additionalProperties")));
  if (items) problems.push(...defaultProblems(items, child(path, "items")));
  return problems;
}

function ownDefaultProblems(schema: StructuralSchema, path: string): FieldError[] {
  const wrapped: StructuralSchema = { type: "object", properties: { default: schema } };
  if (prune({ default: schema.default }, wrapped).unknown.length > 0)
    return [invalidValue(path, schema.default, "must not have unknown fields")];
  return validateSchema(applySchemaDefaults(schema.default, schema), schema).map((problem) => ({
    ...problem,
    field: problem.field === "<nil>" ? path : child(path, problem.field),
  }));
}
