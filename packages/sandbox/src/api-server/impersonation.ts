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
  const asked = listed(headers["impersonate-group"]);
  const uid = headers["impersonate-uid"];
  const extra = extraOf(headers);
  const account = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(username);
  allow(access, user, account ? "serviceaccounts" : "users", account?.[1], account?.[2] ?? username);
  for (const group of asked) allow(access, user, "groups", undefined, group);
  for (const [key, values] of Object.entries(extra))
    for (const value of values) allow(access, user, `userextras/${key}`, undefined, value);
  if (uid) allow(access, user, "uids", undefined, uid);
  const groups =
    asked.length > 0 || !account ? asked : ["system:serviceaccounts", `system:serviceaccounts:${account[1]}`];
  const as: UserInfo = {
    username,
    ...(uid && { uid }),
    groups: withEverybody(groups, username),
    ...(Object.keys(extra).length > 0 && { extra }),
  };
  return { ...request, headers: withoutImpersonation(headers), user: as };
}

/** Everybody is in a group of those who are known, or of those who are not. */
function withEverybody(groups: readonly string[], username: string): readonly string[] {
  const [known, unknown] = ["system:authenticated", "system:unauthenticated"];
  if (groups.includes(unknown) || groups.includes(known)) return groups;
  return [...groups, username === "system:anonymous" ? unknown : known];
}

/** The values of a header that may be given more than once. */
const listed = (header: string | undefined): string[] =>
  (header ?? "")
    .split(",")
    .map((value) => value.trim())
    .filter((value) => value !== "");

const extraPrefix = "impersonate-extra-";

function extraOf(headers: ApiRequest["headers"]): Record<string, readonly string[]> {
  const extra: Record<string, readonly string[]> = {};
  for (const name in headers)
    if (name.startsWith(extraPrefix))
      extra[decoded(name.slice(extraPrefix.length))] = (headers[name] ?? "").split(", ");
  return extra;
}

function decoded(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}

const withoutImpersonation = (headers: ApiRequest["headers"]): ApiRequest["headers"] =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith("impersonate-")));

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
  const [plural, subresource] = resource.split("/");
  const group = plural === "userextras" || plural === "uids" ? "authentication.k8s.io" : "";
  const attributes = { user, verb: "impersonate", group, resource: plural, subresource, namespace, name };
  const { allowed, reason } = access.authorize(attributes);
  if (!allowed) throw forbiddenAccess(attributes, reason);
}
