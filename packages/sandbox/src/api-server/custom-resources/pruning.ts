import type { StructuralSchema } from "@bellows/api";
import { builtinDefinitions } from "@bellows/api/builtin";
import { isObject } from "../json-value.ts";

/** What every object has, whatever its schema says. */
const metaFields: ReadonlySet<string> = new Set(["apiVersion", "kind", "metadata"]);

export interface Pruned {
  /** The object without the fields that its schema does not know; the same value where nothing was dropped. */
  readonly object: Record<string, unknown>;
  /** The paths of what was dropped, in order: `spec.foo`, `spec.list[0].bar`. */
  readonly unknown: readonly string[];
}

/** Drops what the schema of a custom resource does not know, except under `x-kubernetes-preserve-unknown-fields`. */
export function prune(object: Record<string, unknown>, schema: StructuralSchema): Pruned {
  const unknown: string[] = [];
  const root = { ...schema, "x-kubernetes-embedded-resource": true };
  return { object: pruneValue(object, root, "", unknown) as Record<string, unknown>, unknown: unknown.sort() };
}

function pruneValue(value: unknown, schema: StructuralSchema | undefined, path: string, unknown: string[]): unknown {
  if (Array.isArray(value)) {
    const items = schema?.["x-kubernetes-preserve-unknown-fields"] && !schema.items ? schema : schema?.items;
    return mapList(value, (item, position) => pruneValue(item, items, `${path}[${position}]`, unknown));
  }
  if (!isObject(value)) return value;

  const keep = schema?.["x-kubernetes-preserve-unknown-fields"] === true;
  let result: Record<string, unknown> | undefined;
  const change = () => {
    result ??= { ...value };
    return result;
  };
  for (const [name, field] of Object.entries(value)) {
    if (schema?.["x-kubernetes-embedded-resource"] && metaFields.has(name)) {
      // The metadata of the object itself is decoded before.
      if (name !== "metadata" || path === "" || !isObject(field)) continue;
      const pruned = prunedMetadata(field, `${path}.metadata`, unknown);
      if (pruned !== field) change()[name] = pruned;
      continue;
    }
    const own = path ? `${path}.${name}` : name;
    const known = propertyOf(schema, name);
    if (known !== undefined) {
      const pruned = known === true ? field : pruneValue(field, known, own, unknown);
      if (pruned !== field) change()[name] = pruned;
    } else if (!keep) {
      unknown.push(own);
      delete change()[name];
    }
  }
  return result ?? value;
}

const objectMeta = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

function prunedMetadata(metadata: Record<string, unknown>, path: string, unknown: string[]): Record<string, unknown> {
  const known = builtinDefinitions()[objectMeta]?.properties ?? {};
  const strange = Object.keys(metadata).filter((name) => !Object.hasOwn(known, name));
  if (strange.length === 0) return metadata;
  unknown.push(...strange.map((name) => `${path}.${name}`));
  return Object.fromEntries(Object.entries(metadata).filter(([name]) => !strange.includes(name)));
}

/** The schema of a field: `true` where anything goes, undefined where it is unknown. */
function propertyOf(schema: StructuralSchema | undefined, name: string): StructuralSchema | true | undefined {
  if (schema?.properties && Object.hasOwn(schema.properties, name)) return schema.properties[name];
  const { additionalProperties } = schema ?? {};
  return additionalProperties === false ? undefined : additionalProperties;
}

/** Like `map`, but the same list where nothing changed. */
function mapList(list: readonly unknown[], change: (item: unknown, position: number) => unknown): readonly unknown[] {
  const changed = list.map(change);
  return changed.every((item, position) => item === list[position]) ? list : changed;
}
