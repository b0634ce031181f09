/**
 * A set of field paths in the form of FieldsV1, the only form it is ever kept in: keys are path elements (`f:spec`,
 * `k:{"name":"a"}`, `v:"x"`, `i:0`), an empty node is a member, and `.` marks a member that has members below it.
 * The empty set is `undefined`. Sets are immutable; operations share what they don't change. Keys are in order.
 */
export interface FieldSet {
  readonly [element: string]: FieldSet;
}

/** A member with nothing below it. */
export const leaf: FieldSet = Object.freeze({});

const self = ".";

export const isMember = (node: FieldSet): boolean => self in node || isLeaf(node);

function isLeaf(node: FieldSet): boolean {
  for (const _ in node) return false;
  return true;
}

/** Makes a node a member, with or without members below it. */
export function asMember(node: FieldSet | undefined): FieldSet {
  if (!node || isLeaf(node)) return leaf;
  return self in node ? node : { [self]: leaf, ...node };
}

/** Builds a node from children; undefined when there are none. */
export function nodeOf(children: readonly (readonly [string, FieldSet])[]): FieldSet | undefined {
  if (!children.length) return undefined;
  return Object.fromEntries(children.toSorted(([a], [b]) => compareElements(a, b)));
}

const rank: Readonly<Record<string, number>> = { ".": 0, f: 1, k: 2, v: 3, i: 4 };

/** Fields by name, then items by key, by value, by index. */
export function compareElements(a: string, b: string): number {
  const byKind = (rank[a[0] as string] ?? 5) - (rank[b[0] as string] ?? 5);
  if (byKind !== 0) return byKind;
  return a < b ? -1 : a > b ? 1 : 0;
}

export function union(a: FieldSet | undefined, b: FieldSet | undefined): FieldSet | undefined {
  if (!a || a === b) return b;
  if (!b) return a;
  return unionNodes(a, b);
}

function unionNodes(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b) return a;
  if (isLeaf(a)) return asMember(b);
  if (isLeaf(b)) return asMember(a);
  let result: Record<string, FieldSet> | undefined;
  let added = false;
  for (const element in b) {
    const mine = a[element];
    const merged = mine ? unionNodes(mine, b[element] as FieldSet) : (b[element] as FieldSet);
    if (merged === mine) continue;
    added ||= !mine;
    result ??= { ...a };
    result[element] = merged;
  }
  if (!result) return a;
  return added ? sorted(result) : result;
}

/** The members of `a` that are not members of `b`; what lies below a member of `b` stays. */
export function difference(a: FieldSet | undefined, b: FieldSet | undefined): FieldSet | undefined {
  if (!a || !b) return a;
  return differenceOfChildren(a, b);
}

function differenceOfChildren(a: FieldSet, b: FieldSet): FieldSet | undefined {
  let result: Record<string, FieldSet> | undefined;
  for (const element in b) {
    if (element === self) continue;
    const mine = a[element];
    if (!mine) continue;
    const rest = differenceOfNodes(mine, b[element] as FieldSet);
    if (rest === mine) continue;
    result ??= { ...a };
    if (rest) result[element] = rest;
    else delete result[element];
  }
  return result ? nonEmpty(result) : a;
}

function differenceOfNodes(a: FieldSet, b: FieldSet): FieldSet | undefined {
  const stays = isMember(a) && !isMember(b);
  if (isLeaf(a)) return stays ? a : undefined;
  const below = differenceOfChildren(a, b);
  if (!below) return stays ? leaf : undefined;
  if (stays || !(self in below)) {
    // A member whose children all went is a leaf; written as such.
    return onlySelf(below) ? leaf : below;
  }
  const { [self]: _, ...rest } = below;
  return nonEmpty(rest);
}

export function intersection(a: FieldSet | undefined, b: FieldSet | undefined): FieldSet | undefined {
  if (!a || !b) return undefined;
  const children: [string, FieldSet][] = [];
  for (const element in a) {
    const other = b[element];
    if (element === self || !other) continue;
    const mine = a[element] as FieldSet;
    const below = intersection(mine, other);
    if (isMember(mine) && isMember(other)) children.push([element, asMember(below)]);
    else if (below) children.push([element, below]);
  }
  return children.length ? Object.fromEntries(children) : undefined;
}

/** `a` without the members of `b` and everything below them. */
export function recursiveDifference(a: FieldSet | undefined, b: FieldSet | undefined): FieldSet | undefined {
  if (!a || !b) return a;
  let result: Record<string, FieldSet> | undefined;
  for (const element in b) {
    const mine = a[element];
    if (element === self || !mine) continue;
    const other = b[element] as FieldSet;
    let rest: FieldSet | undefined;
    if (!isMember(other)) {
      const below = isLeaf(mine) ? undefined : recursiveDifference(mine, other);
      rest = isMember(mine) ? (below && !onlySelf(below) ? below : leaf) : below;
      if (isLeaf(mine)) rest = mine;
    }
    if (rest === mine) continue;
    result ??= { ...a };
    if (rest) result[element] = rest;
    else delete result[element];
  }
  return result ? nonEmpty(result) : a;
}

/** Whether the path (elements as in the set) is a member. */
export function has(set: FieldSet | undefined, path: readonly string[]): boolean {
  let node: FieldSet | undefined = set;
  for (const element of path) node = node?.[element];
  return node !== undefined && path.length > 0 && isMember(node);
}

/** Every member's path: at each level the members themselves, then what lies below. */
export function* members(set: FieldSet | undefined, prefix: readonly string[] = []): Generator<readonly string[]> {
  if (!set) return;
  const elements = Object.keys(set).filter((element) => element !== self);
  for (const element of elements) if (isMember(set[element] as FieldSet)) yield [...prefix, element];
  for (const element of elements) yield* members(set[element], [...prefix, element]);
}

/** A set of whole fields: `setOfPaths(["status"], ["metadata", "labels"])`. */
export function setOfPaths(...paths: readonly (readonly string[])[]): FieldSet | undefined {
  let set: FieldSet | undefined;
  for (const path of paths)
    set = union(
      set,
      path.reduceRight<FieldSet>((below, name) => ({ [`f:${name}`]: below }), leaf),
    );
  return set;
}

export function equalSets(a: FieldSet | undefined, b: FieldSet | undefined): boolean {
  if (a === b) return true;
  if (!a || !b) return false;
  let size = 0;
  for (const element in a) {
    size++;
    if (!equalSets(a[element], b[element])) return false;
  }
  for (const _ in b) size--;
  return size === 0;
}

const sorted = (node: Record<string, FieldSet>): FieldSet =>
  Object.fromEntries(Object.entries(node).sort(([a], [b]) => compareElements(a, b)));

function onlySelf(node: FieldSet): boolean {
  for (const element in node) if (element !== self) return false;
  return true;
}

function nonEmpty(node: FieldSet): FieldSet | undefined {
  return isLeaf(node) ? undefined : node;
}
