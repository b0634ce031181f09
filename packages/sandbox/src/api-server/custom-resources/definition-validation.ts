import type {
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionVersion,
  StructuralSchema,
} from "@bellows/api";
import { equalJson } from "../json-value.ts";
import type { FieldError } from "../status-error.ts";
import { statusOnWrite } from "./definition-status.ts";
import { child, forbiddenField, index, invalidValue, notSupported, required } from "./field-problem.ts";
import { type Hoisted, versionsText } from "./internal-form.ts";
import { dns1035Problem, subdomainProblem } from "./names.ts";
import { rootSchemaProblems } from "./root-schema-rules.ts";

type Definition = CustomResourceDefinition;
type Spec = NonNullable<Definition["spec"]>;

/**
 * What is wrong with a CustomResourceDefinition (after defaulting), as apiextensions 1.35 words it. `old` is what it
 * replaces, if anything.
 */
export function validateDefinition(crd: Definition, old?: Definition): FieldError[] {
  const { spec = {} as Spec } = crd;
  const problems = old ? [] : nameProblems(crd, spec);
  return [
    ...problems,
    ...specProblems(spec),
    ...(old ? immutableProblems(crd, old) : []),
    ...storedVersionProblems(crd, spec),
    ...approvalProblems(crd, old),
  ];
}

function nameProblems({ metadata }: Definition, spec: Spec): FieldError[] {
  const { name } = metadata;
  const problem = subdomainProblem(name);
  const problems = problem ? [invalidValue("metadata.name", name, problem)] : [];
  if (name !== `${spec.names?.plural}.${spec.group}`)
    problems.push(invalidValue("metadata.name", name, 'must be spec.names.plural+"."+spec.group'));
  return problems;
}

function immutableProblems(crd: Definition, old: Definition): FieldError[] {
  const established = old.status?.conditions?.some((c) => c.type === "Established" && c.status === "True");
  const before = old.spec;
  const after = crd.spec;
  if (!before || !after) return [];
  const problems: FieldError[] = [];
  const immutable = (path: string, now: unknown, then: unknown) => {
    if (!equalJson(now, then)) problems.push(invalidValue(path, now, "field is immutable"));
  };
  if (established) {
    immutable("spec.scope", after.scope, before.scope);
    immutable("spec.names.kind", after.names.kind, before.names.kind);
  }
  immutable("spec.group", after.group, before.group);
  immutable("spec.names.plural", after.names.plural, before.names.plural);
  return problems;
}

function specProblems(spec: Spec): FieldError[] {
  const problems: FieldError[] = [];
  const { group = "", scope = "", versions = [], names } = spec;
  const groupProblem = subdomainProblem(group);
  if (group === "") problems.push(required("spec.group"));
  else if (groupProblem) problems.push(invalidValue("spec.group", group, groupProblem));
  else if (!group.includes("."))
    problems.push(invalidValue("spec.group", group, "should be a domain with at least one dot"));

  const scopes = ["Cluster", "Namespaced"];
  if (scope === "") problems.push(required("spec.scope"));
  else if (!scopes.includes(scope)) problems.push(notSupported("spec.scope", scope, scopes));

  for (const [i, { schema }] of versions.entries())
    if (!schema?.openAPIV3Schema) problems.push(required(`spec.versions[${i}].schema.openAPIV3Schema`));
  const hoisted = hoistedFrom(versions);
  for (const [i, version] of versions.entries())
    problems.push(...versionProblems(version, `spec.versions[${i}]`, hoisted));
  if (new Set(versions.map(({ name }) => name)).size < versions.length)
    problems.push(invalidValue("spec.versions", versionsText(versions, hoisted), "must contain unique version names"));
  if (versions.filter(({ storage }) => storage).length !== 1)
    problems.push(
      invalidValue(
        "spec.versions",
        spec.versions ? versionsText(versions, hoisted) : null,
        "must have exactly one version marked as storage version",
      ),
    );
  const first = versions[0];
  if (first) {
    const problem = dns1035Problem(first.name ?? "");
    if (problem) problems.push(invalidValue("spec.version", first.name ?? "", problem));
  }

  for (const name of ["plural", "singular", "kind", "listKind"] as const)
    if (!names?.[name]) problems.push(required(`spec.names.${name}`));
  if (names) problems.push(...namesProblems(names, "spec.names"));
  if (first) problems.push(...commonProblems(first, versions, hoisted));
  if (spec.preserveUnknownFields)
    problems.push(
      invalidValue(
        "spec.preserveUnknownFields",
        true,
        "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead",
      ),
    );
  problems.push(...conversionProblems(spec));
  return problems;
}

