import { equalJson, isObject, type JsonObject } from "../json-value.ts";
import type { SchemaView } from "../schema-view.ts";
import { asMember, type FieldSet, leaf, nodeOf } from "./field-set.ts";
import { isEmpty } from "./field-set-of.ts";
import { elementOf, type Structure, structureOf } from "./path-element.ts";

/** Which fields differ between two objects. */
export interface Comparison {
  readonly added: FieldSet | undefined;
  readonly modified: FieldSet | undefined;
  readonly removed: FieldSet | undefined;
}

export const noDifference: Comparison = { added: undefined, modified: undefined, removed: undefined };
const addedLeaf: Comparison = { added: leaf, modified: undefined, removed: undefined };
const modifiedLeaf: Comparison = { added: undefined, modified: leaf, removed: undefined };
const removedLeaf: Comparison = { added: undefined, modified: undefined, removed: leaf };

/**
 * Compares by the schema's rules of ownership. `undefined` is an absent value, null an empty one of any type. Parts that
 * are the same by reference are skipped, so that the work grows with what changed.
 */
export function compare(view: SchemaView | undefined, before: unknown, after: unknown): Comparison {
  if (before === after) return noDifference;
  const structure = structureOf(view, after ?? before);
  switch (structure) {
    case "scalar":
    case "atomic":
      return compareLeaf(before, after);
    case "granular-map":
      if (blank(before) && blank(after)) return compareLeaf(before, after);
      if (!mapLike(before) || !mapLike(after)) return compareLeaf(before, after);
      return withSelf(before, after, compareMaps(view, before ?? {}, after ?? {}));
    case "keyed-list":
    case "set-list":
      if (blank(before) && blank(after)) return compareLeaf(before, after);
      if (!listLike(before) || !listLike(after)) return compareLeaf(before, after);
      return withSelf(before, after, compareLists(view as SchemaView, before ?? [], after ?? [], structure));
  }
}

function compareLeaf(before: unknown, after: unknown): Comparison {
  if (before === undefined) return addedLeaf;
  if (after === undefined) return removedLeaf;
  return equalJson(before, after) ? noDifference : modifiedLeaf;
}

/** What came or went as a whole is a member itself. */
function withSelf(before: unknown, after: unknown, { added, modified, removed }: Comparison): Comparison {
  if (before === undefined) return { added: asMember(added), modified, removed };
  if (after === undefined) return { added, modified, removed: asMember(removed) };
  return { added, modified, removed };
}

function compareMaps(view: SchemaView | undefined, before: JsonObject, after: JsonObject): Comparison {
  const parts = new Parts();
  for (const key in after) {
    if (before[key] === after[key]) continue;
    parts.add(`f:${key}`, compare(view?.field(key), before[key], after[key]));
  }
  for (const key in before)
    if (after[key] === undefined && before[key] !== undefined)
      parts.add(`f:${key}`, compare(view?.field(key), before[key], undefined));
  return parts.comparison();
}

function compareLists(
  view: SchemaView,
  before: readonly unknown[],
  after: readonly unknown[],
  structure: Structure,
): Comparison {
  const left = byElement(view, before, structure);
  const right = byElement(view, after, structure);
  const items = view.items();
  const parts = new Parts();
  for (const [element, now] of right) {
    const was = left.get(element) ?? [];
    if (was.length <= 1 && now.length <= 1) parts.add(element, compare(items, was[0], now[0]));
    else if (was.length > 1 && now.length > 1) parts.add(element, equalJson(was, now) ? noDifference : modifiedLeaf);
    else if (was.length > 1) {
      // Items that shared a key no longer do: the shared one goes, the single one comes.
      const { added, modified } = compare(items, undefined, now[0]);
      parts.add(element, { added, modified, removed: leaf });
    } else {
      const { removed, modified } = was.length ? compare(items, was[0], undefined) : noDifference;
      parts.add(element, { added: leaf, modified, removed });
    }
  }
  for (const [element, was] of left)
    if (!right.has(element)) parts.add(element, was.length > 1 ? removedLeaf : compare(items, was[0], undefined));
  return parts.comparison();
}

function byElement(view: SchemaView, list: readonly unknown[], structure: Structure): Map<string, unknown[]> {
  const found = new Map<string, unknown[]>();
  for (const item of list) {
    const element = elementOf(view, item, structure);
    const same = found.get(element);
    if (same) same.push(item);
    else found.set(element, [item]);
  }
  return found;
}

class Parts {
  private readonly added: [string, FieldSet][] = [];
  private readonly modified: [string, FieldSet][] = [];
  private readonly removed: [string, FieldSet][] = [];

  add(element: string, part: Comparison): void {
    if (part.added) this.added.push([element, part.added]);
    if (part.modified) this.modified.push([element, part.modified]);
    if (part.removed) this.removed.push([element, part.removed]);
  }

  comparison(): Comparison {
    if (!this.added.length && !this.modified.length && !this.removed.length) return noDifference;
    return { added: nodeOf(this.added), modified: nodeOf(this.modified), removed: nodeOf(this.removed) };
  }
}

const blank = (value: unknown): boolean =>
  value === undefined || value === null || (typeof value === "object" && isEmpty(value));
const mapLike = (value: unknown): value is JsonObject | null | undefined => value == null || isObject(value);
const listLike = (value: unknown): value is unknown[] | null | undefined => value == null || Array.isArray(value);
