import type { CelRule, StructuralSchema } from "@bellows/api";
import type { FieldError } from "../status-error.ts";
import { CompileError, compileRule, mentions } from "./cel/rule.ts";
import { findTypeFault, resourceSchema } from "./cel/type-check.ts";
import { child, forbiddenField, index, invalidValue, key, notSupported, required } from "./field-problem.ts";
import { ruleText } from "./internal-form.ts";

const types = ["array", "boolean", "integer", "number", "object", "string"];
const reasons = ["FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"];

/**
 * What the schema of a CRD may not say, beyond being structural: unsupported keywords, list and map types that don't
 * fit, and validation rules that are incomplete or do not compile.
 *
 * @param rules  whether to compile the rules: only once the schema is known to be structural
 */
export function schemaProblems(schema: StructuralSchema, path: string, rules: boolean): FieldError[] {
  return problemsAt(schema, { path, rules, root: true, uncorrelated: undefined });
}

interface Place {
  readonly path: string;
  readonly rules: boolean;
  readonly root: boolean;
  /** The list above whose items can't be told apart between two revisions, if any. */
  readonly uncorrelated: string | undefined;
}

function problemsAt(schema: StructuralSchema, { path, rules, root, uncorrelated }: Place): FieldError[] {
  const { properties = {}, additionalProperties, items, anyOf = [], allOf = [], oneOf = [], not } = schema;
  const inner: readonly (readonly [StructuralSchema | undefined, string, boolean])[] = [
    [
      typeof additionalProperties === "object" ? additionalProperties : undefined,
      child(path, "additionalProperties"),
      rules,
    ],
    ...Object.entries(properties).map(([name, part]) => [part, key(child(path, "properties"), name), rules] as const),
    [not, child(path, "not"), false],
    [items, child(path, "items"), rules],
    ...allOf.map((part, i) => [part, index(child(path, "allOf"), i), false] as const),
    ...anyOf.map((part, i) => [part, index(child(path, "anyOf"), i), false] as const),
    ...oneOf.map((part, i) => [part, index(child(path, "oneOf"), i), false] as const),
  ];
  const below = items && schema["x-kubernetes-list-type"] !== "map" ? (uncorrelated ?? path) : uncorrelated;
  const visible = root ? resourceSchema(schema) : schema;
  const own = schema["x-kubernetes-validations"] ?? [];
  const rulePath = (i: number) => index(child(path, "x-kubernetes-validations"), i);
  const problems = [
    ...keywordProblems(schema, path),
    ...inner.flatMap(([part, place, compile]) =>
      part
        ? problemsAt(part, {
            path: place,
            rules: compile,
            root: false,
            uncorrelated: part === items ? below : uncorrelated,
          })
        : [],
    ),
    ...listTypeProblems(schema, path),
    ...own.flatMap((rule, i) => ruleProblems(rule, visible, rulePath(i))),
  ];
  // Rules are only compiled over schemas that are sound from here down: their faults would say little otherwise.
  if (!rules || problems.length > 0) return problems;
  return own.flatMap((rule, i) => compileProblems(rule, visible, rulePath(i), uncorrelated));
}

function keywordProblems(schema: StructuralSchema, path: string): FieldError[] {
  const problems: FieldError[] = [];
  const { type, uniqueItems, additionalProperties, properties = {}, $ref } = schema;
  if (uniqueItems)
    problems.push(
      forbiddenField(
        child(path, "uniqueItems"),
        "uniqueItems cannot be set to true since the runtime complexity becomes quadratic",
      ),
    );
  // Only `true`, which says nothing, may stand beside properties.
  if (additionalProperties !== undefined && additionalProperties !== true && Object.keys(properties).length > 0)
    problems.push(
      forbiddenField(child(path, "additionalProperties"), "additionalProperties and properties are mutual exclusive"),
    );
  if (type && !types.includes(type)) problems.push(notSupported(child(path, "type"), type, types));
  if ($ref) problems.push(forbiddenField(child(path, "$ref"), "$ref is not supported"));
  const unsupported = schema as Record<string, unknown>;
  for (const name of ["id", "additionalItems", "patternProperties", "definitions", "dependencies"])
    if (unsupported[name] !== undefined) problems.push(forbiddenField(child(path, name), `${name} is not supported`));
  if (schema["x-kubernetes-preserve-unknown-fields"] === false)
    problems.push(
      invalidValue(child(path, "x-kubernetes-preserve-unknown-fields"), false, "must be true or undefined"),
    );
  return problems;
}

