import { forbiddenAccess } from "./access/access.ts";
import type { ApiRequest, UserInfo } from "./api-request.ts";
import type { ClusterAccess } from "./cluster-access.ts";
import { badRequest } from "./status-error.ts";

/**
 * The request as the user that `--as` names, if the real one may act for it; throws 403 otherwise. A request that names
 * nobody is given back as it is.
 */
export function impersonated(access: ClusterAccess, request: ApiRequest): ApiRequest {
  const { user, headers } = request;
  const username = headers["impersonate-user"];
  if (!username) {
    const part = headers["impersonate-group"] ? "Group" : headers["impersonate-uid"] ? "UID" : undefined;
    if (part === undefined) return request;
    throw badRequest(
      `requested [{${requestedPart(part, headers[`impersonate-${part.toLowerCase()}`] as string)}}] without impersonating a user`,
    );
  }
  const asked = (headers["impersonate-group"] ?? "")
    .split(",")
    .map((group) => group.trim())
    .filter((group) => group !== "");
  const account = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(username);
  allow(access, user, account ? "serviceaccounts" : "users", account?.[1], account?.[2] ?? username);
  for (const group of asked) allow(access, user, "groups", undefined, group);
  const groups =
    asked.length > 0 || !account ? asked : ["system:serviceaccounts", `system:serviceaccounts:${account[1]}`];
  const everyone = username === "system:anonymous" ? "system:unauthenticated" : "system:authenticated";
  return { ...request, user: { username, groups: groups.includes(everyone) ? groups : [...groups, everyone] } };
}

/** Go's print of the object reference that stands for a part of a user. */
const requestedPart = (part: "Group" | "UID", value: string) =>
  part === "UID" ? `UID  ${value}  authentication.k8s.io/v1  ` : `Group  ${value}    `;

function allow(
  access: ClusterAccess,
  user: UserInfo,
  resource: string,
  namespace: string | undefined,
  name: string,
): void {
  const attributes = { user, verb: "impersonate", resource, namespace, name };
  const { allowed, reason } = access.authorize(attributes);
  if (!allowed) throw forbiddenAccess(attributes, reason);
}
