/**
 * Reads the Go sources of Kubernetes' API types and writes `go-fields.generated.ts`: the few facts about how Go reads
 * and prints a field that OpenAPI does not tell. Run: `node generate-go-fields.ts <folder of the k8s.io modules>`,
 * where the modules are `api`, `apimachinery`, ... with or without a version behind `@`.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { builtinDefinitions } from "@bellows/api/builtin";

const moduleOf: readonly (readonly [prefix: string, module: string])[] = [
  ["io.k8s.api.", "api"],
  ["io.k8s.apimachinery.", "apimachinery"],
  ["io.k8s.apiextensions-apiserver.", "apiextensions-apiserver"],
  ["io.k8s.kube-aggregator.", "kube-aggregator"],
];

interface GoField {
  /** The JSON name; undefined for an embedded struct whose fields are taken over. */
  readonly name: string | undefined;
  readonly type: string;
  readonly omitEmpty: boolean;
  /** The embedded struct that the field was taken over from. */
  readonly embedded?: string;
}

interface GoPackage {
  readonly structs: ReadonlyMap<string, readonly GoField[]>;
  /** Named types that are no structs: `RestartPolicy` is `string`. */
  readonly named: ReadonlyMap<string, string>;
}

const [folder] = process.argv.slice(2);
if (!folder) throw new Error("which folder holds the k8s.io modules?");
const modules = readdirSync(folder);
const packages = new Map<string, GoPackage>();

/** `io.k8s.api.core.v1.PodSpec` lives in `api/core/v1`. */
function packageOf(definition: string): { goPackage: GoPackage; type: string } | undefined {
  const found = moduleOf.find(([prefix]) => definition.startsWith(prefix));
  if (!found) return undefined;
  const [prefix, name] = found;
  const module = modules.find((entry) => entry === name || entry.startsWith(`${name}@`));
  if (!module) return undefined;
  const parts = definition.slice(prefix.length).split(".");
  const type = parts.pop() as string;
  const directory = join(folder as string, module, ...parts);
  return { goPackage: readPackage(directory), type };
}

