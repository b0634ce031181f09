/**
 * Reads the Go sources of Kubernetes' API types and writes `protobuf-messages.generated.json`: the numbers and types of
 * their fields on the wire. Run: `node generate-protobuf-messages.ts <folder of the k8s.io modules>`, where the modules
 * are `api` and `apimachinery` with or without a version behind `@`.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { builtinResources } from "@bellows/api/builtin";
import type { ProtobufDocument } from "./protobuf-messages.ts";

interface GoField {
  readonly number: number;
  /** The JSON name; empty for an embedded struct whose fields are taken over. */
  readonly name: string;
  readonly type: string;
}

interface GoPackage {
  readonly path: string;
  readonly imports: ReadonlyMap<string, string>;
  readonly structs: ReadonlyMap<string, readonly GoField[]>;
  readonly named: ReadonlyMap<string, string>;
}

const [folder] = process.argv.slice(2);
if (!folder) throw new Error("which folder holds the k8s.io modules?");
const modules = readdirSync(folder);
const packages = new Map<string, GoPackage>();

/** Types that are written in JSON otherwise than their fields say. */
const special: Readonly<Record<string, string>> = {
  "k8s.io/apimachinery/pkg/api/resource.Quantity": "quantity",
  "k8s.io/apimachinery/pkg/util/intstr.IntOrString": "int-or-string",
  "k8s.io/apimachinery/pkg/apis/meta/v1.Time": "time",
  "k8s.io/apimachinery/pkg/apis/meta/v1.MicroTime": "micro-time",
  "k8s.io/apimachinery/pkg/apis/meta/v1.Duration": "duration",
  "k8s.io/apimachinery/pkg/apis/meta/v1.FieldsV1": "raw",
  "k8s.io/apimachinery/pkg/runtime.RawExtension": "raw",
};

function packageAt(path: string): GoPackage {
  const known = packages.get(path);
  if (known) return known;
  const [, module = "", ...rest] = path.split("/");
  const directory = join(
    folder as string,
    modules.find((entry) => entry === module || entry.startsWith(`${module}@`)) ?? module,
    ...rest,
  );
  const imports = new Map<string, string>();
  const structs = new Map<string, GoField[]>();
  const named = new Map<string, string>();
  for (const file of readdirSync(directory)) {
    if (!file.endsWith(".go") || /_test\.go$|generated|zz_/.test(file)) continue;
    const text = readFileSync(join(directory, file), "utf8").replace(/\/\*[\s\S]*?\*\//g, "");
    for (const [, alias, from] of text.matchAll(/^\s*(?:import\s+)?(\w+)?\s*"(k8s\.io\/[\w./-]+)"/gm))
      imports.set(alias ?? ((from as string).split("/").at(-1) as string), from as string);
    for (const [, name, body] of text.matchAll(/^type (\w+) struct \{\n([\s\S]*?)^\}/gm))
      structs.set(name as string, (body as string).split("\n").flatMap(fieldOf));
    for (const [, name, type] of text.matchAll(/^type (\w+) ([\w.[\]*]+)\s*(?:\/\/.*)?$/gm))
      if (type !== "struct") named.set(name as string, type as string);
  }
  const result = { path, imports, structs, named };
  packages.set(path, result);
  return result;
}

function fieldOf(line: string): GoField[] {
  const match = /^\s*(?:(\w+)\s+)?([\w.[\]*]+)\s+`.*?json:"([^"]*)".*?protobuf:"(?:bytes|varint|fixed64),(\d+),/.exec(
    line,
  );
  if (!match) return [];
  const [, , type, json, number] = match;
  const [name = "", ...options] = (json as string).split(",");
  return [{ number: Number(number), name: options.includes("inline") ? "" : name, type: type as string }];
}

const document: { kinds: Record<string, string>; messages: Record<string, Record<string, string>> } = {
  kinds: {},
  messages: {},
};

const shortName = (path: string) => path.replace(/^k8s\.io\/(api\/|apimachinery\/pkg\/)/, "");

/** The encoded type of a Go type: `*` where unset differs from zero, `[` a list, `{` a map, then what it holds. */
function typeOf(type: string, at: GoPackage): string {
  if (type.startsWith("*")) return `*${typeOf(type.slice(1), at).replace(/^\*/, "")}`;
  if (type === "[]byte") return "bytes";
  if (type.startsWith("[]")) return `[${typeOf(type.slice(2), at).replace(/^\*/, "")}`;
  const map = /^map\[[\w.]+\](.+)$/.exec(type);
  if (map) return `{${typeOf(map[1] as string, at)}`;
  if (/^u?int(32|64|8)?$/.test(type)) return "int";
  if (type === "string" || type === "bool") return type;
  if (type === "float64") return "double";
  const [alias, foreign] = type.includes(".") ? (type.split(".") as [string, string]) : ["", type];
  const home = alias ? packageAt(at.imports.get(alias) ?? alias) : at;
  const full = `${home.path}.${foreign}`;
  if (special[full]) return special[full];
  if (home.structs.has(foreign)) return message(foreign, home);
  const underlying = home.named.get(foreign);
  if (!underlying) throw new Error(`unknown type ${type} in ${at.path}`);
  // A named list is a message with one repeated field.
  if (underlying.startsWith("[]") && underlying !== "[]byte") return `items:${typeOf(underlying.slice(2), home)}`;
  return typeOf(underlying, home);
}

function message(name: string, at: GoPackage): string {
  const id = `${shortName(at.path)}.${name}`;
  if (document.messages[id]) return `@${id}`;
  const fields: Record<string, string> = {};
  document.messages[id] = fields;
  for (const field of at.structs.get(name) ?? []) fields[field.number] = `${field.name}|${typeOf(field.type, at)}`;
  return `@${id}`;
}

const meta = packageAt("k8s.io/apimachinery/pkg/apis/meta/v1");
for (const { group, version, kind, definition, subresources } of builtinResources())
  for (const one of [
    { group, version, kind, definition },
    ...subresources.map((sub) => ({ ...sub, definition: sub.definition ?? "" })),
  ]) {
    const path = /^io\.k8s\.api\.([\w.]+)\.(v\w+)\.(\w+)$/.exec(one.definition);
    if (!path) continue;
    const home = packageAt(`k8s.io/api/${path[1]}/${path[2]}`);
    if (!home.structs.has(one.kind)) continue;
    document.kinds[`${one.group ? `${one.group}/` : ""}${one.version}/${one.kind}`] = message(one.kind, home).slice(1);
  }
document.kinds["DeleteOptions"] = message("DeleteOptions", meta).slice(1);

const written: ProtobufDocument = document;
writeFileSync(new URL("protobuf-messages.generated.json", import.meta.url), `${JSON.stringify(written)}\n`);
