import type { ManagedFieldsEntry, ObjectMeta } from "@bellows/api";
import { emptyObjectWithNulls } from "../go-types/typed-plan.ts";
import type { JsonObject } from "../json-value.ts";
import type { SchemaView } from "../schema-view.ts";
import { difference, recursiveDifference, union } from "./field-set.ts";
import {
  capUpdateManagers,
  decodeManagers,
  encodeManagers,
  equalOwnership,
  type Manager,
  sameManager,
} from "./managers.ts";
import { resetFieldsOf } from "./reset-fields.ts";
import { ownable, strippedFields } from "./stripped-fields.ts";
import { losses, VersionedComparison, type VersionLookup } from "./update-ownership.ts";

export interface UpdateRecord {
  /** The object as it was stored; undefined when it is created. */
  before: object | undefined;
  /** The object to be stored, with its defaults, as the client sent its managedFields. */
  after: object;
  schema: SchemaView;
  /** The version that the request was made in. */
  apiVersion: string;
  /** The `fieldManager` of the request, or the first part of its user agent. */
  manager: string;
  subresource?: string;
  /** RFC 3339, whole seconds. */
  now: string;
  versions?: VersionLookup;
}

/**
 * Who owns what after an update, patch or create that is no apply: the manager gains what it changed, everybody loses
 * what was changed or removed. Returns the entries of `before` themselves when nothing ownable changed, so that the
 * caller can tell by identity. The work grows with what changed between `before` and `after`.
 */
export function recordUpdate(record: UpdateRecord): ManagedFieldsEntry[] | undefined {
  const { schema, apiVersion, now, versions, subresource = "" } = record;
  const after = record.after as JsonObject;
  const entries = currentEntries(record, subresource !== "");
  // An object that nobody tracks stays so, except when it is made.
  if (!entries?.length && record.before && metadataOf(record.before)?.uid) return undefined;
  const before = (record.before as JsonObject | undefined) ?? emptyRoot(schema, after);
  if (before === after) return entries;

  const reset = resetFieldsOf(schema.typeName ?? "", subresource);
  const comparison = new VersionedComparison(schema, apiVersion, ownable(before), ownable(after), reset, versions);
  const managers = decodeManagers(entries);
  const { managers: left } = losses(managers, comparison);
  const own = comparison.in(apiVersion);
  const changed = difference(recursiveDifference(union(own?.modified, own?.added), reset), strippedFields);
  let result: readonly Manager[] = left;
  if (changed) {
    const self: Manager = {
      manager: record.manager || "unknown",
      operation: "Update",
      apiVersion,
      subresource,
      time: now,
      set: changed,
    };
    const previous = left.find((other) => sameManager(other, self));
    result = [
      ...left.filter((other) => other !== previous),
      previous ? { ...self, set: union(self.set, previous.set) } : self,
    ];
    result = capUpdateManagers(result);
  }
  if (entries && equalOwnership(result, managers)) return entries;
  const encoded = encodeManagers(result);
  return encoded.length ? encoded : undefined;
}

/** An empty list, or a list of one empty entry, as sent by a client, asks to forget all owners. */
function currentEntries({ before, after }: UpdateRecord, ignoreSent: boolean): ManagedFieldsEntry[] | undefined {
  const live = before && metadataOf(before)?.managedFields;
  if (ignoreSent) return live;
  const sent = metadataOf(after)?.managedFields;
  if (!sent) return live;
  const [only] = sent;
  if (sent.length === 0 || (sent.length === 1 && only && Object.keys(only).length === 0)) return undefined;
  return sent;
}

export const metadataOf = (object: object): ObjectMeta | undefined => (object as { metadata?: ObjectMeta }).metadata;

/** What an object that does not exist is compared with. */
export function emptyRoot(schema: SchemaView, object: JsonObject): JsonObject {
  return { apiVersion: object["apiVersion"], kind: object["kind"], metadata: {}, ...emptyObjectWithNulls(schema) };
}
