import type { ClusterRole, ClusterRoleBinding, Role, RoleBinding } from "@bellows/api";
import { type AccessAttributes, authorize, type Decision, forbiddenAccess, type RbacObjects } from "./access/access.ts";
import type { UserInfo } from "./api-request.ts";
import type { RequestInfo } from "./request-info.ts";
import type { Store } from "./store.ts";

/** Who somebody is and what they may do, by the RBAC objects in the store. */
export interface ClusterAccess {
  readonly rbac: RbacObjects;
  readonly authorize: (attributes: AccessAttributes) => Decision;
  /** Who a token that is no service account's belongs to. */
  readonly authenticate: (token: string) => UserInfo | undefined;
}

export function clusterAccess(store: Store, authenticate: (token: string) => UserInfo | undefined): ClusterAccess {
  const place = (plural: string) => store.collection(`rbac.authorization.k8s.io/${plural}`);
  const clusterRoles = place("clusterroles");
  const roles = place("roles");
  const clusterRoleBindings = place("clusterrolebindings");
  const roleBindings = place("rolebindings");
  const rbac: RbacObjects = {
    clusterRole: (name) => clusterRoles.get(name) as unknown as ClusterRole | undefined,
    role: (namespace, name) => roles.get(`${namespace}/${name}`) as unknown as Role | undefined,
    clusterRoleBindings: () => clusterRoleBindings.list() as unknown as ClusterRoleBinding[],
    roleBindings: (namespace) => roleBindings.list(`${namespace}/`) as unknown as RoleBinding[],
  };
  return { rbac, authorize: (attributes) => authorize(attributes, rbac), authenticate };
}

/**
 * Throws 403 where the request's user may not do what it asks for.
 *
 * @param oneName  of a list: the only name that its field selector lets through
 */
export function checkAccess(
  access: ClusterAccess,
  user: UserInfo,
  info: RequestInfo,
  method: string,
  path: string,
  oneName?: string,
): void {
  const attributes: AccessAttributes = info.isResource
    ? {
        user,
        verb: info.verb,
        group: info.group,
        resource: info.resource,
        subresource: info.subresource,
        namespace: info.namespace,
        name: info.name ?? oneName,
      }
    : { user, verb: method.toLowerCase(), path };
  const { allowed, reason } = access.authorize(attributes);
  if (!allowed) throw forbiddenAccess(attributes, reason);
}
