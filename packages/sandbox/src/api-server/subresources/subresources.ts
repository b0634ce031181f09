import { record } from "../api-object.ts";
import { type ApiResponse, ok } from "../api-request.ts";
import { groupResource } from "../resource.ts";
import { patch, patcher, patchType } from "../rest/patch.ts";
import { get } from "../rest/read.ts";
import { methodNotAllowed, pathNotFound } from "../rest/refusals.ts";
import type { RequestScope } from "../rest/request-scope.ts";
import { decodeBody, updateObject } from "../rest/write-object.ts";
import { notFound } from "../status-error.ts";
import { bind } from "./binding.ts";
import { evict } from "./eviction.ts";
import { connect, portForward, proxy } from "./pod-connect.ts";
import { podLog } from "./pod-log.ts";
import { getScale, writeScale } from "./scale.ts";
import { createToken } from "./service-account-token.ts";

type Answer = (scope: RequestScope) => ApiResponse | Promise<ApiResponse>;

/** Reads and writes of the object itself, of which only a part counts. */
const partOfObject =
  (subresource: string): Answer =>
  async (scope) => {
    switch (scope.info.verb) {
      case "get":
        return ok(await get(scope));
      case "update":
        return ok(await updateObject(scope, { subresource, change: () => decodeBody(scope, scope.request.body) }));
      case "patch": {
        const { object } = await patch(scope, subresource);
        return ok(object);
      }
      default:
        throw methodNotAllowed();
    }
  };

/** One part of the spec is writable by the subresource, and nothing else: the rest stays as it is stored. */
const specPart =
  (subresource: string, take: (next: Record<string, unknown>, stored: Record<string, unknown>) => object): Answer =>
  async (scope) => {
    const { info, request } = scope;
    if (info.verb === "get") return ok(await get(scope));
    if (info.verb !== "update" && info.verb !== "patch") throw methodNotAllowed();
    const change = info.verb === "patch" ? patcher(scope, patchType(scope)) : () => request.body as object;
    const object = await updateObject(scope, {
      subresource,
      change: (before) => decodeBody(scope, change(before)),
      prepare: (next, stored) => ({
        ...stored,
        metadata: { ...stored.metadata, ...managedFields(next.metadata) },
        spec: { ...record(stored.spec), ...take(record(next.spec), record(stored.spec)) },
      }),
    });
    return ok(object);
  };

const managedFields = ({ managedFields: entries }: { managedFields?: unknown }) =>
  (entries === undefined ? {} : { managedFields: entries }) as object;

interface Sized {
  readonly name: string;
  readonly resources?: unknown;
  readonly resizePolicy?: unknown;
}

/** In place: only the resources of containers change. */
const resize = specPart("resize", (next, stored) => {
  const sized = (field: string) => {
    const wanted = new Map(((next[field] as readonly Sized[] | undefined) ?? []).map((one) => [one.name, one]));
    return ((stored[field] as readonly Sized[] | undefined) ?? []).map((one) => {
      const { resources, resizePolicy } = wanted.get(one.name) ?? one;
      return {
        ...one,
        ...(resources !== undefined && { resources }),
        ...(resizePolicy !== undefined && { resizePolicy }),
      };
    });
  };
  return {
    containers: sized("containers"),
    ...(stored.initContainers !== undefined && { initContainers: sized("initContainers") }),
    ...(next.resources !== undefined && { resources: next.resources }),
  };
});

const created =
  (make: (scope: RequestScope) => unknown): Answer =>
  async (scope) => {
    if (scope.info.verb !== "create") throw methodNotAllowed();
    return ok(await make(scope), 201);
  };

const scale: Answer = async (scope) => {
  const { verb } = scope.info;
  if (verb === "get") return ok(await getScale(scope));
  if (verb === "update" || verb === "patch") return ok(await writeScale(scope));
  throw methodNotAllowed();
};

/** PUT of a Namespace with fewer finalizers in its spec; the last one's removal lets it go. */
const finalize = specPart("finalize", ({ finalizers }) => ({ finalizers }));

const ofPods: Readonly<Record<string, Answer>> = {
  binding: created(bind),
  eviction: created(evict),
  log: podLog,
  exec: (scope) => connect(scope, "exec"),
  attach: (scope) => connect(scope, "attach"),
  portforward: portForward,
  resize,
  ephemeralcontainers: specPart("ephemeralcontainers", ({ ephemeralContainers }) => ({ ephemeralContainers })),
};

const ofAny: Readonly<Record<string, Answer>> = {
  status: partOfObject("status"),
  scale,
  approval: partOfObject("approval"),
  finalize,
  token: created(createToken),
  proxy,
};

/** Answers a request to `resource/subresource`. */
export function answerSubresource(scope: RequestScope): ApiResponse | Promise<ApiResponse> {
  const { resource, info } = scope;
  const name = info.subresource as string;
  if (!resource.subresources.some((one) => one.name === name))
    throw resource.custom ? notFound(groupResource(resource), info.name ?? "") : pathNotFound();
  const answer = (resource.group === "" && resource.plural === "pods" ? ofPods[name] : undefined) ?? ofAny[name];
  if (!answer) throw pathNotFound();
  return answer(scope);
}