function listTypeProblems(schema: StructuralSchema, path: string): FieldError[] {
  const { type = "", items } = schema;
  const listType = schema["x-kubernetes-list-type"];
  const mapType = schema["x-kubernetes-map-type"];
  const keys = schema["x-kubernetes-list-map-keys"] ?? [];
  const problems: FieldError[] = [];
  const typeMustBe = (wanted: string, extension: string) => {
    if (type === wanted) return;
    const detail = `must be ${wanted} if ${extension} is specified`;
    problems.push(type ? invalidValue(child(path, "type"), type, detail) : required(child(path, "type"), detail));
  };
  if (mapType !== undefined) typeMustBe("object", "x-kubernetes-map-type");
  if (mapType !== undefined && mapType !== "atomic" && mapType !== "granular")
    problems.push(notSupported(child(path, "x-kubernetes-map-type"), mapType, ["atomic", "granular"]));
  if (listType !== undefined) typeMustBe("array", "x-kubernetes-list-type");
  if (listType !== undefined && !["atomic", "set", "map"].includes(listType))
    problems.push(notSupported(child(path, "x-kubernetes-list-type"), listType, ["atomic", "set", "map"]));
  if (listType === "set") problems.push(...setProblems(items, path));
  if (keys.length > 0 && listType !== "map") {
    const detail = "must be map if x-kubernetes-list-map-keys is non-empty";
    const place = child(path, "x-kubernetes-list-type");
    problems.push(listType ? invalidValue(place, listType, detail) : required(place, detail));
  }
  if (listType === "map") problems.push(...mapListProblems(items, keys, path));
  return problems;
}

function setProblems(items: StructuralSchema | undefined, path: string): FieldError[] {
  const place = child(path, "items");
  const detail = "must be atomic as item of a list with x-kubernetes-list-type=set";
  const problems: FieldError[] = [];
  if (items?.type === "array" && items["x-kubernetes-list-type"] && items["x-kubernetes-list-type"] !== "atomic")
    problems.push(invalidValue(child(place, "x-kubernetes-list-type"), items["x-kubernetes-list-type"], detail));
  if (items?.type === "object" && items["x-kubernetes-map-type"] !== "atomic")
    problems.push(invalidValue(child(place, "x-kubernetes-map-type"), items["x-kubernetes-map-type"] ?? null, detail));
  return problems;
}

function mapListProblems(items: StructuralSchema | undefined, keys: readonly string[], path: string): FieldError[] {
  const place = child(path, "items");
  const keysPath = child(path, "x-kubernetes-list-map-keys");
  const problems: FieldError[] = [];
  if (keys.length === 0) problems.push(required(keysPath, "must not be empty if x-kubernetes-list-type is map"));
  if (!items) return [...problems, required(place, "must have a schema if x-kubernetes-list-type is map")];
  if (items.type !== "object")
    problems.push(
      invalidValue(
        child(place, "type"),
        items.type ?? "",
        "must be object if parent array's x-kubernetes-list-type is map",
      ),
    );
  for (const [i, name] of keys.entries()) {
    const property = items.properties?.[name];
    const propertyPath = key(child(place, "properties"), name);
    if (!property) {
      problems.push(invalidValue(keysPath, keys, "entries must all be names of item properties"));
    } else if (property.type === "array" || property.type === "object") {
      problems.push(
        invalidValue(
          child(propertyPath, "type"),
          items.type ?? "",
          "must be a scalar type if parent array's x-kubernetes-list-type is map",
        ),
      );
    } else if (property.default === undefined && !items.required?.includes(name)) {
      problems.push(
        required(
          child(propertyPath, "default"),
          "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property",
        ),
      );
    }
    if (keys.indexOf(name) < i) problems.push(invalidValue(keysPath, keys, "must not contain duplicate entries"));
  }
  return problems;
}

