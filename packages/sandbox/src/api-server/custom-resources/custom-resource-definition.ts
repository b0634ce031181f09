import type {
  CustomResourceDefinition,
  CustomResourceDefinitionVersion,
  KubernetesObject,
  PrinterColumn,
  StructuralSchema,
} from "@bellows/api";
import { builtinDefinitions } from "@bellows/api/builtin";
import type { Verdict } from "../resource.ts";
import { SchemaView } from "../schema-view.ts";
import type { FieldError } from "../status-error.ts";
import { customTableFormat, type TableFormat } from "../table/table.ts";
import { evaluateRules, hasRules } from "./cel/rule-evaluation.ts";
import { Correlation } from "./correlation.ts";
import { applySchemaDefaults } from "./defaulting.ts";
import { validateEmbedded } from "./embedded-validation.ts";
import { invalidValue } from "./field-problem.ts";
import { validateListTypes } from "./list-type-validation.ts";
import { type Pruned, prune } from "./pruning.ts";
import { type ScalePaths, scaleProblems } from "./scale-subresource.ts";
import { validateSchema } from "./schema-validation.ts";

/** A resource that a CustomResourceDefinition describes, ready to serve. */
export interface CustomResource {
  readonly group: string;
  readonly kind: string;
  readonly listKind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly scope: "Namespaced" | "Cluster";
  /** All versions, served or not, in the definition's order. */
  readonly versions: readonly CustomResourceVersion[];
  readonly storageVersion: CustomResourceVersion;
}

/**
 * Reads a definition that passed {@link validateDefinition}. Nothing is compiled or walked before it is needed: schemas,
 * tables and rules are made on first use and kept with the version.
 */
export function customResourceDefinition(crd: CustomResourceDefinition): CustomResource {
  const spec = crd.spec as NonNullable<CustomResourceDefinition["spec"]>;
  const { names } = spec;
  const versions = spec.versions.map((version) => new CustomResourceVersion(spec.group, names.kind, version));
  return {
    group: spec.group,
    kind: names.kind,
    listKind: names.listKind ?? `${names.kind}List`,
    plural: names.plural,
    singular: names.singular ?? names.kind.toLowerCase(),
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    scope: spec.scope === "Cluster" ? "Cluster" : "Namespaced",
    versions,
    storageVersion: versions.find((version) => version.storage) as CustomResourceVersion,
  };
}

const anything: StructuralSchema = { type: "object", "x-kubernetes-preserve-unknown-fields": true };

/** One version of a custom resource: how its objects are completed, checked and shown. */
export class CustomResourceVersion {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
  readonly served: boolean;
  readonly storage: boolean;
  readonly schema: StructuralSchema;
  readonly hasStatus: boolean;
  readonly scale: ScalePaths | undefined;
  readonly columns: readonly PrinterColumn[];
  /** JSON paths that field selectors may use besides the metadata's: `.spec.color`. */
  readonly selectableFields: readonly string[];
  /** What a client of this version is told in a Warning header; undefined for versions that are not deprecated. */
  readonly deprecationWarning: string | undefined;
  private lazyView: SchemaView | undefined;
  private lazyTable: TableFormat | undefined;

  constructor(group: string, kind: string, version: CustomResourceDefinitionVersion) {
    this.group = group;
    this.kind = kind;
    this.name = version.name;
    this.served = version.served;
    this.storage = version.storage;
    this.schema = (version.schema?.openAPIV3Schema as StructuralSchema | undefined) ?? anything;
    this.hasStatus = version.subresources?.status !== undefined;
    this.scale = version.subresources?.scale;
    this.columns = (version.additionalPrinterColumns ?? []) as PrinterColumn[];
    this.selectableFields = (version.selectableFields ?? []).map(({ jsonPath }) => jsonPath);
    this.deprecationWarning = version.deprecated
      ? (version.deprecationWarning ?? `${group}/${version.name} ${kind} is deprecated`)
      : undefined;
  }

  get apiVersion(): string {
    return `${this.group}/${this.name}`;
  }

  /** The schema as patches and managed fields walk it, with the metadata of every object. */
  get view(): SchemaView {
    this.lazyView ??= SchemaView.ofResource(this.schema, builtinDefinitions());
    return this.lazyView;
  }

