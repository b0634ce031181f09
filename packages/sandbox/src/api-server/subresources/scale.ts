import { type LabelSelector, selectorOf, selectorOfLabels } from "@bellows/api";
import { type ApiObject, record } from "../api-object.ts";
import { type Scale, type ScalePaths, scaleOf, withReplicas } from "../custom-resources/scale-subresource.ts";
import { serverSideApply } from "../managed-fields/index.ts";
import { bodyOf } from "../rest/body.ts";
import { tracked } from "../rest/field-tracking.ts";
import { patcher, patchType } from "../rest/patch.ts";
import { existing, fromStored } from "../rest/read.ts";
import type { RequestScope } from "../rest/request-scope.ts";
import { updateObject } from "../rest/write-object.ts";
import { badRequest, invalid, notFound, StatusError } from "../status-error.ts";

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
      const wanted = wantedScale(scope, shown(scope, countable(scope, before)));
      const { resourceVersion, uid } = wanted.metadata ?? {};
      const scaled = withReplicas<ApiObject>(before, paths, replicasOf(scope, wanted));
      const owned = withoutScaleTimes(tracked(scope, scaled, before, "scale"));
      return {
        ...owned,
        metadata: { ...owned.metadata, ...(resourceVersion && { resourceVersion }), ...(uid && { uid }) },
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

/** Upstream gives the owners of a Scale no time, which sorts them before the other updates. */
function withoutScaleTimes(object: ApiObject): ApiObject {
  const entries = object.metadata.managedFields;
  if (!entries?.some(({ subresource, time }) => subresource === "scale" && time)) return object;
  const timeless = entries.map(({ time, ...entry }) =>
    entry.subresource === "scale" || time === undefined ? entry : { ...entry, time },
  );
  const rank = ({ operation, time }: { operation?: string; time?: string }) =>
    operation === "Apply" ? 0 : time === undefined ? 1 : 2;
  return { ...object, metadata: { ...object.metadata, managedFields: timeless.sort((a, b) => rank(a) - rank(b)) } };
}

function wantedScale(scope: RequestScope, before: Scale): Partial<Scale> {
  const { request } = scope;
  if (request.method === "PATCH") {
    const type = patchType(scope);
    if (type === "application/apply-patch+yaml")
      return serverSideApply<Scale>({
        live: { ...before, metadata: { ...before.metadata, managedFields: undefined } },
        config: record(request.body),
        schema: scope.resource.rules.schema,
        apiVersion: before.apiVersion as string,
        manager: scope.fieldManager,
        force: true,
        now: "",
      });
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
