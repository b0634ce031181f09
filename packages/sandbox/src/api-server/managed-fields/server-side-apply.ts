import { equalJson, isObject, type JsonObject } from "../json-value.ts";
import type { SchemaView } from "../schema-view.ts";
import { badRequest, StatusError } from "../status-error.ts";
import { difference, type FieldSet, has, intersection, members, recursiveDifference, union } from "./field-set.ts";
import { fieldSetOf } from "./field-set-of.ts";
import { fieldsFromLastApplied, lastAppliedOf, withLastApplied } from "./last-applied.ts";
import {
  compareText,
  decodeManagers,
  encodeManagers,
  equalOwnership,
  type Manager,
  printManager,
  sameManager,
} from "./managers.ts";
import { merge, removeFields, withNamedParents } from "./merge.ts";
import { printPath } from "./path-element.ts";
import { emptyRoot, metadataOf, recordUpdate } from "./record-update.ts";
import { resetFieldsOf } from "./reset-fields.ts";
import { ownable, strippedFields } from "./stripped-fields.ts";
import { losses, VersionedComparison, type VersionLookup } from "./update-ownership.ts";
import { typedProblem } from "./validate-typed.ts";

export interface Application {
  /** The stored object; undefined when the apply creates it. */
  live: object | undefined;
  /** What the client applies: only the fields it has an opinion about. */
  config: object;
  schema: SchemaView;
  /** The version of the request; the configuration must be of the same. */
  apiVersion: string;
  manager: string;
  /** Takes fields from other managers instead of failing. */
  force?: boolean;
  subresource?: string;
  /** RFC 3339, whole seconds. */
  now: string;
  versions?: VersionLookup;
}

interface Conflict {
  readonly manager: Manager;
  readonly path: readonly string[];
}

/** kubectl may take over what it applied on the client's side before. */
const kubectl = "kubectl";

/**
 * Applies a configuration: lays it over the live object, removes what the same manager applied before and left out now
 * (unless somebody else owns it), and records the ownership in `metadata.managedFields`. The result has no defaults yet.
 * Returns `live` itself when the object and its owners are the same afterwards.
 * @throws StatusError 409 with one cause a field for fields of other managers, 400 or 500 for what can't be read
 */
export function serverSideApply<T extends object>(application: Application): T {
  const config = application.config as JsonObject;
  checkConfig(application, config);
  const { schema, apiVersion, manager } = application;
  let live = (application.live as JsonObject | undefined) ?? emptyRoot(schema, config);
  if (application.live && !metadataOf(live)?.managedFields?.length) live = trackedFromNow(application, live);

  let outcome = applyOnce(application, live, config, application.force ?? false);
  if (outcome.conflicts.length && manager === kubectl) {
    const allowed = fieldsFromLastApplied(schema, live, apiVersion);
    const rest = allowed ? outcome.conflicts.filter(({ path }) => !has(allowed, path)) : outcome.conflicts;
    outcome = rest.length ? { ...outcome, conflicts: rest } : applyOnce(application, live, config, true);
  }
  if (outcome.conflicts.length) throw applyConflict(outcome.conflicts);
  let { object } = outcome;
  if (manager === kubectl && lastAppliedOf(object)) object = withLastApplied(object, config);
  return withManagers(application, live, object, outcome.managers) as T;
}

function checkConfig({ schema, apiVersion }: Application, config: JsonObject): void {
  if (config["apiVersion"] !== apiVersion)
    throw badRequest(
      `Incorrect version specified in apply patch. Specified patch version: ${String(config["apiVersion"] ?? "")}, expected: ${apiVersion}`,
    );
  if (metadataOf(config)?.managedFields) throw badRequest("metadata.managedFields must be nil");
  const problem = typedProblem(schema, config);
  if (!problem) return;
  const slash = apiVersion.includes("/") ? apiVersion : `/${apiVersion}`;
  const name = `${metadataOf(config)?.namespace ?? ""}/${metadataOf(config)?.name ?? ""}`;
  throw new StatusError(
    500,
    "",
    `failed to create typed patch object (${name}; ${slash}, Kind=${String(config["kind"])}): ${problem}`,
  );
}

/** All that an object without owners has is given to `before-first-apply`. */
function trackedFromNow({ schema, apiVersion, now, subresource }: Application, live: JsonObject): JsonObject {
  const { uid: _, ...metadata } = (live["metadata"] ?? {}) as JsonObject;
  const managedFields = recordUpdate({
    before: undefined,
    after: { ...live, metadata },
    schema,
    apiVersion,
    manager: "before-first-apply",
    now,
    ...(subresource && { subresource }),
  });
  return { ...live, metadata: { ...(live["metadata"] as JsonObject), managedFields } };
}

