import type { StructuralSchema } from "@bellows/api";
import { equalJson, isObject } from "../json-value.ts";

/**
 * The value that stood at a place before an update. Problems of a value that did not change are tolerated, so that a
 * schema can be tightened without locking up the objects it no longer accepts ("ratcheting").
 */
export class Correlation {
  readonly value: unknown;
  readonly old: unknown;
  readonly schema: StructuralSchema;
  private equal: boolean | undefined;

  constructor(value: unknown, old: unknown, schema: StructuralSchema) {
    this.value = value;
    this.old = old;
    this.schema = schema;
  }

  get unchanged(): boolean {
    this.equal ??= equalJson(this.value, this.old);
    return this.equal;
  }

  /** The correlation of a property or of a map's value; undefined where nothing stood there before. */
  key(name: string): Correlation | undefined {
    const { properties, additionalProperties } = this.schema;
    const schema = properties?.[name] ?? (typeof additionalProperties === "object" ? additionalProperties : undefined);
    if (!schema || !isObject(this.value) || !isObject(this.old)) return undefined;
    if (this.schema["x-kubernetes-map-type"] === "atomic" && !this.unchanged) return undefined;
    if (!Object.hasOwn(this.old, name)) return undefined;
    return new Correlation(this.value[name], this.old[name], schema);
  }

  /** The correlation of a list's item: by its keys in a list of type map; other lists have no memory of their items. */
  index(position: number): Correlation | undefined {
    const { items } = this.schema;
    if (!items || !Array.isArray(this.value) || !Array.isArray(this.old)) return undefined;
    const item = this.value[position];
    const old = findByKeys(this.schema, this.old, item);
    return old === undefined ? undefined : new Correlation(item, old, items);
  }
}

/** The item of `list` with the same map keys as `item`; undefined where the list is not of type map. */
export function findByKeys(schema: StructuralSchema, list: readonly unknown[], item: unknown): unknown {
  const keys = schema["x-kubernetes-list-map-keys"];
  if (schema["x-kubernetes-list-type"] !== "map" || !keys || !isObject(item)) return undefined;
  return list.find((other) => isObject(other) && keys.every((name) => equalJson(other[name], item[name])));
}
