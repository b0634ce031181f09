import { z } from "zod";
import type { CustomKind, Kind, KubernetesObject, ObjectMeta, PrinterColumn } from "./kind.ts";
import { structuralSchema } from "./structural-from-zod.ts";
import type { CelRule, StructuralSchema } from "./structural-schema.ts";

/** What there is to say about a custom kind. Everything else - type, defaults, CRD, reference - is made from it. */
export interface KindDefinition<
  Spec extends z.ZodType,
  Status extends z.ZodType | undefined,
  SpecOptional extends boolean,
> {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** Derived from the kind where left out. */
  readonly plural?: string;
  readonly singular?: string;
  readonly listKind?: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly scope: "Namespaced" | "Cluster";
  /** What it is for, in a sentence. */
  readonly summary: string;
  /** Columns of `kubectl get`: in full, or by name and path with the type that the schema has there. */
  readonly columns?: readonly PrinterColumn[] | Readonly<Record<string, string>>;
  readonly spec: Spec;
  /** True where an object without a spec is accepted. */
  readonly specOptional?: SpecOptional;
  readonly status?: Status;
  /** Whether status is a subresource; it is where there is a status, unless said otherwise. */
  readonly statusSubresource?: boolean;
  readonly scale?: NonNullable<CustomKind["scaleSubresource"]>;
  /** CEL rules on the whole object. */
  readonly rules?: readonly CelRule[];
}

/** The objects of a kind whose spec and status have these schemas. Defaulted fields are there, as the server adds them. */
export type ObjectFrom<
  Spec extends z.ZodType,
  Status extends z.ZodType | undefined,
  SpecOptional extends boolean,
> = KubernetesObject & { metadata: ObjectMeta } & (SpecOptional extends true
    ? { spec?: z.output<Spec> }
    : { spec: z.output<Spec> }) &
  (Status extends z.ZodType ? { status?: z.output<Status> } : unknown);

/** Describes a custom kind once. See {@link KindDefinition}. */
export function kind<
  Spec extends z.ZodType,
  Status extends z.ZodType | undefined = undefined,
  SpecOptional extends boolean = false,
>(definition: KindDefinition<Spec, Status, SpecOptional>): Kind<ObjectFrom<Spec, Status, SpecOptional>> {
  type Object = ObjectFrom<Spec, Status, SpecOptional>;
  const singular = definition.singular ?? definition.kind.toLowerCase();
  let schema: z.ZodType<Object> | undefined;
  let custom: CustomKind | undefined;
  return {
    group: definition.group,
    version: definition.version,
    kind: definition.kind,
    plural: definition.plural ?? pluralOf(singular),
    singular,
    listKind: definition.listKind ?? `${definition.kind}List`,
    shortNames: definition.shortNames ?? [],
    categories: definition.categories ?? [],
    scope: definition.scope,
    apiVersion: `${definition.group}/${definition.version}`,
    get schema() {
      schema ??= objectSchema(definition) as unknown as z.ZodType<Object>;
      return schema;
    },
    get custom() {
      custom ??= customOf(definition);
      return custom;
    },
  };
}

function objectSchema(definition: KindDefinition<z.ZodType, z.ZodType | undefined, boolean>): z.ZodType {
  const { spec, specOptional, status, rules } = definition;
  const whole = z.looseObject({
    apiVersion: z.string().optional(),
    kind: z.string().optional(),
    metadata: z.looseObject({}),
    spec: specOptional ? spec.optional() : spec,
    ...(status ? { status: status.optional() } : {}),
  });
  return rules?.length ? whole.meta({ "x-kubernetes-validations": [...rules] }) : whole;
}

function customOf(definition: KindDefinition<z.ZodType, z.ZodType | undefined, boolean>): CustomKind {
  const { spec, specOptional, status } = definition;
  const whole = z.object({
    apiVersion: z
      .string()
      .optional()
      .describe(`The version of the schema that this object is written in: ${definition.group}/${definition.version}.`),
    kind: z.string().optional().describe(`What this object is: ${definition.kind}.`),
    metadata: z.object({}).optional(),
    spec: specOptional ? spec.optional() : spec,
    ...(status ? { status: status.optional() } : {}),
  });
  const structural = structuralSchema(whole);
  structural.description = definition.summary;
  // The API server owns metadata: a CRD may only name it.
  if (structural.properties) structural.properties["metadata"] = { type: "object" };
  if (definition.rules?.length) structural["x-kubernetes-validations"] = [...definition.rules];
  return {
    summary: definition.summary,
    columns: columnsOf(definition.columns ?? [], structural),
    statusSubresource: definition.statusSubresource ?? status !== undefined,
    scaleSubresource: definition.scale,
    rules: definition.rules ?? [],
    structural,
  };
}

function columnsOf(
  columns: readonly PrinterColumn[] | Readonly<Record<string, string>>,
  schema: StructuralSchema,
): readonly PrinterColumn[] {
  if (Array.isArray(columns)) return columns as readonly PrinterColumn[];
  return Object.entries(columns as Readonly<Record<string, string>>).map(([name, jsonPath]) => ({
    name,
    type: columnType(jsonPath, schema),
    jsonPath,
  }));
}

/** The type of the field that a plain path leads to; a path with filters gives text. */
function columnType(jsonPath: string, schema: StructuralSchema): PrinterColumn["type"] {
  if (jsonPath === ".metadata.creationTimestamp") return "date";
  let field: StructuralSchema | undefined = schema;
  for (const name of jsonPath.split(".").slice(1)) field = field?.properties?.[name];
  if (field?.format === "date-time") return "date";
  const type = field?.type;
  return type === "integer" || type === "number" || type === "boolean" ? type : "string";
}

/** English enough for kinds: `Policy` is `policies`, `Class` is `classes`. */
function pluralOf(singular: string): string {
  if (/(?:s|x|z|ch|sh)$/.test(singular)) return `${singular}es`;
  if (/[^aeiou]y$/.test(singular)) return `${singular.slice(0, -1)}ies`;
  return `${singular}s`;
}
