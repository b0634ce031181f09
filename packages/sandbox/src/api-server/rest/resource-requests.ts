import { type ApiObject, storeKey } from "../api-object.ts";
import { type ApiResponse, failure, ok } from "../api-request.ts";
import { represent } from "../representation.ts";
import { StatusError } from "../status-error.ts";
import { bind } from "../subresources/binding.ts";
import { answerReview } from "../subresources/review.ts";
import { answerSubresource } from "../subresources/subresources.ts";
import { deleteCollection, deletedStatus, deleteObject } from "./delete.ts";
import { patch } from "./patch.ts";
import { get, list } from "./read.ts";
import { methodNotAllowed, notFoundPage, pathNotFound } from "./refusals.ts";
import type { RequestScope } from "./request-scope.ts";
import { watch } from "./watch.ts";
import { checkName, createObject, decodeBody, updateObject } from "./write-object.ts";

/** Answers a request for a resource, in the form that it asks for, with its warnings. */
export async function answerResource(scope: RequestScope): Promise<ApiResponse> {
  const { resource, request, parts } = scope;
  const answer = await answered(scope).catch((error: unknown) => {
    // A request that is refused carries its warnings too.
    if (error instanceof StatusError && scope.warnings.length > 0) return failure(error.status);
    throw error;
  });
  const represented = answer.stream || answer.upgrade ? answer : represent(request, resource, parts.clock, answer);
  if (scope.warnings.length === 0) return represented;
  return { ...represented, headers: { ...represented.headers, warning: warningHeader(scope.warnings) } };
}

const answered = async (scope: RequestScope): Promise<ApiResponse> =>
  scope.info.subresource === undefined ? answerVerb(scope) : answerSubresource(scope);

async function answerVerb(scope: RequestScope): Promise<ApiResponse> {
  const { info, resource, request } = scope;
  // A name in the path is the place of one object; a namespaced kind is made in a namespace.
  const { verb, name } = info;
  const namespaceMissing = resource.namespaced && info.namespace === undefined;
  const misplaced = !resource.namespaced && info.namespace !== undefined && resource.plural !== "namespaces";
  if (misplaced && resource.custom) return notFoundPage;
  if ((namespaceMissing && name !== undefined) || misplaced) throw pathNotFound();
  if (verb === "watch" && resource.verbs.includes("list") && !resource.verbs.includes("watch"))
    throw new StatusError(
      405,
      "MethodNotAllowed",
      `watch is not supported on resources of kind ${JSON.stringify(resource.plural)}`,
      {
        ...(resource.group && { group: resource.group }),
        kind: resource.plural,
      },
    );
  if (verb === "" || !resource.verbs.includes(verb)) throw methodNotAllowed();
  if (request.method === "HEAD") throw methodNotAllowed();
  if (namespaceMissing && verb !== "list" && verb !== "watch" && !isReview(scope)) throw methodNotAllowed();
  switch (verb) {
    case "get":
      return ok(await get(scope));
    case "list":
      return { ...ok(await list(scope)), bareItems: !resource.custom };
    case "watch":
      return { ...ok(undefined), watch: watch(scope) };
    case "create": {
      if (name !== undefined) throw methodNotAllowed();
      if (resource.terminating?.()) throw goingAway(scope);
      if (resource.group === "" && resource.plural === "bindings") return ok(await bind(scope), 201);
      const review = answerReview(scope);
      if (review !== undefined) return ok(review, 201);
      return ok(await createObject(scope, decodeBody(scope, request.body)), 201);
    }
    case "update":
      if (name === undefined) throw methodNotAllowed();
      return update(scope, name);
    case "patch": {
      if (name === undefined) throw methodNotAllowed();
      const { object, created } = await patch(scope);
      return ok(object, created ? 201 : 200);
    }
    case "delete": {
      const { gone, object } = await deleteObject(scope);
      return ok(gone && !resource.strategy.returnsDeleted ? deletedStatus(resource, object) : object);
    }
    case "deletecollection":
      return { ...ok(await deleteCollection(scope)), bareItems: !resource.custom };
  }
}

/** A PUT replaces; for a few kinds it also creates what does not exist. */
async function update(scope: RequestScope, name: string): Promise<ApiResponse> {
  const { resource, request, namespace } = scope;
  // A body that is wrong is told before an object that is missing.
  const wanted = decodeBody(scope, request.body);
  checkName(wanted, name);
  if (resource.strategy.createOnUpdate && !resource.collection.get(storeKey(namespace, name))) {
    if (!wanted.metadata.resourceVersion && !wanted.metadata.uid) return ok(await createObject(scope, wanted), 201);
  }
  return ok(await updateObject(scope, { change: () => wanted }));
}

const goingAway = ({ resource, request }: RequestScope) => {
  const { name = "" } = (request.body as Partial<ApiObject> | undefined)?.metadata ?? {};
  const { group, plural } = resource;
  const why = "create not allowed while custom resource definition is terminating";
  return new StatusError(403, "Forbidden", `${plural}.${group} ${JSON.stringify(name)} is forbidden: ${why}`, {
    name,
    group,
    kind: plural,
  });
};

const isReview = ({ resource }: RequestScope): boolean => !resource.verbs.includes("get");

const warningHeader = (warnings: readonly string[]) =>
  warnings.map((warning) => `299 - ${JSON.stringify(warning)}`).join(", ");
