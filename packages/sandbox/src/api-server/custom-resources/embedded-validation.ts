import type { StructuralSchema } from "@bellows/api";
import { isObject } from "../json-value.ts";
import type { FieldError } from "../status-error.ts";
import { child, index, invalidValue, key, required } from "./field-problem.ts";
import { dns1035Problem } from "./names.ts";

/** Checks `apiVersion` and `kind` of the objects that stand inside others (`x-kubernetes-embedded-resource`). */
export function validateEmbedded(value: unknown, schema: StructuralSchema | undefined, path = ""): FieldError[] {
  if (!schema) return [];
  if (Array.isArray(value))
    return value.flatMap((item, position) => validateEmbedded(item, schema.items, index(path, position)));
  if (!isObject(value)) return [];

  const own = schema["x-kubernetes-embedded-resource"] ? validateTypeMeta(value, path) : [];
  const { properties = {}, additionalProperties } = schema;
  const inner = Object.keys(value)
    .sort()
    .flatMap((name) => {
      if (properties[name]) return validateEmbedded(value[name], properties[name], child(path, name));
      if (typeof additionalProperties === "object")
        return validateEmbedded(value[name], additionalProperties, key(path, name));
      return [];
    });
  return [...own, ...inner];
}

function validateTypeMeta({ apiVersion, kind }: Record<string, unknown>, path: string): FieldError[] {
  const problems: FieldError[] = [];
  const versionPath = child(path, "apiVersion");
  const kindPath = child(path, "kind");
  if (apiVersion === undefined) problems.push(required(versionPath));
  else if (typeof apiVersion !== "string") problems.push(invalidValue(versionPath, apiVersion, "must be a string"));
  else if (apiVersion === "") problems.push(invalidValue(versionPath, apiVersion, "must not be empty"));
  else if (apiVersion.split("/").length > 2)
    problems.push(invalidValue(versionPath, apiVersion, `unexpected GroupVersion string: ${apiVersion}`));

  if (kind === undefined) problems.push(required(kindPath));
  else if (typeof kind !== "string") problems.push(invalidValue(kindPath, kind, "must be a string"));
  else if (kind === "") problems.push(invalidValue(kindPath, kind, "must not be empty"));
  else {
    const problem = dns1035Problem(kind.toLowerCase());
    if (problem)
      problems.push(invalidValue(kindPath, kind, `may have mixed case, but should otherwise match: ${problem}`));
  }
  return problems;
}
