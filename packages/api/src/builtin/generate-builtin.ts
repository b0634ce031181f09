/*
 * Writes openapi.generated.json and the *.generated.ts beside it.
 *
 *   node packages/api/src/builtin/generate-builtin.ts --from DIR
 *     DIR is the `api` folder of a Kubernetes release, or a copy of a server's documents laid out in the same way:
 *     DIR/openapi-spec/v3/apis__apps__v1_openapi.json (/openapi/v3/apis/apps/v1), DIR/discovery/apis.json (/apis) and
 *     DIR/discovery/apis__apps__v1.json (/apis/apps/v1).
 *   node packages/api/src/builtin/generate-builtin.ts
 *     writes only the TypeScript again, from openapi.generated.json.
 */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { StructuralSchema } from "../structural-schema.ts";
import { compactDefinition } from "./compact-schema.ts";
import { type BuiltinDocument, type BuiltinResource, type BuiltinSubresource, builtinDocument } from "./definitions.ts";
import { emitTypeScript } from "./emit-typescript.ts";
import { metricsDefinitions, metricsServerResources } from "./metrics-definitions.ts";

interface DiscoveredResource {
  name: string;
  kind: string;
  namespaced: boolean;
  singularName: string;
  verbs: string[];
  shortNames?: string[];
  categories?: string[];
  group?: string;
  version?: string;
  storageVersionHash?: string;
}

const releaseVersion = /^v\d+$/;
const here = import.meta.dirname;

const { values } = parseArgs({ options: { from: { type: "string" } } });
const document = values.from === undefined ? builtinDocument() : readUpstream(values.from);
if (values.from !== undefined) writeFileSync(join(here, "openapi.generated.json"), printDocument(document));
for (const file of readdirSync(here)) if (file.endsWith(".generated.ts")) rmSync(join(here, file));
for (const [file, text] of emitTypeScript(document)) writeFileSync(join(here, file), text);

function readUpstream(directory: string): BuiltinDocument {
  const definitions = readDefinitions(join(directory, "openapi-spec/v3"));
  return {
    resources: readResources(join(directory, "discovery"), definitions),
    metricsResources: metricsServerResources,
    definitions,
  };
}

/** All definitions of release versions, sorted by name. */
function readDefinitions(directory: string): Record<string, StructuralSchema> {
  const found = new Map(Object.entries(metricsDefinitions));
  for (const file of readdirSync(directory)) {
    const schemas = readJson<{ components?: { schemas?: Record<string, Record<string, unknown>> } }>(directory, file);
    for (const [name, schema] of Object.entries(schemas.components?.schemas ?? {})) {
      if (!/\.v\d+(alpha|beta)\d+\./.test(name)) found.set(name, compactDefinition(name, schema));
    }
  }
  return Object.fromEntries([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The core group first, then the others in the order of discovery, each with its versions in order of preference. */
function readResources(directory: string, definitions: Record<string, StructuralSchema>): BuiltinResource[] {
  const byKind = new Map<string, string>();
  for (const [name, schema] of Object.entries(definitions)) {
    for (const { group, version, kind } of schema["x-kubernetes-group-version-kind"] ?? []) {
      byKind.set(`${group}/${version}/${kind}`, name);
    }
  }
  const groups = readJson<{ groups: { name: string; versions: { version: string }[] }[] }>(
    directory,
    "apis.json",
  ).groups;
  const listed = [{ name: "", versions: [{ version: "v1" }] }, ...groups];
  return listed.flatMap(({ name: group, versions }) =>
    versions.flatMap(({ version }) => {
      const file = group === "" ? `api__${version}.json` : `apis__${group}__${version}.json`;
      if (!releaseVersion.test(version) || !existsSync(join(directory, file))) return [];
      const resources = readJson<{ resources: DiscoveredResource[] }>(directory, file).resources;
      return resourcesOf(group, version, resources, byKind);
    }),
  );
}

function resourcesOf(
  group: string,
  version: string,
  discovered: readonly DiscoveredResource[],
  byKind: ReadonlyMap<string, string>,
): BuiltinResource[] {
  const subresources = discovered.filter((entry) => entry.name.includes("/"));
  return discovered
    .filter((entry) => !entry.name.includes("/"))
    .map((entry) => {
      const definition = byKind.get(`${group}/${version}/${entry.kind}`);
      if (!definition) throw new Error(`${group}/${version} ${entry.kind} has no definition`);
      const listDefinition = byKind.get(`${group}/${version}/${entry.kind}List`);
      return {
        group,
        version,
        kind: entry.kind,
        plural: entry.name,
        singular: entry.singularName,
        namespaced: entry.namespaced,
        verbs: entry.verbs,
        shortNames: entry.shortNames ?? [],
        categories: entry.categories ?? [],
        definition,
        ...(listDefinition && entry.verbs.includes("list") ? { listDefinition } : {}),
        ...(entry.storageVersionHash ? { storageVersionHash: entry.storageVersionHash } : {}),
        subresources: subresources
          .filter((sub) => sub.name.startsWith(`${entry.name}/`))
          .map((sub) => subresourceOf(sub, { group, version }, byKind)),
      };
    });
}

function subresourceOf(
  entry: DiscoveredResource,
  parent: { group: string; version: string },
  byKind: ReadonlyMap<string, string>,
): BuiltinSubresource {
  const group = entry.group ?? parent.group;
  const version = entry.version ?? parent.version;
  const definition = byKind.get(`${group}/${version}/${entry.kind}`);
  return {
    name: entry.name.slice(entry.name.indexOf("/") + 1),
    group,
    version,
    kind: entry.kind,
    verbs: entry.verbs,
    ...(definition ? { definition } : {}),
  };
}

/** One resource and one definition a line, so that an upgrade of Kubernetes shows as a readable difference. */
function printDocument({ resources, metricsResources, definitions }: BuiltinDocument): string {
  const lines = (list: readonly unknown[]) => list.map((item) => JSON.stringify(item)).join(",\n");
  const named = Object.entries(definitions).map(
    ([name, schema]) => `${JSON.stringify(name)}:${JSON.stringify(schema)}`,
  );
  return [
    '{"resources":[',
    lines(resources),
    '],"metricsResources":[',
    lines(metricsResources),
    '],"definitions":{',
    named.join(",\n"),
    "}}\n",
  ].join("\n");
}

function readJson<T>(directory: string, file: string): T {
  return JSON.parse(readFileSync(join(directory, file), "utf8")) as T;
}
