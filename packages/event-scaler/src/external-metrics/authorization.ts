import type { Client } from "@bellows/kube";
import type { User } from "./authentication.ts";

/** What a request wants to do, as RBAC rules name it. */
export type Access =
  | { readonly kind: "resource"; readonly namespace: string; readonly resource: string }
  | { readonly kind: "path"; readonly path: string };

export interface Verdict {
  readonly allowed: boolean;
  readonly reason: string;
}

const group = "external.metrics.k8s.io";

/** Asks the API server whether a user may do something. */
export async function reviewAccess(client: Client, user: User, access: Access): Promise<Verdict> {
  if (user.groups.includes("system:masters")) return { allowed: true, reason: "" };
  const attributes =
    access.kind === "resource"
      ? {
          resourceAttributes: {
            group,
            version: "v1beta1",
            resource: access.resource,
            namespace: access.namespace,
            verb: "list",
          },
        }
      : { nonResourceAttributes: { path: access.path, verb: "get" } };
  const { username, groups, uid, extra } = user;
  const { status, body } = await client.transport.request({
    method: "POST",
    path: "/apis/authorization.k8s.io/v1/subjectaccessreviews",
    body: {
      apiVersion: "authorization.k8s.io/v1",
      kind: "SubjectAccessReview",
      spec: { user: username, groups, ...(uid && { uid }), ...(extra && { extra }), ...attributes },
    },
  });
  if (status >= 400) throw new Error(`reviewing an access: the server answered ${status}`);
  const { allowed = false, reason = "" } =
    (body as { readonly status?: { readonly allowed?: boolean; readonly reason?: string } }).status ?? {};
  return { allowed, reason };
}

/** The message of the refusal, as API servers word it. */
export function refusal({ username }: User, access: Access, reason: string): string {
  const who = `User ${JSON.stringify(username)} cannot`;
  const why = reason ? `: ${reason}` : "";
  if (access.kind === "path") return `forbidden: ${who} get path ${JSON.stringify(access.path)}${why}`;
  const { resource, namespace } = access;
  const what = `resource ${JSON.stringify(resource)} in API group ${JSON.stringify(group)}`;
  return `${resource}.${group} is forbidden: ${who} list ${what} in the namespace ${JSON.stringify(namespace)}${why}`;
}
