import { type ApiObject, storeKey } from "../api-object.ts";
import { groupResource, type ServedResource } from "../resource.ts";
import { badRequest, type FieldError, invalid, notFound, StatusError } from "../status-error.ts";
import { decodeContinue, encodeContinue } from "./continue-token.ts";
import { type ListOptions, listOptions } from "./list-options.ts";
import type { RequestScope } from "./request-scope.ts";
import { checkLabelSelector, type Selection, selection } from "./selection.ts";

/** The stored object that the request names; 404 where there is none. */
export function existing(resource: ServedResource, namespace: string | undefined, name: string): ApiObject {
  const object = resource.collection.get(storeKey(namespace, name));
  if (!object) throw notFound(groupResource(resource), name);
  return object;
}

export async function get(scope: RequestScope): Promise<ApiObject> {
  const { resource, namespace, name } = scope;
  atLeast(scope, scope.request.query.get("resourceVersion") ?? "");
  return fromStored(resource, existing(resource, namespace, name as string));
}

/** A stored object in the version that is asked for, by a webhook where that converts it. */
export async function fromStored({ rules }: ServedResource, stored: ApiObject): Promise<ApiObject> {
  if (rules.askFromStored) await rules.askFromStored([stored]);
  return rules.fromStored(stored);
}

export interface ObjectList {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: { resourceVersion: string; continue?: string; remainingItemCount?: number };
  readonly items: readonly ApiObject[];
}

export async function list(scope: RequestScope): Promise<ObjectList> {
  const { resource, request } = scope;
  const options = listOptions(request.query);
  checkLabelSelector(options.labelSelector);
  validateListOptions(options);
  const selected = selection(resource, options.labelSelector, options.fieldSelector, scope.name);
  const { page, revision, metadata } = pageOf(scope, options, selected);
  if (resource.rules.askFromStored) await resource.rules.askFromStored(page);
  const convert = resource.rules.fromStored;
  return {
    kind: resource.listKind,
    apiVersion: resource.apiVersion,
    metadata: { resourceVersion: String(revision), ...(resource.custom && { continue: "" }), ...metadata },
    items: page.map((object) => convert(object)),
  };
}

interface Page {
  readonly page: readonly ApiObject[];
  readonly revision: number;
  readonly metadata: { continue?: string; remainingItemCount?: number };
}

function pageOf(scope: RequestScope, options: ListOptions, selected: Selection): Page {
  const { collection } = scope.resource;
  const { store } = scope.parts;
  const prefix = scope.namespace ? `${scope.namespace}/` : "";
  let revision = store.revision;
  let after = "";
  let objects: readonly ApiObject[] | undefined;
  if (options.continueToken) {
    const token = decodeContinue(options.continueToken);
    after = token.after;
    if (options.resourceVersion && options.resourceVersion !== "0")
      throw new StatusError(400, "BadRequest", "specifying resource version is not allowed when using continue");
    if (token.revision >= 0) revision = token.revision;
    objects = collection.listAt(revision, prefix, prefix + after);
    if (!objects) throw expiredPage(after);
  } else if (exactly(options)) {
    revision = parseVersion(options.resourceVersion, true);
    atLeast(scope, options.resourceVersion, true);
    objects = collection.listAt(revision, prefix);
    if (!objects) throw new StatusError(410, "Expired", "The resourceVersion for the provided list is too old.");
  } else {
    atLeast(scope, options.resourceVersion, true);
    objects = namedOnly(scope, selected) ?? collection.list(prefix);
  }
  if (options.limit <= 0) {
    return { page: selected.empty ? objects : objects.filter(selected.matches), revision, metadata: {} };
  }
  const page: ApiObject[] = [];
  let index = 0;
  while (index < objects.length && page.length < options.limit) {
    const object = objects[index++] as ApiObject;
    if (selected.matches(object)) page.push(object);
  }
  while (!selected.empty && index < objects.length && !selected.matches(objects[index] as ApiObject)) index++;
  if (index >= objects.length) return { page, revision, metadata: {} };
  const last = (objects[index - 1] as ApiObject).metadata;
  const token = encodeContinue({ revision, after: storeKey(prefix ? undefined : last.namespace, last.name) });
  return {
    page,
    revision,
    // Objects that the selector would drop cannot be told apart yet, so the count is left out, as etcd's is.
    metadata: { continue: token, ...(selected.empty && { remainingItemCount: objects.length - index }) },
  };
}

/** A list that can only hold one object is a look-up (`metadata.name=x`, as every kubectl wait and watch asks). */
function namedOnly(scope: RequestScope, selected: Selection): readonly ApiObject[] | undefined {
  if (selected.name === undefined) return undefined;
  if (scope.resource.namespaced && scope.namespace === undefined) return undefined;
  const object = scope.resource.collection.get(storeKey(scope.namespace, selected.name));
  return object ? [object] : [];
}

function expiredPage(after: string): StatusError {
  const error = new StatusError(
    410,
    "Expired",
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.",
  );
  error.status.metadata.continue = encodeContinue({ revision: -1, after });
  return error;
}

/** As etcd's versioner reads it; only lists answer a bad one with 400. */
export function parseVersion(text: string, listing = false): number {
  if (/^\d+$/.test(text)) return Number(text);
  const why = `resourceVersion: Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`;
  throw listing ? badRequest(`invalid resource version: ${why}`) : new StatusError(500, "", why);
}

/** 504 where a version from the future is asked for: the caller is to wait and ask again. */
export function atLeast(scope: RequestScope, resourceVersion: string, listing = false): void {
  if (resourceVersion === "" || resourceVersion === "0") return;
  const asked = parseVersion(resourceVersion, listing);
  const current = scope.parts.store.revision;
  if (asked <= current) return;
  throw new StatusError(504, "Timeout", `Timeout: Too large resource version: ${asked}, current: ${current}`, {
    causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }],
    retryAfterSeconds: 1,
  });
}

/** A page of a revision is of just that one, where nothing else is said. */
const exactly = ({ resourceVersionMatch: match, resourceVersion, limit }: ListOptions): boolean =>
  match === "Exact" || (!match && limit > 0 && Boolean(resourceVersion) && resourceVersion !== "0");

function validateListOptions(options: ListOptions): void {
  const errors: FieldError[] = [];
  const forbid = (field: string, why: string) =>
    errors.push({ reason: "FieldValueForbidden", field, message: `Forbidden: ${why}` });
  const match = options.resourceVersionMatch;
  if (match) {
    if (!options.resourceVersion)
      forbid("resourceVersionMatch", "resourceVersionMatch is forbidden unless resourceVersion is provided");
    if (options.continueToken)
      forbid("resourceVersionMatch", "resourceVersionMatch is forbidden when continue is provided");
    if (match !== "Exact" && match !== "NotOlderThan")
      errors.push({
        reason: "FieldValueNotSupported",
        field: "resourceVersionMatch",
        message: `Unsupported value: ${JSON.stringify(match)}: supported values: "Exact", "NotOlderThan", ""`,
      });
    if (match === "Exact" && options.resourceVersion === "0")
      forbid("resourceVersionMatch", 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"');
  }
  if (options.sendInitialEvents !== undefined) forbid("sendInitialEvents", "sendInitialEvents is forbidden for list");
  if (errors.length > 0) throw invalid("meta.k8s.io", "ListOptions", "", errors);
}
