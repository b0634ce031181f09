import { randomSuffix, randomUuid, timestamp } from "@bellows/kube";
import { type ApiObject, storeKey, withMetadata } from "../api-object.ts";
import { equalJson } from "../json-value.ts";
import { apiVersionOf, groupResource, type ServedResource, type Verdict } from "../resource.ts";
import { strategyContext } from "../server-parts.ts";
import { alreadyExists, badRequest, conflict, invalid, StatusError } from "../status-error.ts";
import type { Strategy } from "../strategies/strategy.ts";
import { objectBody, requireKind } from "./body.ts";
import { tracked } from "./field-tracking.ts";
import { checkGrantedRights } from "./granted-rights.ts";
import { existing, fromStored } from "./read.ts";
import type { RequestScope } from "./request-scope.ts";

/** Decodes a body into the resource's own kind, with defaults; the namespace and name of the path are filled in. */
export function decodeBody(scope: RequestScope, body: unknown, applied = false): ApiObject {
  const { resource } = scope;
  const given = body === scope.request.body ? objectBody(scope.request, resource.kind) : body;
  if (resource.custom && body === scope.request.body) requireKind(scope.request, resource.kind);
  const { apiVersion, kind } = given as Partial<ApiObject>;
  // A custom object of another kind is refused when it is looked at closely.
  const wrongVersion = apiVersion && apiVersion !== resource.apiVersion;
  if (wrongVersion || (kind && kind !== resource.kind && !resource.custom))
    throw wrongKind(scope, String(apiVersion ?? ""), String(kind ?? ""));
  const { object, warnings } = resource.rules.decode(body, scope.fieldValidation, scope.request.duplicateFields?.());
  for (const warning of warnings) if (!scope.warnings.includes(warning)) scope.warnings.push(warning);
  return resource.rules.applyDefaults(identified(scope, object), applied);
}

function wrongKind({ resource, parts }: RequestScope, apiVersion: string, givenKind: string): StatusError {
  const [group = "", version = resource.version] = apiVersion.includes("/")
    ? apiVersion.split("/")
    : apiVersion
      ? ["", apiVersion]
      : [resource.group];
  const kind = givenKind || resource.kind;
  const refused = (why: string) =>
    badRequest(`${kind} in version ${JSON.stringify(version)} cannot be handled as a ${resource.kind}: ${why}`);
  if (!resource.custom && !parts.registry.ofKind(group, kind, version))
    return refused(
      `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion || resource.apiVersion)} in scheme "pkg/runtime/scheme.go:111"`,
    );
  if (kind === resource.kind)
    return badRequest(
      `the API version in the data (${apiVersion}) does not match the expected API version (${resource.apiVersion})`,
    );
  return refused(
    `converting (${version}.${kind}) to (${resource.group || "core"}.${resource.kind}): unknown conversion`,
  );
}

function identified(scope: RequestScope, object: ApiObject): ApiObject {
  const { resource, namespace } = scope;
  const metadata = object.metadata ?? {};
  if (!resource.namespaced) {
    if (metadata.namespace)
      throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
  } else if (metadata.namespace && metadata.namespace !== namespace) {
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
  }
  return {
    ...object,
    apiVersion: resource.apiVersion,
    kind: (resource.custom && object.kind) || resource.kind,
    metadata: { ...metadata, ...(resource.namespaced && { namespace }) } as ApiObject["metadata"],
  };
}

