import type { ClusterRole, PolicyRule, RoleBinding } from "@bellows/api";
import { escalation, grantsOf } from "../access/access.ts";
import type { ApiObject } from "../api-object.ts";
import { equalJson } from "../json-value.ts";
import { StatusError } from "../status-error.ts";
import type { RequestScope } from "./request-scope.ts";

const rbacGroup = "rbac.authorization.k8s.io";
const everything: PolicyRule[] = [
  { verbs: ["*"], apiGroups: ["*"], resources: ["*"] },
  { verbs: ["*"], nonResourceURLs: ["*"] },
];

/** Throws 403 where a role, or a binding, would give rights that whoever writes it does not hold himself. */
export function checkGrantedRights(scope: RequestScope, object: ApiObject, before?: ApiObject): void {
  const { resource, request } = scope;
  if (resource.group !== rbacGroup || request.user.groups.includes("system:masters")) return;
  if (before && onlyCollected(object, before)) return;
  if (resource.plural.endsWith("bindings")) checkBinding(scope, object as unknown as RoleBinding);
  else checkRole(scope, object as unknown as ClusterRole);
}

/** What the garbage collector changes: who owns it, and what its deletion waits for. */
function onlyCollected(object: ApiObject, before: ApiObject): boolean {
  const plain = ({ metadata, ...rest }: ApiObject) => {
    const { ownerReferences: _, finalizers: __, managedFields: ___, ...kept } = metadata;
    return { ...rest, metadata: kept };
  };
  return equalJson(plain(object), plain(before));
}

function checkRole(scope: RequestScope, role: ClusterRole): void {
  if (isAllowed(scope, "escalate", scope.resource.plural, scope.name, scope.namespace)) return;
  refuseMissing(scope, role.rules ?? [], role.metadata.name);
  if (role.aggregationRule && escalation(scope.request.user, heldBy(scope), everything))
    throw forbidden(scope, role.metadata.name, "must have cluster-admin privileges to use an aggregationRule");
}

function checkBinding(scope: RequestScope, { metadata, roleRef }: RoleBinding): void {
  const { rbac } = scope.parts.access;
  const { kind, name } = roleRef;
  const plural = kind === "ClusterRole" ? "clusterroles" : "roles";
  if (isAllowed(scope, "bind", plural, name, scope.namespace)) return;
  const role = kind === "ClusterRole" ? rbac.clusterRole(name) : rbac.role(scope.namespace ?? "", name);
  if (!role)
    throw new StatusError(404, "NotFound", `${plural}.${rbacGroup} ${JSON.stringify(name)} not found`, {
      name,
      group: rbacGroup,
      kind: plural,
    });
  refuseMissing(scope, role.rules ?? [], metadata.name);
}

function refuseMissing(scope: RequestScope, rules: readonly PolicyRule[], name: string): void {
  const why = escalation(scope.request.user, heldBy(scope), rules);
  if (why !== undefined) throw forbidden(scope, name, why);
}

const heldBy = ({ request, namespace, parts }: RequestScope): PolicyRule[] =>
  [...grantsOf(request.user, namespace, parts.access.rbac)].flatMap(({ rules }) => rules);

const isAllowed = (
  { request, parts }: RequestScope,
  verb: string,
  resource: string,
  name: string | undefined,
  namespace: string | undefined,
): boolean => parts.access.authorize({ user: request.user, verb, group: rbacGroup, resource, name, namespace }).allowed;

const forbidden = ({ resource: { plural } }: RequestScope, name: string, why: string) =>
  new StatusError(403, "Forbidden", `${plural}.${rbacGroup} ${JSON.stringify(name)} is forbidden: ${why}`, {
    name,
    group: rbacGroup,
    kind: plural,
  });
