import type { CelRule, CustomResourceDefinitionVersion, StructuralSchema } from "@bellows/api";
import { Verbatim } from "./field-problem.ts";

/**
 * Some problems of definitions print a value the way apiextensions holds it internally: all of Go's fields, in the order
 * of the struct, by their Go names, whether they are set or not.
 */
export const versionsText = (versions: readonly CustomResourceDefinitionVersion[], hoisted: Hoisted): Verbatim =>
  new Verbatim(goObjects(versions.map((version) => versionForm(version, hoisted))));

export const ruleText = (rule: CelRule): Verbatim => new Verbatim(goObjects(ruleForm(rule)));

export const schemaText = (schema: StructuralSchema): Verbatim => new Verbatim(goObjects(schemaForm(schema)));

/** What all versions have in common stands at the top of the internal form, and is not repeated in them. */
export interface Hoisted {
  readonly schema: boolean;
  readonly subresources: boolean;
  readonly columns: boolean;
}

const goObjects = (value: unknown) =>
  JSON.stringify(value).replaceAll("<", "\\u003c").replaceAll(">", "\\u003e").replaceAll("&", "\\u0026");

const versionForm = (version: CustomResourceDefinitionVersion, hoisted: Hoisted) => ({
  Name: version.name,
  Served: version.served ?? false,
  Storage: version.storage ?? false,
  Deprecated: version.deprecated ?? false,
  DeprecationWarning: version.deprecationWarning ?? null,
  Schema:
    hoisted.schema || !version.schema
      ? null
      : { OpenAPIV3Schema: schemaForm((version.schema.openAPIV3Schema ?? {}) as StructuralSchema) },
  Subresources:
    hoisted.subresources || !version.subresources
      ? null
      : { Status: version.subresources.status ?? null, Scale: version.subresources.scale ?? null },
  AdditionalPrinterColumns: hoisted.columns ? null : (version.additionalPrinterColumns ?? null),
  SelectableFields: version.selectableFields ?? null,
});

const ruleForm = (rule: CelRule) => ({
  Rule: rule.rule ?? "",
  Message: rule.message ?? "",
  MessageExpression: rule.messageExpression ?? "",
  Reason: rule.reason ?? null,
  FieldPath: rule.fieldPath ?? "",
  OptionalOldSelf: rule.optionalOldSelf ?? null,
});

type Form = Record<string, unknown>;

const formOf = (schema: StructuralSchema | undefined): Form | null => (schema ? schemaForm(schema) : null);
const formsOf = (schemas: readonly StructuralSchema[] | undefined) => schemas?.map(schemaForm) ?? null;

function schemaForm(schema: StructuralSchema): Form {
  const { properties, additionalProperties, items } = schema;
  return {
    ID: "",
    Schema: "",
    Ref: schema.$ref ?? null,
    Description: schema.description ?? "",
    Type: schema.type ?? "",
    Nullable: schema.nullable ?? false,
    Format: schema.format ?? "",
    Title: "",
    Default: schema.default ?? null,
    Maximum: schema.maximum ?? null,
    ExclusiveMaximum: schema.exclusiveMaximum ?? false,
    Minimum: schema.minimum ?? null,
    ExclusiveMinimum: schema.exclusiveMinimum ?? false,
    MaxLength: schema.maxLength ?? null,
    MinLength: schema.minLength ?? null,
    Pattern: schema.pattern ?? "",
    MaxItems: schema.maxItems ?? null,
    MinItems: schema.minItems ?? null,
    UniqueItems: schema.uniqueItems ?? false,
    MultipleOf: schema.multipleOf ?? null,
    Enum: schema.enum ?? null,
    MaxProperties: schema.maxProperties ?? null,
    MinProperties: schema.minProperties ?? null,
    Required: schema.required ?? null,
    Items: items ? { Schema: schemaForm(items), JSONSchemas: null } : null,
    AllOf: formsOf(schema.allOf),
    OneOf: formsOf(schema.oneOf),
    AnyOf: formsOf(schema.anyOf),
    Not: formOf(schema.not),
    Properties: properties
      ? Object.fromEntries(
          Object.keys(properties)
            .sort()
            .map((name) => [name, formOf(properties[name])]),
        )
      : null,
    AdditionalProperties:
      additionalProperties === undefined
        ? null
        : typeof additionalProperties === "object"
          ? { Allows: true, Schema: schemaForm(additionalProperties) }
          : { Allows: additionalProperties, Schema: null },
    PatternProperties: null,
    Dependencies: null,
    AdditionalItems: null,
    Definitions: null,
    ExternalDocs: null,
    Example: null,
    XPreserveUnknownFields: schema["x-kubernetes-preserve-unknown-fields"] ?? null,
    XEmbeddedResource: schema["x-kubernetes-embedded-resource"] ?? false,
    XIntOrString: schema["x-kubernetes-int-or-string"] ?? false,
    XListMapKeys: schema["x-kubernetes-list-map-keys"] ?? null,
    XListType: schema["x-kubernetes-list-type"] ?? null,
    XMapType: schema["x-kubernetes-map-type"] ?? null,
    XValidations: schema["x-kubernetes-validations"]?.map(ruleForm) ?? null,
  };
}