function namesProblems(names: CustomResourceDefinitionNames, path: string): FieldError[] {
  const problems: FieldError[] = [];
  const check = (value: string | undefined, place: string, mixedCase = false) => {
    if (!value) return;
    const problem = dns1035Problem(mixedCase ? value.toLowerCase() : value);
    if (!problem) return;
    const detail = mixedCase ? `may have mixed case, but should otherwise match: ${problem}` : problem;
    problems.push(invalidValue(place, value, detail));
  };
  check(names.plural, child(path, "plural"));
  check(names.singular, child(path, "singular"));
  check(names.kind, child(path, "kind"), true);
  check(names.listKind, child(path, "listKind"), true);
  for (const [i, name] of (names.shortNames ?? []).entries()) check(name, index(child(path, "shortNames"), i));
  if (names.kind && names.kind === names.listKind)
    problems.push(invalidValue(child(path, "listKind"), names.listKind, "kind and listKind may not be the same"));
  for (const [i, name] of (names.categories ?? []).entries()) check(name, index(child(path, "categories"), i));
  return problems;
}

/**
 * What all versions say alike is, internally, said once for all: problems with it name `spec.validation`,
 * `spec.subresources` and `spec.additionalPrinterColumns`, and come once.
 */
function hoistedFrom(versions: readonly CustomResourceDefinitionVersion[]): Hoisted {
  const [first] = versions;
  const same = (field: "schema" | "subresources" | "additionalPrinterColumns") =>
    versions.every((version) => equalJson(version[field], first?.[field]));
  return { schema: same("schema"), subresources: same("subresources"), columns: same("additionalPrinterColumns") };
}

function commonProblems(
  version: CustomResourceDefinitionVersion,
  versions: readonly CustomResourceDefinitionVersion[],
  hoisted: Hoisted,
): FieldError[] {
  const problems: FieldError[] = [];
  const schema = version.schema?.openAPIV3Schema as StructuralSchema | undefined;
  const hasStatus = versions.some(({ subresources }) => subresources?.status !== undefined);
  if (hoisted.schema && schema)
    problems.push(...rootSchemaProblems(schema, "spec.validation.openAPIV3Schema", hasStatus));
  if (hoisted.subresources) problems.push(...scaleProblems(version, "spec.subresources.scale"));
  if (hoisted.columns) problems.push(...columnsProblems(version, "spec.additionalPrinterColumns"));
  return problems;
}

function columnsProblems(
  { additionalPrinterColumns = [] }: CustomResourceDefinitionVersion,
  path: string,
): FieldError[] {
  return additionalPrinterColumns.flatMap((column, i) => columnProblems(column, index(path, i)));
}

function versionProblems(version: CustomResourceDefinitionVersion, path: string, hoisted: Hoisted): FieldError[] {
  const problems: FieldError[] = [];
  const nameProblem = dns1035Problem(version.name ?? "");
  if (nameProblem) problems.push(invalidValue(child(path, "name"), version.name ?? "", nameProblem));
  if (!version.deprecated && version.deprecationWarning !== undefined)
    problems.push(
      invalidValue(
        child(path, "deprecationWarning"),
        version.deprecationWarning,
        "can only be set for deprecated versions",
      ),
    );
  const schema = version.schema?.openAPIV3Schema as StructuralSchema | undefined;
  const hasStatus = version.subresources?.status !== undefined;
  if (schema && !hoisted.schema)
    problems.push(...rootSchemaProblems(schema, child(path, "schema.openAPIV3Schema"), hasStatus));
  if (!hoisted.subresources) problems.push(...scaleProblems(version, child(path, "subresources.scale")));
  if (!hoisted.columns) problems.push(...columnsProblems(version, child(path, "additionalPrinterColumns")));
  return problems;
}

const columnTypes = ["boolean", "date", "integer", "number", "string"];
const columnFormats = ["byte", "date", "date-time", "double", "float", "int32", "int64", "password"];