function readPackage(directory: string): GoPackage {
  const known = packages.get(directory);
  if (known) return known;
  const structs = new Map<string, GoField[]>();
  const named = new Map<string, string>();
  for (const file of readdirSync(directory)) {
    if (!/^(types|.*_types)[a-z_]*\.go$/.test(file) || file.endsWith("_test.go")) continue;
    const text = readFileSync(join(directory, file), "utf8").replace(/\/\*[\s\S]*?\*\//g, "");
    for (const [, name, body] of text.matchAll(/^type (\w+) struct \{\n([\s\S]*?)^\}/gm))
      structs.set(name as string, (body as string).split("\n").flatMap(readField));
    for (const [, name, type] of text.matchAll(/^type (\w+) ([\w.[\]*]+)\s*$/gm))
      if (type !== "struct") named.set(name as string, type as string);
  }
  const result = { structs, named };
  packages.set(directory, result);
  return result;
}

function readField(line: string): GoField[] {
  const embedded = /^\s*\*?([\w.]+)\s+`json:",inline"/.exec(line);
  if (embedded) return [{ name: undefined, type: embedded[1] as string, omitEmpty: false }];
  const field = /^\s*\w+\s+(\S+)\s+`json:"([^",]+)([^"]*)"/.exec(line);
  if (!field) return [];
  const [, type, name, options] = field;
  return [{ name: name as string, type: type as string, omitEmpty: (options as string).includes("omit") }];
}

function fieldsOf(goPackage: GoPackage, type: string): readonly GoField[] {
  return (goPackage.structs.get(type) ?? []).flatMap((field) =>
    field.name === undefined
      ? fieldsOf(goPackage, field.type).map((inner) => ({ ...inner, embedded: field.type.split(".").at(-1) as string }))
      : [field],
  );
}

const basic = new Set(["string", "bool", "int32", "int64", "float64", "int", "byte"]);
const isScalar = (goPackage: GoPackage, type: string): boolean =>
  basic.has(type) || basic.has(goPackage.named.get(type) ?? "");

/** How Go's decoder names a type that is named, or made of one; undefined where the schema tells it. */
function namedType(goPackage: GoPackage, version: string, type: string): string | undefined {
  const bare = type.replace(/^\*/, "");
  const list = bare.startsWith("[]");
  const element = list ? bare.slice(2).replace(/^\*/, "") : bare;
  if (basic.has(element) || element.startsWith("map[") || goPackage.structs.has(element)) return undefined;
  const qualified = element.includes(".")
    ? importedName(element)
    : goPackage.named.has(element)
      ? `${version}.${element}`
      : undefined;
  return qualified && `${list ? "[]" : ""}${qualified}`;
}

/** Package aliases such as `metav1` and `corev1` are all called `v1` by their own name. */
function importedName(type: string): string | undefined {
  const [alias, name] = type.split(".") as [string, string];
  if (["metav1", "v1", "corev1", "apiv1"].includes(alias)) {
    if (["Time", "MicroTime", "ObjectMeta", "ListMeta", "TypeMeta", "LabelSelector", "Duration"].includes(name))
      return undefined;
    return `v1.${name}`;
  }
  return alias === "types" ? `types.${name}` : undefined;
}

const pointers: Record<string, string[]> = {};
const unwritten: Record<string, string[]> = {};
const quantities: Record<string, string[]> = {};
const embedded: Record<string, Record<string, string>> = {};
const nulls: Record<string, string[]> = {};
const types: Record<string, Record<string, string>> = {};
for (const [definition, schema] of Object.entries(builtinDefinitions())) {
  if (!schema.properties) continue;
  const found = packageOf(definition);
  if (!found) continue;
  const { goPackage, type } = found;
  const version = definition.split(".").at(-2) as string;
  for (const field of fieldsOf(goPackage, type)) {
    const name = field.name as string;
    if (!Object.hasOwn(schema.properties, name)) continue;
    const bare = field.type.replace(/^\*/, "");
    if (
      field.type.startsWith("*") &&
      (isScalar(goPackage, bare) || /^v1\.\w+$|^corev1\.\w+$|^types\.\w+$/.test(bare))
    ) {
      const { $ref, properties } = schema.properties[name] ?? {};
      if (!$ref && !properties) pointers[definition] = [...(pointers[definition] ?? []), name];
    }
    const nullable = /^(\*|\[\]|map\[)/.test(field.type) || ["ResourceList"].includes(bare);
    if (nullable && !field.omitEmpty) nulls[definition] = [...(nulls[definition] ?? []), name];
    const { default: fallback } = schema.properties[name] ?? {};
    const zero = fallback === 0 || fallback === "" || fallback === false;
    if (zero && field.omitEmpty && !field.type.startsWith("*"))
      unwritten[definition] = [...(unwritten[definition] ?? []), name];
    if (field.type === "resource.Quantity") quantities[definition] = [...(quantities[definition] ?? []), name];
    if (field.embedded && field.embedded !== "TypeMeta")
      embedded[definition] = { ...embedded[definition], [name]: field.embedded };
    const goName = namedType(goPackage, version, field.type);
    if (goName) types[definition] = { ...types[definition], [name]: goName };
  }
}

const write = (name: string, doc: string, type: string, value: unknown) =>
  `/** ${doc} */\nexport const ${name}: ${type} = ${JSON.stringify(value, null, 2)};\n`;
writeFileSync(
  new URL("go-fields.generated.ts", import.meta.url),
  [
    "// Generated by generate-go-fields.ts from the Go sources of Kubernetes 1.35.4; don't edit.\n",
    write(
      "pointerFields",
      "Scalar fields where zero differs from unset, by definition.",
      "Readonly<Record<string, readonly string[]>>",
      pointers,
    ),
    write(
      "nullFields",
      "Lists, maps and pointers that are printed as null when unset, by definition.",
      "Readonly<Record<string, readonly string[]>>",
      nulls,
    ),
    write(
      "unwrittenFields",
      "Fields with a zero default that are still left out when zero, by definition.",
      "Readonly<Record<string, readonly string[]>>",
      unwritten,
    ),
    write(
      "quantityFields",
      "Quantities that are printed as 0 when unset, by definition.",
      "Readonly<Record<string, readonly string[]>>",
      quantities,
    ),
    write(
      "embeddedStructs",
      "Embedded Go structs that fields come from, by definition and field.",
      "Readonly<Record<string, Readonly<Record<string, string>>>>",
      embedded,
    ),
    write(
      "goTypeNames",
      "Named Go types of fields, by definition and field.",
      "Readonly<Record<string, Readonly<Record<string, string>>>>",
      types,
    ),
  ].join("\n"),
);
