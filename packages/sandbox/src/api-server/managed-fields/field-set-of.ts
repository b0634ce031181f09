import { isObject } from "../json-value.ts";
import type { SchemaView } from "../schema-view.ts";
import { asMember, type FieldSet, leaf, nodeOf } from "./field-set.ts";
import { elementOf, structureOf } from "./path-element.ts";

/** The paths of all that a value sets: its leaves, its maps' and lists' items, and empty maps. */
export function fieldSetOf(view: SchemaView | undefined, value: unknown): FieldSet | undefined {
  const structure = structureOf(view, value);
  switch (structure) {
    case "scalar":
    case "atomic":
      return leaf;
    case "granular-map":
      return isObject(value) ? setOfMap(view, value) : undefined;
    case "keyed-list":
    case "set-list":
      return Array.isArray(value) ? setOfList(view as SchemaView, value, structure) : undefined;
  }
}

function setOfMap(view: SchemaView | undefined, value: Record<string, unknown>): FieldSet | undefined {
  const children: [string, FieldSet][] = [];
  for (const key in value) {
    const item = value[key];
    if (item === undefined) continue;
    let node = fieldSetOf(view?.field(key), item);
    // A struct's field is only owned by what is in it; the item of a map is owned itself.
    const declared = view?.schema.properties !== undefined && Object.hasOwn(view.schema.properties, key);
    if (!declared || item === null || (isObject(item) && isEmpty(item))) node = asMember(node);
    if (node) children.push([`f:${key}`, node]);
  }
  return nodeOf(children);
}

function setOfList(
  view: SchemaView,
  list: readonly unknown[],
  structure: "keyed-list" | "set-list",
): FieldSet | undefined {
  const children = new Map<string, FieldSet>();
  const items = view.items();
  for (const item of list) {
    const element = elementOf(view, item, structure);
    // Items that share a key are owned together, as one value.
    children.set(element, children.has(element) ? leaf : asMember(fieldSetOf(items, item)));
  }
  return nodeOf([...children]);
}

export function isEmpty(value: object): boolean {
  for (const _ in value) return false;
  return true;
}
