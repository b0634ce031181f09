import type { JsonObject } from "../json-value.ts";
import type { SchemaView } from "../schema-view.ts";
import { type Comparison, compare } from "./compare.ts";
import { difference, type FieldSet, intersection, recursiveDifference, union } from "./field-set.ts";
import type { Manager } from "./managers.ts";

/** The same object in another version of its API. */
export interface VersionedSchema {
  readonly schema: SchemaView;
  readonly convert: (object: JsonObject) => JsonObject;
}

/**
 * How to see the object in the version that a manager wrote it in; undefined for a version that is no longer served,
 * whose managers are dropped.
 */
export type VersionLookup = (apiVersion: string) => VersionedSchema | undefined;

/** A comparison per version, made when a manager of that version asks for it. */
export class VersionedComparison {
  private readonly known = new Map<string, Comparison | undefined>();
  private readonly before: JsonObject;
  private readonly after: JsonObject;
  private readonly reset: FieldSet | undefined;
  private readonly versions: VersionLookup | undefined;
  private readonly own: Comparison;

  constructor(
    schema: SchemaView,
    apiVersion: string,
    before: JsonObject,
    after: JsonObject,
    reset: FieldSet | undefined,
    versions: VersionLookup | undefined,
  ) {
    this.before = before;
    this.after = after;
    this.reset = reset;
    this.versions = versions;
    this.own = this.filtered(compare(schema, before, after));
    this.known.set(apiVersion, this.own);
  }

  /** Undefined for a version that is not served. */
  in(apiVersion: string): Comparison | undefined {
    if (this.known.has(apiVersion)) return this.known.get(apiVersion);
    let result: Comparison | undefined = this.own;
    if (this.versions) {
      const version = this.versions(apiVersion);
      result =
        version && this.filtered(compare(version.schema, version.convert(this.before), version.convert(this.after)));
    }
    this.known.set(apiVersion, result);
    return result;
  }

  private filtered({ added, modified, removed }: Comparison): Comparison {
    return {
      added: recursiveDifference(added, this.reset),
      modified: recursiveDifference(modified, this.reset),
      removed: recursiveDifference(removed, this.reset),
    };
  }
}

/** What a change takes from managers other than the one who made it. */
export interface Losses {
  /** The managers that are left, without what they lost. */
  readonly managers: Manager[];
  /** Fields that others own and the change sets to something else. */
  readonly conflicts: { readonly manager: Manager; readonly set: FieldSet }[];
}

export function losses(managers: readonly Manager[], comparison: VersionedComparison): Losses {
  const result: Losses = { managers: [], conflicts: [] };
  for (const manager of managers) {
    const changes = comparison.in(manager.apiVersion);
    if (!changes) continue;
    const conflict = intersection(manager.set, union(changes.modified, changes.added));
    if (conflict) result.conflicts.push({ manager, set: conflict });
    const set = difference(difference(manager.set, conflict), changes.removed);
    if (set === manager.set) result.managers.push(manager);
    else if (set) result.managers.push({ ...manager, set });
  }
  return result;
}
