import type { CustomResource } from "./custom-kinds.ts";
import type { Kind } from "./kind.ts";
import type { CelRule, StructuralSchema } from "./structural-schema.ts";

/** The reference page of a custom resource: a table of its fields, its rules and its columns, from the schema. */
export function referencePage({ versions }: CustomResource): string {
  const [stored] = versions;
  const lines = [`# ${stored.kind}`, "", stored.custom?.summary ?? "", ""];
  lines.push(...facts(stored, versions), "");
  for (const version of versions) {
    if (versions.length > 1) lines.push(`# ${version.apiVersion}`, "");
    lines.push(...versionSections(version));
  }
  return `${lines.join("\n").trimEnd()}\n`;
}

function facts(stored: Kind, versions: readonly Kind[]): string[] {
  const names = [stored.plural, ...stored.shortNames].map(code).join(", ");
  return [
    "| | |",
    "|---|---|",
    `| API version | ${versions.map(({ apiVersion }) => code(apiVersion)).join(", ")} |`,
    `| Names for kubectl | ${names} |`,
    ...(stored.categories.length > 0 ? [`| Categories | ${stored.categories.map(code).join(", ")} |`] : []),
    `| Scope | ${stored.scope} |`,
  ];
}

function versionSections(kind: Kind): string[] {
  const { custom } = kind;
  if (!custom) return [];
  const lines: string[] = [];
  for (const part of ["spec", "status"]) {
    const schema = custom.structural.properties?.[part];
    if (!schema) continue;
    lines.push(`## ${part}`, "", ...fieldTable(schema, part), "");
  }
  const rules = [...rulesOf(custom.structural, "")];
  if (rules.length > 0) {
    lines.push("## Rules", "", "| at | rule | refused with |", "|---|---|---|");
    for (const { path, rule } of rules) {
      lines.push(`| ${path === "" ? "the object" : code(path)} | ${code(rule.rule)} | ${cell(rule.message ?? "")} |`);
    }
    lines.push("");
  }
  if (custom.columns.length > 0) {
    lines.push("## Columns of kubectl get", "", "| column | shows |", "|---|---|");
    for (const { name, jsonPath, priority } of custom.columns) {
      lines.push(`| ${cell(name)}${priority ? " (wide)" : ""} | ${code(jsonPath)} |`);
    }
    lines.push("");
  }
  return lines;
}

function fieldTable(schema: StructuralSchema, path: string): string[] {
  return [
    "| field | type | default | meaning |",
    "|---|---|---|---|",
    ...fieldRows(schema, path).map((row) => `| ${row.join(" | ")} |`),
  ];
}

function fieldRows(schema: StructuralSchema, path: string): string[][] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const required = schema.required?.includes(name) ?? false;
    const at = `${path}.${name}`;
    return [fieldRow(at, field, required), ...innerRows(field, at)];
  });
}

/** The rows of what a field holds: of its own fields, of the items of a list, of the values of a map. */
function innerRows(field: StructuralSchema, at: string): string[][] {
  if (field.items) return innerRows(field.items, `${at}[]`);
  if (typeof field.additionalProperties === "object") return innerRows(field.additionalProperties, `${at}.*`);
  return fieldRows(field, at);
}

function fieldRow(path: string, field: StructuralSchema, required: boolean): string[] {
  return [
    code(path) + (required ? " (required)" : ""),
    cell(typeOf(field)),
    field.default === undefined ? "" : code(JSON.stringify(field.default)),
    cell(field.description ?? ""),
  ];
}

function typeOf(field: StructuralSchema): string {
  if (field["x-kubernetes-int-or-string"]) return field.pattern ? "quantity" : "integer or string";
  if (field.enum) return field.enum.map((value) => String(value)).join(", ");
  if (field.items) return `list of ${typeOf(field.items)}`;
  if (typeof field.additionalProperties === "object") return `map of ${typeOf(field.additionalProperties)}`;
  const type = field.format === "date-time" ? "time" : (field.type ?? "any");
  return `${type}${bounds(field)}`;
}

function bounds({ minimum, maximum }: StructuralSchema): string {
  if (minimum !== undefined && maximum !== undefined) return `, ${minimum} to ${maximum}`;
  if (minimum !== undefined) return `, at least ${minimum}`;
  return maximum === undefined ? "" : `, at most ${maximum}`;
}

function* rulesOf(schema: StructuralSchema, path: string): Generator<{ path: string; rule: CelRule }> {
  for (const rule of schema["x-kubernetes-validations"] ?? []) yield { path, rule };
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    yield* rulesOf(field, path === "" ? name : `${path}.${name}`);
  }
  if (schema.items) yield* rulesOf(schema.items, `${path}[]`);
  if (typeof schema.additionalProperties === "object") yield* rulesOf(schema.additionalProperties, `${path}.*`);
}

function code(text: string): string {
  return `\`${text.replaceAll("|", "\\|")}\``;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}
