import { timestamp } from "@bellows/kube";
import { type ApiObject, storeKey, withMetadata } from "../api-object.ts";
import { goValue } from "../go-value.ts";
import { isObject, sortedJson } from "../json-value.ts";
import { serverSideApply } from "../managed-fields/index.ts";
import { jsonPatch, mergePatch, strategicMergePatch } from "../patch/index.ts";
import { groupResource } from "../resource.ts";
import { badRequest, conflict, type FieldError, invalid, StatusError } from "../status-error.ts";
import type { RequestScope } from "./request-scope.ts";
import { checkName, createObject, decodeBody, updateObject } from "./write-object.ts";

export interface Patched {
  readonly object: ApiObject;
  readonly created: boolean;
}

export const patchType = ({ request }: RequestScope): string =>
  (request.headers["content-type"] ?? "").split(";")[0]?.trim() ?? "";

const applyType = "application/apply-patch+yaml";

/** PATCH of a resource or of its status, by any of the four kinds of patch. */
export async function patch(scope: RequestScope, subresource?: string): Promise<Patched> {
  const type = patchType(scope);
  validatePatchOptions(scope, type);
  if (type === applyType) return apply(scope, subresource);
  const change = patcher(scope, type);
  const object = await updateObject(scope, {
    subresource,
    change: (before) => {
      const after = change(before);
      checkUid(scope, after, before);
      return decodePatched(scope, after);
    },
  });
  return { object, created: false };
}

/** The function that a patch is: from the object as it is to the one that is wanted. Shared by subresources. */
export function patcher(scope: RequestScope, type: string): <T extends object>(before: T) => T {
  const { body } = scope.request;
  switch (type) {
    case "application/json-patch+json":
      return (before) => jsonPatch(before, body);
    case "application/merge-patch+json":
      return (before) => mergePatch(before, body);
    case "application/strategic-merge-patch+json":
      if (scope.resource.custom) throw noStrategicPatch();
      return (before) => strategicMergePatch(before, body, scope.resource.rules.schema);
    default:
      throw unknownPatchType();
  }
}

/**
 * What does not decode is the patch's fault: 422, with the patch (a strategic one) or the object that it would make (the
 * others) as the value at fault.
 */
function decodePatched(scope: RequestScope, after: object): ApiObject {
  try {
    return decodeBody(scope, after);
  } catch (error) {
    const why = error instanceof StatusError ? decodingProblem.exec(error.message)?.[1] : undefined;
    if (why === undefined) throw error;
    const strategic = patchType(scope) === "application/strategic-merge-patch+json";
    // A patch that is itself at fault is refused with what it made as a map, whose keys are in order.
    const atFault = (scope.request.duplicateFields?.() ?? []).length > 0;
    const value = strategic
      ? goValue(scope.request.body)
      : JSON.stringify(atFault ? sortedJson(after, ["managedFields"]) : after);
    const message = `Invalid value: ${JSON.stringify(value)}: ${strategic ? converterProblem(why) : why}`;
    throw invalid("", "", "", [{ reason: "FieldValueInvalid", field: "patch", message }]);
  }
}

const decodingProblem = /^\w* in version "[^"]*" cannot be handled as a \w+: (.*)$/s;

/** A strategic patch is read by another decoder, with other words for a value of the wrong type. */
function converterProblem(why: string): string {
  const [, from, field = "", to] = /^json: cannot unmarshal (\w+) into (.*) of type (\S+)$/.exec(why) ?? [];
  if (from === undefined || to === undefined) return why;
  if (to === "string" && /\.(labels|annotations|data|stringData|matchLabels|nodeSelector)$/.test(field))
    return `cannot convert ${goTypes[from] ?? from} to string`;
  if (to.startsWith("[]")) return `cannot restore slice from ${from}`;
  if (to.startsWith("map[")) return `cannot restore map from ${from}`;
  return /^[a-z]/.test(to) && !to.includes(".") ? `unrecognized type: ${to}` : `cannot restore struct from: ${from}`;
}