function ruleProblems(rule: CelRule, schema: StructuralSchema, path: string): FieldError[] {
  const problems: FieldError[] = [];
  const { message, messageExpression, reason, fieldPath } = rule;
  if (!rule.rule?.trim()) problems.push(required(child(path, "rule"), "rule is not specified"));
  const messagePath = child(path, "message");
  if (message !== undefined && message !== "" && !message.trim())
    problems.push(invalidValue(messagePath, message, "must be non-empty if specified"));
  else if (message?.includes("\n")) problems.push(invalidValue(messagePath, message, "must not contain line breaks"));
  else if (rule.rule?.trim().includes("\n") && !message)
    problems.push(required(messagePath, "message must be specified if rule contains line breaks"));
  if (messageExpression && !messageExpression.trim())
    problems.push(required(child(path, "messageExpression"), "messageExpression must be non-empty if specified"));
  if (reason && !reasons.includes(reason)) problems.push(notSupported(child(path, "reason"), reason, reasons));
  if (fieldPath && !leadsSomewhere(fieldPath, schema))
    problems.push(invalidValue(child(path, "fieldPath"), fieldPath, "must be a valid path"));
  return problems;
}

/** Whether a path of names (`.a.b`, `['c']`) names a field that the schema has. */
function leadsSomewhere(fieldPath: string, schema: StructuralSchema): boolean {
  let place: StructuralSchema | undefined = schema;
  const rest = fieldPath.replaceAll(/\.([^.[\]]+)|\['((?:[^'\\]|\\.)*)'\]/g, (_, plain?: string, quoted?: string) => {
    const name = plain ?? quoted ?? "";
    const map: StructuralSchema | boolean | undefined = place?.additionalProperties;
    place = place?.properties?.[name] ?? (typeof map === "object" ? map : undefined);
    return "";
  });
  return rest === "" && place !== undefined;
}

function compileProblems(
  rule: CelRule,
  schema: StructuralSchema,
  path: string,
  uncorrelated: string | undefined,
): FieldError[] {
  const { program, message, usesOldSelf } = compileRule(rule);
  const problems: FieldError[] = [];
  const variables = new Map([
    ["self", schema],
    ["oldSelf", rule.optionalOldSelf ? undefined : schema],
  ]);
  const fault = program instanceof CompileError ? program : findTypeFault(rule.rule, program, variables, "boolean");
  if (fault) problems.push(invalidValue(child(path, "rule"), ruleText(rule), fault.message));
  if (message) {
    const messageFault =
      message instanceof CompileError
        ? message
        : findTypeFault(rule.messageExpression as string, message, variables, "string");
    if (messageFault)
      problems.push(
        invalidValue(child(path, "messageExpression"), ruleText(rule), `messageExpression ${messageFault.message}`),
      );
  }
  const mentionsOld = usesOldSelf || mentions(rule.messageExpression ?? "", "oldSelf");
  if (mentionsOld && uncorrelated !== undefined)
    problems.push(
      invalidValue(
        child(path, "rule"),
        rule.rule,
        `oldSelf cannot be used on the uncorrelatable portion of the schema within ${uncorrelated}`,
      ),
    );
  else if (rule.optionalOldSelf !== undefined && !mentionsOld)
    problems.push(
      invalidValue(
        child(path, "optionalOldSelf"),
        rule.optionalOldSelf,
        "may not be set if oldSelf is not used in rule",
      ),
    );
  return problems;
}
