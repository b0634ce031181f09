import { isObject, type JsonObject } from "../json-value.ts";
import type { SchemaView } from "../schema-view.ts";

/** How a list or map is owned: as one value, or part by part. */
export type Structure = "scalar" | "atomic" | "granular-map" | "keyed-list" | "set-list";

/** Definitions whose values are owned as a whole, whatever is in them. */
const opaque = new Set([
  "io.k8s.apimachinery.pkg.runtime.RawExtension",
  "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1",
  "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON",
]);

/**
 * How a value is owned, by its schema and, where that says nothing, by the value itself (`deduced`: maps field by
 * field, lists as a whole), as structured-merge-diff reads OpenAPI.
 */
export function structureOf(view: SchemaView | undefined, value: unknown): Structure {
  const list = Array.isArray(value);
  if (!list && !isObject(value) && value !== null && value !== undefined) return "scalar";
  if (view?.definition && opaque.has(view.definition)) return "atomic";
  if (!view || view.shape === "any") return list ? "atomic" : isObject(value) ? "granular-map" : "scalar";
  const { schema } = view;
  switch (view.shape) {
    case "scalar":
      return "scalar";
    case "list": {
      const type = schema["x-kubernetes-list-type"];
      if (type === "map") return "keyed-list";
      if (type === "set") return "set-list";
      if (type === "atomic") return "atomic";
      if (!schema["x-kubernetes-patch-strategy"]?.split(",").includes("merge")) return "atomic";
      return schema["x-kubernetes-patch-merge-key"] ? "keyed-list" : "set-list";
    }
    case "map":
    case "object":
      return schema["x-kubernetes-map-type"] === "atomic" ? "atomic" : "granular-map";
  }
}

/** The fields that tell a keyed list's items apart. */
export function listKeys(view: SchemaView): readonly string[] {
  const { "x-kubernetes-list-map-keys": keys, "x-kubernetes-patch-merge-key": mergeKey } = view.schema;
  return keys ?? (mergeKey ? [mergeKey] : []);
}

export class PathElementError extends Error {}

/**
 * The path element of a list's item: `k:{"name":"a"}`, with the schema's defaults for keys left out, or `v:"x"`.
 * @throws PathElementError for an item that can't have one
 */
export function elementOf(view: SchemaView, item: unknown, structure: Structure): string {
  if (structure === "set-list") {
    if (isObject(item)) throw new PathElementError("associative list without keys has an element that's a map type");
    if (Array.isArray(item)) throw new PathElementError("not supported: associative list with lists as elements");
    if (item === null)
      throw new PathElementError("associative list without keys has an element that's an explicit null");
    return `v:${JSON.stringify(item)}`;
  }
  if (item === null) throw new PathElementError("associative list with keys may not have a null element");
  if (!isObject(item)) throw new PathElementError("associative list with keys may not have non-map elements");
  const keys = listKeys(view);
  if (keys.length === 1) {
    const only = keys[0] as string;
    const value = keyValue(view, item, only);
    if (value !== undefined) return `k:{${JSON.stringify(only)}:${JSON.stringify(value)}}`;
  }
  const parts: string[] = [];
  for (const key of keys.toSorted()) {
    const value = keyValue(view, item, key);
    if (value !== undefined) parts.push(`${JSON.stringify(key)}:${JSON.stringify(value)}`);
  }
  if (!parts.length)
    throw new PathElementError(
      `associative list with keys has an element that omits all key fields [${keys.map((key) => JSON.stringify(key)).join(" ")}] (and doesn't have default values for any key fields)`,
    );
  return `k:{${parts.join(",")}}`;
}

const keyValue = (view: SchemaView, item: JsonObject, key: string): unknown =>
  item[key] ?? view.items()?.field(key)?.schema.default;

/** A path as messages print it: `.spec.containers[name="a"].image`. */
export function printPath(path: readonly string[]): string {
  return path.map(printElement).join("");
}

function printElement(element: string): string {
  const content = element.slice(2);
  switch (element[0]) {
    case "f":
      return `.${content}`;
    case "k":
      return `[${Object.entries(JSON.parse(content) as JsonObject)
        .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
        .join(",")}]`;
    case "v":
      return `[=${content}]`;
    default:
      return `[${content}]`;
  }
}
