import { type LabelSelector, selectorOf, selectorOfLabels } from "@bellows/api";
import { type ApiObject, record } from "../api-object.ts";
import { type Scale, type ScalePaths, scaleOf, withReplicas } from "../custom-resources/scale-subresource.ts";
import { bodyOf } from "../rest/body.ts";
import { patcher, patchType } from "../rest/patch.ts";
import { existing, fromStored } from "../rest/read.ts";
import type { RequestScope } from "../rest/request-scope.ts";
import { updateObject } from "../rest/write-object.ts";
import { badRequest, invalid, notFound, StatusError } from "../status-error.ts";
import { appliedScale, ofObject, ownersOfUpdate, withOwners } from "./scale-owners.ts";

const builtinPaths: ScalePaths = { specReplicasPath: ".spec.replicas", statusReplicasPath: ".status.replicas" };

/** GET of an autoscaling/v1 Scale. */
export async function getScale(scope: RequestScope): Promise<Scale> {
  const { resource, namespace, name } = scope;
  return shown(scope, await fromStored(resource, existing(resource, namespace, name as string)));
}

/** PUT or PATCH of a Scale: the workload gets its replicas, and nothing else of it can change this way. */
export async function writeScale(scope: RequestScope): Promise<Scale> {
  const paths = scope.resource.scalePaths ?? builtinPaths;
  const object = await updateObject(scope, {
    subresource: "scale",
    applied: true,
    prepare: (next) => next,
    change: (before) => {
      const entries = before.metadata.managedFields;
      const path = paths.specReplicasPath;
      const scale = withOwners(shown(scope, countable(scope, before)), entries, path);
      const wanted = wantedScale(scope, scale);
      const replicas = replicasOf(scope, wanted);
      const { resourceVersion, uid, managedFields } = wanted.metadata ?? {};
      const owners = isApply(scope) ? managedFields : ownersOfUpdate(scope, scale, replicas);
      return {
        ...withReplicas<ApiObject>(before, paths, replicas),
        metadata: {
          ...before.metadata,
          ...(entries && { managedFields: ofObject(entries, owners ?? [], path, scope.resource.apiVersion) }),
          ...(resourceVersion && { resourceVersion }),
          ...(uid && { uid }),
        },
      };
    },
  });
  return shown(scope, object);
}

/** Stands for replicas that a custom resource does not have, so that a patch can tell them from none. */
const unset = -(2 ** 31);

function countable({ resource: { scalePaths } }: RequestScope, object: ApiObject): ApiObject {
  return !scalePaths || scaleOf(object, scalePaths) ? object : withReplicas<ApiObject>(object, scalePaths, unset);
}

const isApply = (scope: RequestScope): boolean =>
  scope.request.method === "PATCH" && patchType(scope) === "application/apply-patch+yaml";

function wantedScale(scope: RequestScope, before: Scale): Partial<Scale> {
  const { request } = scope;
  if (request.method === "PATCH") {
    const type = patchType(scope);
    if (isApply(scope)) return appliedScale(scope, before);
    // A Scale has no lists, so that a strategic patch of it is a merge patch.
    return patcher(
      scope,
      type === "application/strategic-merge-patch+json" ? "application/merge-patch+json" : type,
    )(before);
  }
  const body = bodyOf(request, { group: "autoscaling", version: "v1", kind: "Scale" }) as Partial<Scale>;
  const { name } = scope;
  if (body.metadata?.name !== undefined && body.metadata.name !== name)
    throw badRequest(`the name of the object (${body.metadata.name}) does not match the name on the URL (${name})`);
  return body;
}

function replicasOf({ name, resource, request }: RequestScope, scale: Partial<Scale>): number {
  const replicas = scale.spec?.replicas ?? 0;
  if (typeof replicas !== "number" || !Number.isInteger(replicas)) {
    const why = `json: cannot unmarshal ${typeof replicas} into Go struct field ScaleSpec.spec.replicas of type int32`;
    if (request.method !== "PATCH") throw badRequest(`Scale in version "v1" cannot be handled as a Scale: ${why}`);
    const message = `Invalid value: ${JSON.stringify(JSON.stringify(scale))}: ${why}`;
    throw invalid("", "", "", [{ reason: "FieldValueInvalid", field: "patch", message }]);
  }
  const { scalePaths } = resource;
  if (scalePaths && replicas === unset)
    throw badRequest(`the spec replicas field "${scalePaths.specReplicasPath}" cannot be empty`);
  // The schema and the rules of a custom resource say what is wrong with its replicas.
  if (replicas < 0 && !scalePaths)
    throw invalid("autoscaling", "Scale", name as string, [
      {
        reason: "FieldValueInvalid",
        field: "spec.replicas",
        message: `Invalid value: ${replicas}: must be greater than or equal to 0`,
      },
    ]);
  return replicas;
}

function shown({ resource, name }: RequestScope, object: ApiObject): Scale {
  if (resource.scalePaths) {
    const scale = scaleOf(object, resource.scalePaths);
    if (scale) return scale;
    const message = `the spec replicas field "${resource.scalePaths.specReplicasPath}" does not exist`;
    throw new StatusError(500, "InternalError", `Internal error occurred: ${message}`, { causes: [{ message }] });
  }
  const scale = scaleOf(object, builtinPaths) ?? scaleOf(withReplicas(object, builtinPaths, 0), builtinPaths);
  if (!scale) throw notFound({ group: resource.group, resource: resource.plural }, name as string);
  const { selector } = record(object.spec);
  const text =
    resource.plural === "replicationcontrollers"
      ? selectorOfLabels(selector as Record<string, string> | undefined).toString()
      : selectorOf(selector as LabelSelector | undefined).toString();
  return { ...scale, status: { ...scale.status, ...(text && { selector: text }) } };
}
