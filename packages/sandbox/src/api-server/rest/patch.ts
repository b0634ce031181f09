import type { ApiObject } from "../api-object.ts";
import { StatusError } from "../status-error.ts";
import type { RequestScope } from "./request-scope.ts";
import { decodeBody, updateObject } from "./write-object.ts";

export async function patch(scope: RequestScope, subresource?: string): Promise<ApiObject> {
  const { request } = scope;
  const type = (request.headers["content-type"] ?? "").split(";")[0]?.trim() ?? "";
  if (type !== "application/merge-patch+json")
    throw new StatusError(415, "UnsupportedMediaType", `the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json, application/apply-patch+yaml, application/apply-patch+cbor`);
  return updateObject(scope, {
    subresource,
    change: (before) => decodeBody(scope, merge(before, request.body)),
  });
}

function merge(target: unknown, change: unknown): unknown {
  if (typeof change !== "object" || change === null || Array.isArray(change)) return change;
  const result: Record<string, unknown> =
    typeof target === "object" && target !== null && !Array.isArray(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(change)) {
    if (value === null) delete result[key];
    else result[key] = merge(result[key], value);
  }
  return result;
}