function applyOnce(application: Application, live: JsonObject, config: JsonObject, force: boolean) {
  const { schema, apiVersion, manager, now, subresource = "", versions } = application;
  const reset = resetFieldsOf(schema.typeName ?? "", subresource);
  const managers = decodeManagers(metadataOf(live)?.managedFields);
  const liveOwnable = ownable(live);
  const self: Manager = {
    manager,
    operation: "Apply",
    apiVersion,
    subresource,
    time: now,
    set: recursiveDifference(fieldSetOf(schema, ownable(config)), reset),
  };
  const previous = managers.find((other) => sameManager(other, self));
  const others = managers.filter((other) => other !== previous);

  const merged = merge(schema, liveOwnable, ownable(config)) as JsonObject;
  const result = prune(schema, merged, previous?.set, [...others, self], versions, apiVersion);
  const comparison = new VersionedComparison(schema, apiVersion, liveOwnable, result, reset, versions);
  const { managers: left, conflicts } = losses(others, comparison);
  const changed = !equalJson(liveOwnable, result);
  const own: Manager = {
    ...self,
    set: difference(self.set, strippedFields),
    time: changed || !previous ? (changed ? now : undefined) : previous.time,
  };
  return {
    object: changed || !application.live ? withServerMetadata(live, config, result) : live,
    managers: own.set ? [...left, own] : left,
    conflicts: force ? [] : conflicts.flatMap(conflictPaths),
  };
}

function conflictPaths({ manager, set }: { manager: Manager; set: FieldSet }): Conflict[] {
  return [...members(set)].map((path) => ({ manager, path }));
}

/** Puts the metadata that nobody owns back: the live object's, and the name of one that is created. */
function withServerMetadata(live: JsonObject, config: JsonObject, result: JsonObject): JsonObject {
  const given = (config["metadata"] ?? {}) as JsonObject;
  const kept = (live["metadata"] ?? {}) as JsonObject;
  const metadata: JsonObject = {};
  for (const key of ["name", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp", "selfLink"]) {
    const value = given[key] ?? kept[key];
    if (value !== undefined) metadata[key] = value;
  }
  return { ...result, metadata: { ...metadata, ...(result["metadata"] as JsonObject | undefined) } };
}

/**
 * Removes what the manager applied last time and not this time, unless another manager owns it. Of keyed lists and maps
 * only the parts that the manager itself added go.
 */
function prune(
  schema: SchemaView,
  merged: JsonObject,
  last: FieldSet | undefined,
  managers: readonly Manager[],
  versions: VersionLookup | undefined,
  apiVersion: string,
): JsonObject {
  if (!last) return merged;
  const named = (set: FieldSet | undefined) => withNamedParents(schema, set);
  const remove = (unwanted: FieldSet | undefined): JsonObject =>
    unwanted ? ((removeFields(schema, merged, unwanted) ?? {}) as JsonObject) : merged;
  let pruned = remove(named(last));
  let owned: FieldSet | undefined;
  for (const manager of managers)
    if (!versions || manager.apiVersion === apiVersion || versions(manager.apiVersion))
      owned = union(owned, manager.set);
  const mergedSet = named(fieldSetOf(schema, merged));
  const setOfPruned = () => named(fieldSetOf(schema, pruned));
  pruned = remove(difference(mergedSet, union(setOfPruned(), named(owned))));
  pruned = remove(intersection(difference(mergedSet, setOfPruned()), named(last)));
  return { ...pruned, apiVersion: merged["apiVersion"], kind: merged["kind"] };
}

function withManagers(
  application: Application,
  live: JsonObject,
  object: JsonObject,
  managers: readonly Manager[],
): JsonObject {
  const before = metadataOf(live)?.managedFields;
  if (object === live && before && equalOwnership(managers, decodeManagers(before)))
    return (application.live as JsonObject | undefined) === undefined ? object : live;
  const metadata = isObject(object["metadata"]) ? object["metadata"] : {};
  return { ...object, metadata: { ...metadata, managedFields: encodeManagers(managers) } };
}

function applyConflict(conflicts: readonly Conflict[]): StatusError {
  const sorted = conflicts.toSorted((a, b) => compareText(printManager(a.manager), printManager(b.manager)));
  const causes = sorted.map(({ manager, path }) => ({
    reason: "FieldManagerConflict",
    message: `conflict with ${printManager(manager)}`,
    field: printPath(path),
  }));
  return new StatusError(409, "Conflict", conflictMessage(sorted), { causes });
}

function conflictMessage(conflicts: readonly Conflict[]): string {
  const [only] = conflicts;
  if (only && conflicts.length === 1)
    return `Apply failed with 1 conflict: conflict with ${printManager(only.manager)}: ${printPath(only.path)}`;
  const lines: string[] = [];
  let current: Manager | undefined;
  for (const { manager, path } of conflicts) {
    if (manager !== current) lines.push(`conflicts with ${printManager(manager)}:`);
    current = manager;
    lines.push(`- ${printPath(path)}`);
  }
  return `Apply failed with ${conflicts.length} conflicts: ${lines.join("\n")}`;
}
