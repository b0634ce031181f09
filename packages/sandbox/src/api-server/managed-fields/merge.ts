import { isObject, type JsonObject } from "../json-value.ts";
import type { SchemaView } from "../schema-view.ts";
import { type FieldSet, isMember } from "./field-set.ts";
import { elementOf, type Structure, structureOf } from "./path-element.ts";

/**
 * Lays an applied configuration over the live object: what the configuration sets wins, the rest stays. Items of keyed
 * lists and sets keep the live order unless the configuration orders the ones it names differently.
 */
export function merge(view: SchemaView | undefined, live: unknown, config: unknown): unknown {
  if (config === undefined) return live;
  if (live === undefined || live === null) return config;
  const structure = structureOf(view, config ?? live);
  // Null only says "nothing here" of what is owned part by part: all parts stay.
  if (config === null) return structure === "scalar" || structure === "atomic" ? null : live;
  if (structure === "granular-map" && isObject(live) && isObject(config)) {
    if (!Object.keys(config).length && !Object.keys(live).length) return config;
    let result: JsonObject | undefined;
    for (const key in config) {
      const merged = merge(view?.field(key), live[key], config[key]);
      if (merged === live[key]) continue;
      result ??= { ...live };
      result[key] = merged;
    }
    return result ?? live;
  }
  if ((structure === "keyed-list" || structure === "set-list") && Array.isArray(live) && Array.isArray(config))
    return mergeLists(view as SchemaView, live, config, structure);
  return live === config ? live : config;
}

function mergeLists(view: SchemaView, live: readonly unknown[], config: readonly unknown[], structure: Structure) {
  const items = view.items();
  const left = live.map((item) => elementOf(view, item, structure));
  const right = config.map((item) => elementOf(view, item, structure));
  const liveAt = new Map(left.map((element, index) => [element, live[index]]));
  const named = new Set(right);
  const shared = right.filter((element) => liveAt.has(element));
  const merged = new Set<string>();
  const result: unknown[] = [];
  let next = 0;
  const take = (element: string, index: number) => {
    merged.add(element);
    result.push(merge(items, liveAt.get(element), config[index]));
    if (shared[next] === element) next++;
  };
  let l = 0;
  let r = 0;
  while (l < left.length || r < right.length) {
    const element = left[l];
    if (element !== undefined && r < right.length) {
      if (element === right[r]) {
        take(element, r++);
        l++;
        continue;
      }
      // A shared item that the configuration wants later is passed over here.
      if (named.has(element) && next < shared.length && shared[next] !== element) {
        l++;
        continue;
      }
    }
    if (element !== undefined) {
      if (!named.has(element)) {
        result.push(live[l++]);
        continue;
      }
      if (merged.has(element)) l++;
    }
    if (r < right.length) {
      take(right[r] as string, r);
      r++;
    }
  }
  return result;
}

/** The value without the members of `unwanted`; undefined when nothing is left of it. */
export function removeFields(view: SchemaView | undefined, value: unknown, unwanted: FieldSet): unknown {
  const structure = structureOf(view, value);
  if (structure === "scalar") return value;
  if (structure === "atomic") return undefined;
  if (isObject(value)) {
    const result: JsonObject = {};
    for (const key in value) {
      const node = unwanted[`f:${key}`];
      if (!node) result[key] = value[key];
      else if (!isMember(node)) {
        const rest = removeFields(view?.field(key), value[key], node);
        if (rest !== undefined) result[key] = rest;
      }
    }
    return Object.keys(result).length ? result : undefined;
  }
  if (!Array.isArray(value)) return undefined;
  const result: unknown[] = [];
  for (const item of value) {
    const node = unwanted[elementOf(view as SchemaView, item, structure)];
    if (!node) result.push(item);
    else if (!isMember(node)) {
      const rest = removeFields(view?.items(), item, node);
      if (rest !== undefined) result.push(rest);
    }
  }
  return result.length ? result : undefined;
}

/**
 * Adds every named field that has members below it as a member itself, so that removing all that is in a struct removes
 * the struct.
 */
export function withNamedParents(view: SchemaView | undefined, set: FieldSet | undefined): FieldSet | undefined {
  if (!set) return set;
  const result: Record<string, FieldSet> = {};
  for (const element in set) {
    const node = set[element] as FieldSet;
    if (element === ".") result[element] = node;
    else if (element.startsWith("f:")) {
      const name = element.slice(2);
      const declared = view?.schema.properties !== undefined && Object.hasOwn(view.schema.properties, name);
      const below = withNamedParents(view?.field(name), node) ?? {};
      result[element] = declared && Object.keys(below).length && !("." in below) ? { ".": {}, ...below } : below;
    } else {
      result[element] = withNamedParents(element.startsWith("k:") ? view?.items() : undefined, node) ?? {};
    }
  }
  return result;
}