  get tableFormat(): TableFormat {
    this.lazyTable ??= customTableFormat(this.columns);
    return this.lazyTable;
  }

  /** Fills in the schema's defaults, and drops nulls that the schema does not allow. Made once a read and a write. */
  applyDefaults<T extends object>(object: T, keepsNulls = false): T {
    return applySchemaDefaults(object, this.schema, keepsNulls);
  }

  /** Drops unknown fields, and names them: strict field validation refuses the object for them, `Warn` only tells. */
  prune(object: Record<string, unknown>): Pruned {
    return prune(object, this.schema);
  }

  /** Everything but the metadata, which is checked as for any object. */
  validateCreate(object: KubernetesObject): Verdict {
    const type = this.typeProblems(object);
    if (type.length > 0) return { errors: type, warnings: [] };
    const errors = [
      ...validateSchema(object, this.schema),
      ...this.scaleProblems(object),
      ...validateEmbedded(object, this.schema),
      ...validateListTypes(object, this.schema),
    ];
    return this.withRules(errors, object, undefined);
  }

  /** Like {@link validateCreate}, but tolerates what was wrong before and did not change. */
  validateUpdate(object: KubernetesObject, old: KubernetesObject): Verdict {
    const type = this.typeProblems(object);
    if (type.length > 0) return { errors: type, warnings: [] };
    const correlation = new Correlation(object, old, this.schema);
    const errors = [
      ...validateSchema(object, this.schema, "", correlation),
      ...this.scaleProblems(object),
      ...validateEmbedded(object, this.schema),
    ];
    if (validateListTypes(old, this.schema).length === 0) errors.push(...validateListTypes(object, this.schema));
    return this.withRules(errors, object, old, correlation);
  }

  /** A write of the status subresource: only the status is checked by its schema, and by all rules. */
  validateStatusUpdate(object: KubernetesObject, old: KubernetesObject): Verdict {
    const type = this.typeProblems(object);
    if (type.length > 0) return { errors: type, warnings: [] };
    const correlation = new Correlation(object, old, this.schema);
    const status = (object as { status?: unknown }).status;
    const schema = this.schema.properties?.["status"];
    const errors: FieldError[] = [];
    if (status !== undefined && schema)
      errors.push(...validateSchema(status, schema, "status", correlation.key("status")));
    if (this.scale) errors.push(...scaleProblems(object, this.scale, true));
    if (validateListTypes(old, this.schema).length === 0) errors.push(...validateListTypes(object, this.schema));
    return this.withRules(errors, object, old, correlation);
  }

  private typeProblems({ apiVersion, kind }: KubernetesObject): FieldError[] {
    const problems: FieldError[] = [];
    if (kind !== this.kind) problems.push(invalidValue("kind", kind ?? "", `must be ${this.kind}`));
    if (apiVersion !== this.apiVersion)
      problems.push(invalidValue("apiVersion", apiVersion ?? "", `must be ${this.apiVersion}`));
    return problems;
  }

  private scaleProblems(object: KubernetesObject): FieldError[] {
    return this.scale ? scaleProblems(object, this.scale) : [];
  }

  /** Rules may rely on the structure, so they only run where it is right. */
  private withRules(errors: FieldError[], object: unknown, old: unknown, correlation?: Correlation): Verdict {
    if (!hasRules(this.schema)) return { errors, warnings: [] };
    if (errors.some(({ reason }) => blocking.has(reason))) {
      const detail =
        "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation";
      return { errors: [...errors, invalidValue("", null, detail)], warnings: [] };
    }
    const rules = evaluateRules(object, old, this.schema, correlation);
    return { errors: [...errors, ...rules.errors], warnings: rules.warnings };
  }
}

const blocking: ReadonlySet<FieldError["reason"]> = new Set([
  "FieldValueNotSupported",
  "FieldValueRequired",
  "FieldValueTooLong",
  "FieldValueTooMany",
  "FieldValueTypeInvalid",
] as const);

export { defaultDefinition, establish, isEstablished, statusOnWrite, terminating } from "./definition-status.ts";
export { validateDefinition } from "./definition-validation.ts";