/** The last steps of every creation: identity, strategy, validation, admission, store. */
export async function createObject(scope: RequestScope, decoded: ApiObject, applied = false): Promise<ApiObject> {
  const { parts, resource, request } = scope;
  const context = strategyContext(parts, request.user, scope.dryRun);
  // What admission adds belongs to nobody, as upstream.
  const sent = applied ? decoded : tracked(scope, decoded, undefined, "");
  const object = await parts.admission.mutate(scope, "CREATE", sent, undefined);
  if (object.metadata.resourceVersion)
    throw new StatusError(500, "", "resourceVersion should not be set on objects to be created");
  const { rules, strategy } = resource;
  checkGrantedRights(scope, object);
  if (rules.askToStored) await rules.askToStored(object);
  let stored = rules.toStored(object);
  stored = born(stored, parts.random, timestamp(parts.clock.now()), strategy.generation);
  if (strategy.prepareForCreate) stored = strategy.prepareForCreate(stored, context);
  const asSeen = await fromStored(resource, stored);
  refuse(scope, asSeen, rules.validateCreate(asSeen));
  await parts.admission.validate(scope, "CREATE", asSeen, undefined);
  scope.warnings.push(...(strategy.warnings?.(stored, undefined) ?? []));
  const key = storeKey(stored.metadata.namespace, stored.metadata.name);
  const there = resource.collection.get(key);
  if (there) {
    if (!object.metadata.generateName || object.metadata.name)
      throw alreadyExists(
        groupResource(resource),
        stored.metadata.name,
        there.metadata.deletionTimestamp === undefined ? "" : "object is being deleted: ",
      );
    throw generatedNameTaken(resource, stored.metadata.name);
  }
  return fromStored(resource, scope.dryRun ? stored : resource.collection.create(key, stored));
}

/** What the server gives to a new object, and what a client cannot bring along. */
function born(object: ApiObject, random: RequestScope["parts"]["random"], now: string, generation: boolean): ApiObject {
  const { metadata } = object;
  const { selfLink: _, deletionTimestamp: __, deletionGracePeriodSeconds: ___, ...kept } = metadata;
  const name = metadata.name || (metadata.generateName ? generatedName(metadata.generateName, random) : "");
  return {
    ...object,
    metadata: {
      ...kept,
      name,
      uid: randomUuid(random),
      creationTimestamp: now,
      ...(generation && { generation: 1 }),
    },
  };
}

/** At most 63 characters in all: the prefix is cut to 58 (apiserver `names.SimpleNameGenerator`). */
const generatedName = (prefix: string, random: RequestScope["parts"]["random"]): string =>
  `${prefix.slice(0, 58)}${randomSuffix(random)}`;

const generatedNameTaken = (resource: ServedResource, name: string) =>
  new StatusError(
    409,
    "AlreadyExists",
    `${apiVersionOf(resource.group, resource.plural)} "${name}" already exists, the server was not able to generate a unique name for the object`,
    { name, ...(resource.group && { group: resource.group }), kind: resource.plural, retryAfterSeconds: 1 },
  );

export interface Update {
  /** `status`, or undefined for the resource itself. */
  readonly subresource?: string | undefined;
  /** The object as it is to be, in the request's version, computed from what is there now. Runs again when it changed meanwhile. */
  readonly change: (before: ApiObject) => ApiObject | Promise<ApiObject>;
  /** Runs instead of the strategy's preparation. */
  readonly prepare?: (object: ApiObject, before: ApiObject) => ApiObject;
  /** The change has recorded its field managers itself, as an apply does. */
  readonly applied?: boolean;
}

/** A change of an object that exists: PUT, every PATCH, and writes to subresources go through here. */
export async function updateObject(scope: RequestScope, update: Update): Promise<ApiObject> {
  const { resource, namespace, name } = scope;
  for (let attempt = 0; ; attempt++) {
    const stored = existing(resource, namespace, name as string);
    const next = await changed(scope, update, stored);
    if (resource.collection.get(storeKey(namespace, name as string)) === stored)
      return fromStored(resource, write(scope, stored, next));
    if (attempt === 5) throw conflict(groupResource(resource), name as string, modified);
  }
}

export const modified = "the object has been modified; please apply your changes to the latest version and try again";