function columnProblems(
  column: NonNullable<CustomResourceDefinitionVersion["additionalPrinterColumns"]>[number],
  path: string,
): FieldError[] {
  const problems: FieldError[] = [];
  if (!column.name) problems.push(required(child(path, "name")));
  const typeDetail = `must be one of ${columnTypes.join(",")}`;
  if (!column.type) problems.push(required(child(path, "type"), typeDetail));
  else if (!columnTypes.includes(column.type))
    problems.push(invalidValue(child(path, "type"), column.type, typeDetail));
  if (column.format && !columnFormats.includes(column.format))
    problems.push(invalidValue(child(path, "format"), column.format, `must be one of ${columnFormats.join(",")}`));
  if (!column.jsonPath) problems.push(required(child(path, "JSONPath")));
  else if (!column.jsonPath.startsWith("."))
    problems.push(invalidValue(child(path, "JSONPath"), column.jsonPath, "must be a simple json path starting with ."));
  return problems;
}

function scaleProblems({ subresources }: CustomResourceDefinitionVersion, path: string): FieldError[] {
  const scale = subresources?.scale;
  if (!scale) return [];
  const problems: FieldError[] = [];
  const check = (name: string, value: string | undefined, roots: readonly string[], where: string, must: boolean) => {
    const place = child(path, name);
    if (!value) {
      if (must) problems.push(required(place));
    } else if (!value.startsWith(".")) {
      problems.push(invalidValue(place, value, "must be a simple json path starting with ."));
    } else if (!roots.some((root) => value.startsWith(root))) {
      problems.push(invalidValue(place, value, `should be a json path under ${where}`));
    }
  };
  check("specReplicasPath", scale.specReplicasPath, [".spec."], ".spec", true);
  check("statusReplicasPath", scale.statusReplicasPath, [".status."], ".status", true);
  check("labelSelectorPath", scale.labelSelectorPath, [".spec.", ".status."], "either .spec or .status", false);
  return problems;
}

function conversionProblems({ conversion }: Spec): FieldError[] {
  if (!conversion) return [];
  const strategies = ["None", "Webhook"];
  const problems: FieldError[] = [];
  if (!conversion.strategy) problems.push(required("spec.conversion.strategy"));
  else if (!strategies.includes(conversion.strategy))
    problems.push(notSupported("spec.conversion.strategy", conversion.strategy, strategies));
  const config = conversion.webhook?.clientConfig;
  if (conversion.strategy === "Webhook") {
    if (!config)
      problems.push(required("spec.conversion.webhookClientConfig", "required when strategy is set to Webhook"));
    else if ((config.url === undefined) === (config.service === undefined))
      problems.push(required("spec.conversion.webhookClientConfig", "exactly one of url or service is required"));
    if (!conversion.webhook?.conversionReviewVersions?.length)
      problems.push(required("spec.conversion.conversionReviewVersions"));
  } else if (conversion.webhook) {
    problems.push(
      forbiddenField("spec.conversion.webhookClientConfig", "should not be set when strategy is not set to Webhook"),
    );
  }
  return problems;
}

function storedVersionProblems(crd: Definition, spec: Spec): FieldError[] {
  const path = "status.storedVersions";
  const stored = crd.status?.storedVersions ?? statusOnWrite(crd).storedVersions ?? [];
  if (stored.length === 0) return [invalidValue(path, null, "must have at least one stored version")];
  const problems: FieldError[] = [];
  for (const { name, storage } of spec.versions ?? [])
    if (storage && !stored.includes(name))
      problems.push(invalidValue(path, stored, `must have the storage version ${name}`));
  for (const [i, name] of stored.entries())
    if (!(spec.versions ?? []).some((version) => version.name === name))
      problems.push(
        invalidValue(
          index(path, i),
          name,
          `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`,
        ),
      );
  return problems;
}

const approval = "api-approved.kubernetes.io";

/** Groups of the Kubernetes project itself need a sign that the API was reviewed. */
function approvalProblems({ metadata, spec }: Definition, old: Definition | undefined): FieldError[] {
  const group = spec?.group ?? "";
  const protectedGroup = ["k8s.io", "kubernetes.io"].some((one) => group === one || group.endsWith(`.${one}`));
  const given = metadata.annotations?.[approval];
  if (!protectedGroup || (old && old.metadata.annotations?.[approval] === given)) return [];
  const path = `metadata.annotations[${approval}]`;
  const more = "see https://github.com/kubernetes/enhancements/pull/1111";
  if (given === undefined || given === "")
    return [required(path, `protected groups must have approval annotation "${approval}", ${more}`)];
  if (given.startsWith("unapproved") || URL.canParse(given)) return [];
  return [
    invalidValue(
      path,
      given,
      `protected groups must have approval annotation "${approval}" with either a URL or a reason starting with "unapproved", ${more}`,
    ),
  ];
}
