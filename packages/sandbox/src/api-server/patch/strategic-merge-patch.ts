import { isObject, type JsonObject } from "../json-value.ts";
import type { SchemaView } from "../schema-view.ts";
import { badRequest, StatusError } from "../status-error.ts";
import { goJson, goTypeOf } from "./go-value.ts";
import { mergedInOrder, orderBySetElementOrder, partitionByPresence } from "./list-order.ts";

const directive = "$patch";
const retainKeys = "$retainKeys";
const deleteFromPrimitiveList = "$deleteFromPrimitiveList";
const setElementOrder = "$setElementOrder";

const badDeleteList = "invalid patch format of primitive list";
const badRetainKeys = "invalid patch format of retainKeys";
const badElementOrder = "invalid patch format of setElementOrder list";

/** A failure that the API server has no better status for than 500. */
const failure = (message: string) => new StatusError(500, "", message);
const noMergeKey = (item: JsonObject, key: string) =>
  failure(`map: ${goJson(item)} does not contain declared merge key: ${key}`);
const badArgument = (expected: string, actual: unknown) =>
  failure(`expected a ${expected}, but received a ${goTypeOf(actual)}`);

/**
 * Applies a strategic merge patch (`$patch`, `$retainKeys`, `$setElementOrder`, `$deleteFromPrimitiveList`, lists merged
 * by the schema's merge keys) and returns the new object. `object` is left as it was; what did not change is shared.
 * @throws StatusError 400 for a malformed directive, 422 for lists of lists, 500 where an element lacks its merge key
 */
export function strategicMergePatch<T extends object>(object: T, patch: unknown, schema: SchemaView): T {
  if (!isObject(patch)) throw badRequest("invalid JSON document");
  return mergeMap(object as JsonObject, patch, schema) as T;
}

function mergeMap(original: JsonObject, patch: JsonObject, schema: SchemaView | undefined): JsonObject {
  if (directive in patch) return wholeMapDirective(patch);
  const result = { ...original };
  const rest = { ...patch };
  applyRetainKeys(result, rest);
  mergeOrderedLists(result, rest, schema);

  for (const [patchKey, value] of Object.entries(rest)) {
    const deletes = patchKey.startsWith(deleteFromPrimitiveList);
    const key = deletes ? fieldOf(patchKey, deleteFromPrimitiveList, badDeleteList) : patchKey;
    if (value === null) {
      delete result[key];
      continue;
    }
    const current = Object.hasOwn(result, key) ? result[key] : undefined;
    const field = schema?.field(key);
    if (isObject(current) && isObject(value)) {
      result[key] = strategyOf(field) === "replace" ? value : mergeMap(current, value, field);
    } else if (Array.isArray(current) && Array.isArray(value)) {
      result[key] = mergeList(current, value, field, deletes);
    } else if (!deletes) {
      const kept = withoutDirectives(withoutNulls(value));
      if (kept === undefined) delete result[key];
      else result[key] = kept;
    }
  }
  return result;
}

function wholeMapDirective(patch: JsonObject): JsonObject {
  const { [directive]: what, ...rest } = patch;
  if (what === "replace") return rest;
  if (what === "delete") return {};
  throw failure(
    `unknown patch type: ${typeof what === "string" ? what : `%!s(${goJson(what)})`} in map: ${goJson(patch)}`,
  );
}

/** Keeps only the named keys of `original`; every key that the patch sets must be among them. */
function applyRetainKeys(original: JsonObject, patch: JsonObject): void {
  if (!(retainKeys in patch)) return;
  const named = patch[retainKeys];
  delete patch[retainKeys];
  if (!Array.isArray(named)) throw badRequest(badRetainKeys);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null || key.startsWith(deleteFromPrimitiveList) || key.startsWith(setElementOrder)) continue;
    if (!named.includes(key)) throw badRequest(badRetainKeys);
  }
  for (const key of Object.keys(original)) if (!named.includes(key)) delete original[key];
}

/** Handles every `$setElementOrder/<list>` together with the list it orders, and takes both out of the patch. */
function mergeOrderedLists(result: JsonObject, patch: JsonObject, schema: SchemaView | undefined): void {
  for (const key of Object.keys(patch)) {
    if (!key.startsWith(setElementOrder)) continue;
    const order = patch[key];
    delete patch[key];
    if (!Array.isArray(order)) throw badArgument("[]interface {}", order);
    const name = fieldOf(key, setElementOrder, badElementOrder);
    const current = Object.hasOwn(result, name) ? result[name] : undefined;
    const patched = Object.hasOwn(patch, name) ? patch[name] : undefined;
    if (current !== undefined && !Array.isArray(current)) throw badArgument("[]interface {}", current);
    if (patched !== undefined && !Array.isArray(patched)) throw badArgument("[]interface {}", patched);
    const field = schema?.field(name);
    const mergeKey = mergeKeyOf(field);
    checkPatchFollowsOrder(patched ?? [], order, mergeKey);

    let merged: readonly unknown[];
    if (current && patched) merged = mergeList(current, patched, field, false);
    else if (patched) merged = withoutDirectives(patched) as unknown[];
    else if (current) merged = current;
    else continue;
    elementKind([current ?? [], patched ?? []]);
    result[name] = orderBySetElementOrder(merged, order, current ?? [], mergeKey);
    delete patch[name];
  }
}