async function changed(scope: RequestScope, update: Update, stored: ApiObject): Promise<ApiObject> {
  const { parts, resource, request } = scope;
  const { rules, strategy } = resource;
  const context = strategyContext(parts, request.user, scope.dryRun);
  const before = await fromStored(resource, stored);
  let object = checkedIdentity(scope, await update.change(before), before);
  if (!update.applied) object = tracked(scope, object, before, update.subresource ?? "");
  object = await parts.admission.mutate(scope, "UPDATE", object, before);
  checkGrantedRights(scope, object, before);
  if (rules.askToStored) await rules.askToStored(object);
  let next = rules.toStored(object);
  if (update.prepare) next = update.prepare(next, stored);
  else if (update.subresource === "status") next = preparedForStatus(resource, next, stored, context);
  else next = prepared(resource, next, stored, context);
  if (strategy.generation && !ungenerated.has(update.subresource ?? "")) next = withGeneration(next, stored, strategy);
  const asSeen = await fromStored(resource, next);
  refuse(scope, asSeen, rules.validateUpdate(asSeen, before, update.subresource));
  await parts.admission.validate(scope, "UPDATE", asSeen, before);
  scope.warnings.push(...(strategy.warnings?.(next, stored) ?? []));
  return next;
}

/** What these write is not counted: a status, and the node that a Pod was given. */
const ungenerated = new Set(["status", "binding"]);

/** Throws 400 where an object is not the one that the path names. */
export function checkName({ metadata }: ApiObject, name: string): void {
  if (!metadata.name)
    throw badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`);
  if (metadata.name !== name)
    throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${name})`);
}

/** What only the server sets: given otherwise than it is, the write is refused, as `rest.BeforeUpdate` does. */
function checkServersOwn({ resource }: RequestScope, { metadata }: ApiObject, before: ApiObject["metadata"]): void {
  const errors = (["creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"] as const)
    .filter((field) => metadata[field] !== undefined && metadata[field] !== null && metadata[field] !== before[field])
    .map((field) => ({
      reason: "FieldValueInvalid" as const,
      field: `metadata.${field}`,
      message: `Invalid value: ${JSON.stringify(metadata[field])}: field is immutable`,
    }));
  if (errors.length > 0) throw invalid(resource.group, resource.kind, before.name, errors);
}

function checkedIdentity(scope: RequestScope, object: ApiObject, before: ApiObject): ApiObject {
  const { resource } = scope;
  const { metadata } = object;
  const name = before.metadata.name;
  checkName(object, name);
  if (metadata.uid && metadata.uid !== before.metadata.uid)
    throw conflict(
      groupResource(resource),
      name,
      `StorageError: invalid object, Code: 4, Key: ${registryKey(resource, before)}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${metadata.uid}, UID in object meta: ${before.metadata.uid}`,
    );
  const version = metadata.resourceVersion;
  if (!version && !resource.strategy.unconditionalUpdate)
    throw invalid(resource.group, resource.plural, name, [
      {
        reason: "FieldValueInvalid",
        field: "metadata.resourceVersion",
        message: "Invalid value: 0: must be specified for an update",
      },
    ]);
  if (version && !/^\d+$/.test(version))
    throw new StatusError(500, "", `strconv.ParseUint: parsing ${JSON.stringify(version)}: invalid syntax`);
  if (version && version !== "0" && version !== before.metadata.resourceVersion)
    throw conflict(groupResource(resource), name, modified);
  checkServersOwn(scope, object, before.metadata);
  return withMetadata(object, {
    namespace: before.metadata.namespace,
    uid: before.metadata.uid as string,
    resourceVersion: before.metadata.resourceVersion as string,
    creationTimestamp: before.metadata.creationTimestamp as string,
    generation: before.metadata.generation,
    deletionTimestamp: before.metadata.deletionTimestamp,
    deletionGracePeriodSeconds: before.metadata.deletionGracePeriodSeconds,
    generateName: before.metadata.generateName,
    selfLink: undefined,
  } as Partial<ApiObject["metadata"]>);
}

/** Where etcd would keep the object; it is part of a message. */
const registryKey = ({ plural, group, custom }: ServedResource, { metadata }: ApiObject): string =>
  `/registry/${custom ? `${group}/` : ""}${plural}/${storeKey(metadata.namespace, metadata.name)}`;