/** What a value of JSON is in Go before it has a type. */
const goTypes: Readonly<Record<string, string>> = { number: "int64" };

/** As the router of kube-apiserver words a content type that no handler takes. */
const unknownPatchType = () => new StatusError(415, "UnsupportedMediaType", "415: Unsupported Media Type", {});

const noStrategicPatch = () =>
  new StatusError(
    415,
    "UnsupportedMediaType",
    "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml",
  );

/** A patch may name the UID to be sure of its target; it is no way to change it. */
function checkUid(scope: RequestScope, after: object, before: ApiObject): void {
  const uid = (after as Partial<ApiObject>).metadata?.uid;
  if (uid === undefined || uid === before.metadata.uid) return;
  const error: FieldError = {
    reason: "FieldValueInvalid",
    field: "metadata.uid",
    message: `Invalid value: ${JSON.stringify(uid)}: field is immutable`,
  };
  throw invalid(scope.resource.group, scope.resource.kind, before.metadata.name, [error, error]);
}

/** Server-side apply: creates what does not exist. */
async function apply(scope: RequestScope, subresource: string | undefined): Promise<Patched> {
  const { resource, parts, request, namespace, name } = scope;
  const { body } = request;
  if (!isObject(body)) throw badRequest("error decoding YAML: the patch is not an object");
  if (!body.apiVersion && !body.kind) throw badRequest("invalid object type: /, Kind=");
  if (body.kind !== resource.kind && body.apiVersion === resource.apiVersion && !resource.custom)
    throw badRequest(`invalid object type: ${resource.group}/${resource.version}, Kind=${String(body.kind)}`);
  const merged = (live: ApiObject | undefined): ApiObject =>
    decodeApplied(
      scope,
      serverSideApply<ApiObject>({
        live,
        config: body,
        schema: resource.rules.schema,
        apiVersion: resource.apiVersion,
        manager: scope.fieldManager,
        force: request.query.flag("force"),
        ...(subresource && { subresource }),
        now: timestamp(parts.clock.now()),
      }),
    );
  if (!subresource && !resource.collection.get(storeKey(namespace, name as string))) {
    const wanted = merged(undefined);
    checkName(wanted, name as string);
    const { uid } = wanted.metadata;
    if (uid)
      throw conflict(
        groupResource(resource),
        name as string,
        `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`,
      );
    const fresh = withMetadata(wanted, { resourceVersion: undefined } as Partial<ApiObject["metadata"]>);
    return { object: await createObject(scope, fresh, true), created: true };
  }
  const object = await updateObject(scope, { subresource, applied: true, change: (before) => merged(before) });
  return { object, created: false };
}

/** What fits the schema and cannot be read all the same (a time that is none) is the server's trouble: 500. */
function decodeApplied(scope: RequestScope, merged: ApiObject): ApiObject {
  try {
    return decodeBody(scope, merged, true);
  } catch (error) {
    const why = error instanceof StatusError ? decodingProblem.exec(error.message)?.[1] : undefined;
    if (why === undefined || !why.startsWith("parsing time")) throw error;
    const { apiVersion, kind } = scope.resource;
    const of = `${apiVersion}, Kind=${kind}`;
    throw new StatusError(
      500,
      "",
      `failed to convert new object (/${scope.name}; ${of}) to proper version: unable to convert unstructured object to ${of}: ${why}`,
    );
  }
}

function validatePatchOptions({ request }: RequestScope, type: string): void {
  const { query } = request;
  if (type === applyType) {
    if (query.get("fieldManager")) return;
    throw invalid("meta.k8s.io", "PatchOptions", "", [
      { reason: "FieldValueRequired", field: "fieldManager", message: "Required value: is required for apply patch" },
    ]);
  }
  if (query.get("force") !== undefined)
    throw invalid("meta.k8s.io", "PatchOptions", "", [
      { reason: "FieldValueForbidden", field: "force", message: "Forbidden: may not be specified for non-apply patch" },
    ]);
}