/** The patch's items must be a subset of the order list, in the same relative order; deletions don't count. */
function checkPatchFollowsOrder(
  patch: readonly unknown[],
  order: readonly unknown[],
  mergeKey: string | undefined,
): void {
  if (!patch.length || !order.length) return;
  const kept = patch.filter((item) => !(isObject(item) && directive in item));
  let next = 0;
  for (let i = 0; i < order.length && next < kept.length; i++) if (sameElement(kept[next], order[i], mergeKey)) next++;
  if (next < kept.length)
    throw failure(
      `The order in patch list:\n${goJson(patch)}\n doesn't match ${setElementOrder} list:\n${goJson(order)}\n`,
    );
}

function sameElement(left: unknown, right: unknown, mergeKey: string | undefined): boolean {
  if (!mergeKey) return left === right;
  for (const item of [left, right]) {
    if (!isObject(item)) throw badArgument("map[string]interface {}", item);
    if (!(mergeKey in item)) throw noMergeKey(item, mergeKey);
  }
  return (left as JsonObject)[mergeKey] === (right as JsonObject)[mergeKey];
}

function mergeList(
  original: readonly unknown[],
  patch: readonly unknown[],
  field: SchemaView | undefined,
  deletes: boolean,
): readonly unknown[] {
  if (strategyOf(field) !== "merge" && !deletes) return patch;
  if (!original.length && !patch.length) return original;
  const kind = elementKind([original, patch]);
  const mergeKey = mergeKeyOf(field);
  if (kind !== "map") {
    if (deletes) return original.filter((item) => !patch.includes(item));
    const merged = [...new Set([...original, ...patch])];
    const { present, absent } = partitionByPresence(merged, patch, mergeKey);
    return mergedInOrder(present, absent, patch, original, mergeKey);
  }
  if (!mergeKey) throw failure(`cannot merge lists without merge key for ${field?.items()?.typeName ?? "map"}`);
  const { kept, added } = applyItemDirectives(original as JsonObject[], patch as JsonObject[], mergeKey);
  const merged = mergeItems(kept, added, mergeKey, field);
  const { present, absent } = partitionByPresence(merged, added, mergeKey);
  return mergedInOrder(present, absent, added, kept, mergeKey);
}

/** Takes the items with a `$patch` out of the patch and does what they say. */
function applyItemDirectives(original: JsonObject[], patch: readonly JsonObject[], mergeKey: string) {
  const items: JsonObject[] = [];
  let kept = original;
  let replace = false;
  for (const item of patch) {
    const what = item[directive];
    if (what === undefined) items.push(item);
    else if (what === "replace") replace = true;
    else if (what === "merge") throw failure("merging lists cannot yet be specified in the patch");
    else if (what !== "delete") throw failure(`unknown patch type: ${String(what)} in map: ${goJson(item)}`);
    else if (!(mergeKey in item)) throw noMergeKey(item, mergeKey);
    else kept = kept.filter((other) => other[mergeKey] !== item[mergeKey]);
  }
  return replace ? { kept: items, added: [] } : { kept, added: items };
}

function mergeItems(
  original: readonly JsonObject[],
  patch: readonly JsonObject[],
  mergeKey: string,
  field: SchemaView | undefined,
): JsonObject[] {
  const merged = [...original];
  for (const item of patch) {
    if (!(mergeKey in item)) throw noMergeKey(item, mergeKey);
    const index = merged.findIndex((other) => other[mergeKey] === item[mergeKey]);
    if (index < 0) merged.push(item);
    else merged[index] = mergeMap(merged[index] as JsonObject, item, field?.items());
  }
  return merged;
}

/** All items of the lists must be of one type, and none a list. */
function elementKind(lists: readonly (readonly unknown[])[]): string {
  let kind: string | undefined;
  for (const item of lists.flat(1)) {
    const next = isObject(item) ? "map" : goTypeOf(item);
    if (next.startsWith("[]"))
      throw new StatusError(422, "Invalid", "the server rejected our request due to an error in our request", {});
    if (kind !== undefined && kind !== next) throw failure(`list element types are not identical: ${goJson(lists)}`);
    kind = next;
  }
  if (kind === undefined) throw failure("no elements in any of the given slices");
  return kind;
}

function fieldOf(key: string, prefix: string, message: string): string {
  if (key.startsWith(`${prefix}/`)) return key.slice(prefix.length + 1);
  throw badRequest(message);
}

/** `merge`, `replace` or nothing; `retainKeys` only concerns who writes the patch. */
const strategyOf = (field: SchemaView | undefined): string | undefined =>
  field?.schema["x-kubernetes-patch-strategy"]?.split(",").find((strategy) => strategy !== "retainKeys");

const mergeKeyOf = (field: SchemaView | undefined): string | undefined =>
  field?.schema["x-kubernetes-patch-merge-key"] || undefined;

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isObject(value)) return value;
  const result: JsonObject = {};
  for (const [key, item] of Object.entries(value)) if (item !== null) result[key] = withoutNulls(item);
  return result;
}

/** The value without the maps that carry a `$patch`; undefined when the value is one itself. */
function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDirectives).filter((item) => item !== undefined);
  if (!isObject(value)) return value;
  if (directive in value) return undefined;
  const result: JsonObject = {};
  for (const [key, item] of Object.entries(value)) {
    const kept = withoutDirectives(item);
    if (kept !== undefined) result[key] = kept;
  }
  return result;
}