function prepared(
  { strategy }: ServedResource,
  next: ApiObject,
  stored: ApiObject,
  context: ReturnType<typeof strategyContext>,
): ApiObject {
  const own = strategy.statusSubresource ? keepField(next, stored, "status") : next;
  return strategy.prepareForUpdate?.(own, stored, context) ?? own;
}

function preparedForStatus(
  { strategy }: ServedResource,
  next: ApiObject,
  stored: ApiObject,
  context: ReturnType<typeof strategyContext>,
): ApiObject {
  const own: ApiObject = keepField({ ...stored, metadata: { ...next.metadata } }, next, "status");
  return strategy.prepareForStatusUpdate?.(own, stored, context) ?? own;
}

function keepField(object: ApiObject, from: ApiObject, field: string): ApiObject {
  if (object[field] === from[field]) return object;
  const result: Record<string, unknown> = { ...object };
  if (from[field] === undefined) delete result[field];
  else result[field] = from[field];
  return result as unknown as ApiObject;
}

/** The generation counts changes of what is asked for: everything but metadata and status. */
function withGeneration(next: ApiObject, stored: ApiObject, { countsStatus, countsMetadata }: Strategy): ApiObject {
  const counted = () => withMetadata(next, { generation: (stored.metadata.generation ?? 0) + 1 });
  if (countsMetadata && !equalJson(next.metadata[countsMetadata] ?? {}, stored.metadata[countsMetadata] ?? {}))
    return counted();
  for (const field of new Set([...Object.keys(next), ...Object.keys(stored)])) {
    if (field === "metadata" || (field === "status" && !countsStatus)) continue;
    if (!equalJson(next[field], stored[field])) return counted();
  }
  return next;
}

/** What is stored then. A change that changes nothing is no write: no new version, no event. The last finalizer's removal is a deletion. */
function write(scope: RequestScope, stored: ApiObject, next: ApiObject): ApiObject {
  const { resource, dryRun } = scope;
  const { collection } = resource;
  if (sameButTimes(stored, next)) return stored;
  const key = storeKey(stored.metadata.namespace, stored.metadata.name);
  const { deletionTimestamp, deletionGracePeriodSeconds, finalizers } = next.metadata;
  const over = deletionTimestamp && !finalizers?.length && !deletionGracePeriodSeconds && !pendingSpecFinalizers(next);
  if (dryRun) return next;
  if (over) {
    // Watches see the object as it was stored last; the client what it has made of it.
    const gone = collection.remove(key);
    resource.strategy.afterDelete?.(gone, strategyContext(scope.parts, scope.request.user, false));
    return withMetadata(next, { resourceVersion: gone.metadata.resourceVersion as string });
  }
  return collection.replace(key, next);
}

/** A Namespace also waits for the finalizers of its spec. */
const pendingSpecFinalizers = (object: ApiObject): boolean =>
  object.kind === "Namespace" && ((object.spec as { finalizers?: unknown[] } | undefined)?.finalizers?.length ?? 0) > 0;

function sameButTimes(stored: ApiObject, next: ApiObject): boolean {
  for (const field of new Set([...Object.keys(next), ...Object.keys(stored)])) {
    if (field === "metadata") continue;
    if (!equalJson(next[field], stored[field])) return false;
  }
  const { managedFields: before, ...a } = stored.metadata;
  const { managedFields: after, ...b } = next.metadata;
  return equalJson(a, b) && equalJson(withoutTimes(before), withoutTimes(after));
}

const withoutTimes = (entries: ApiObject["metadata"]["managedFields"]) =>
  entries?.map(({ time: _, ...entry }) => entry);

function refuse({ resource, warnings }: RequestScope, { kind, metadata: { name } }: ApiObject, verdict: Verdict): void {
  // Events are kept, and refused, as those of the core group.
  const group = resource.group === "events.k8s.io" ? "" : resource.group;
  if (verdict.errors.length > 0) throw invalid(group, kind, name, verdict.errors);
  warnings.push(...verdict.warnings);
}
