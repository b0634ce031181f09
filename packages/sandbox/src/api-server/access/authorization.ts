import type { ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, Subject } from "@bellows/api";
import type { UserInfo } from "../api-request.ts";
import { StatusError } from "../status-error.ts";

/** What somebody wants to do: with a resource, or with a path that is none (`/healthz`). */
export interface AccessAttributes {
  readonly user: UserInfo;
  /** `get`, `list`, `create`, ... or the HTTP method in lower case for a path. */
  readonly verb: string;
  readonly group?: string | undefined;
  readonly resource?: string | undefined;
  readonly subresource?: string | undefined;
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  /** Set for what is not a resource. */
  readonly path?: string | undefined;
}

/** The RBAC objects that decide, read at the moment of the question. */
export interface RbacObjects {
  clusterRole(name: string): ClusterRole | undefined;
  role(namespace: string, name: string): Role | undefined;
  clusterRoleBindings(): Iterable<ClusterRoleBinding>;
  roleBindings(namespace: string): Iterable<RoleBinding>;
}

export interface Decision {
  readonly allowed: boolean;
  /** Why it is allowed, as upstream's authorizer says it; empty where nothing speaks for it. */
  readonly reason: string;
}

/** Members of this group may do anything: no rule can lock an administrator out. */
const privilegedGroup = "system:masters";

/**
 * Decides by role based access control: cluster-wide bindings first, then those of the namespace; the first rule that
 * allows wins. Nothing denies, so where no rule allows the answer is no.
 */
export function authorize(attributes: AccessAttributes, rbac: RbacObjects): Decision {
  if (attributes.user.groups.includes(privilegedGroup)) return { allowed: true, reason: "" };
  for (const grant of grantsOf(attributes.user, attributes.namespace, rbac))
    if (grant.rules.some((rule) => allows(rule, attributes)))
      return { allowed: true, reason: `RBAC: allowed by ${grant.source}` };
  return { allowed: false, reason: "" };
}

export interface Grant {
  readonly rules: readonly PolicyRule[];
  /** `RoleBinding "b/ns" of ClusterRole "view" to User "jane"`. */
  readonly source: string;
}

/** All that is granted to a user cluster-wide and, where given, in a namespace. */
export function* grantsOf(user: UserInfo, namespace: string | undefined, rbac: RbacObjects): Generator<Grant> {
  for (const binding of rbac.clusterRoleBindings()) {
    const subject = subjectFor(user, binding.subjects, "");
    if (!subject) continue;
    const { kind, name } = binding.roleRef;
    yield {
      rules: rbac.clusterRole(name)?.rules ?? [],
      source: `ClusterRoleBinding "${binding.metadata.name}" of ${kind} "${name}" to ${subjectText(subject, "")}`,
    };
  }
  if (!namespace) return;
  for (const binding of rbac.roleBindings(namespace)) {
    const subject = subjectFor(user, binding.subjects, namespace);
    if (!subject) continue;
    const { kind, name } = binding.roleRef;
    const role = kind === "ClusterRole" ? rbac.clusterRole(name) : rbac.role(namespace, name);
    yield {
      rules: role?.rules ?? [],
      source: `RoleBinding "${binding.metadata.name}/${namespace}" of ${kind} "${name}" to ${subjectText(subject, namespace)}`,
    };
  }
}

function subjectFor(user: UserInfo, subjects: readonly Subject[] | undefined, namespace: string): Subject | undefined {
  return subjects?.find(({ kind, name, namespace: own = namespace }) => {
    if (kind === "User") return user.username === name;
    if (kind === "Group") return user.groups.includes(name);
    return kind === "ServiceAccount" && user.username === `system:serviceaccount:${own}:${name}`;
  });
}

const subjectText = ({ kind, name, namespace }: Subject, own: string) =>
  kind === "ServiceAccount" ? `ServiceAccount "${name}/${namespace ?? own}"` : `${kind} "${name}"`;

/** Whether one rule covers what is asked for. */
export function allows(rule: PolicyRule, attributes: AccessAttributes): boolean {
  const { verb, path, group = "", resource = "", subresource, name = "" } = attributes;
  if (!covers(rule.verbs, verb)) return false;
  if (path !== undefined) return (rule.nonResourceURLs ?? []).some((pattern) => coversPath(pattern, path));
  return (
    covers(rule.apiGroups, group) &&
    coversResource(rule.resources, resource, subresource) &&
    ((rule.resourceNames ?? []).length === 0 || (rule.resourceNames ?? []).includes(name))
  );
}

const covers = (list: readonly string[] | undefined, wanted: string) =>
  (list ?? []).some((one) => one === "*" || one === wanted);

function coversResource(resources: readonly string[] | undefined, resource: string, subresource: string | undefined) {
  const full = subresource ? `${resource}/${subresource}` : resource;
  return (resources ?? []).some((one) => one === "*" || one === full || (subresource && one === `*/${subresource}`));
}

const coversPath = (pattern: string, path: string) =>
  pattern === "*" || pattern === path || (pattern.endsWith("*") && path.startsWith(pattern.slice(0, -1)));

/** The 403 for what was not allowed, in the API server's words. */
export function forbiddenAccess(attributes: AccessAttributes, reason = ""): StatusError {
  const { user, verb, path, group = "", resource = "", subresource, namespace, name } = attributes;
  const who = `User ${JSON.stringify(user.username)} cannot ${verb}`;
  const because = reason ? `: ${reason}` : "";
  if (path !== undefined)
    return new StatusError(403, "Forbidden", `forbidden: ${who} path ${JSON.stringify(path)}${because}`, {});
  const full = subresource ? `${resource}/${subresource}` : resource;
  const where = namespace ? `in the namespace "${namespace}"` : "at the cluster scope";
  const what = `${group ? `${resource}.${group}` : resource}${name ? ` "${name}"` : ""}`;
  return new StatusError(
    403,
    "Forbidden",
    `${what} is forbidden: ${who} resource "${full}" in API group "${group}" ${where}${because}`,
    { ...(name && { name }), ...(group && { group }), kind: resource },
  );
}

/**
 * The rules of a role with an aggregation rule: those of all roles whose labels it selects, in order of name, without
 * repeats. Undefined where the role does not aggregate.
 */
export function aggregatedRules(role: ClusterRole, all: Iterable<ClusterRole>): PolicyRule[] | undefined {
  const selectors = role.aggregationRule?.clusterRoleSelectors;
  if (!selectors) return undefined;
  const rules = new Map<string, PolicyRule>();
  const others = [...all].filter(({ metadata }) => metadata.name !== role.metadata.name);
  for (const selector of selectors)
    for (const other of others.sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1)))
      if (selects(selector, other.metadata.labels ?? {}))
        for (const rule of other.rules ?? []) rules.set(JSON.stringify(rule), rule);
  return [...rules.values()];
}

type Selector = NonNullable<NonNullable<ClusterRole["aggregationRule"]>["clusterRoleSelectors"]>[number];

function selects({ matchLabels = {}, matchExpressions = [] }: Selector, labels: Readonly<Record<string, string>>) {
  const equal = Object.entries(matchLabels).every(([name, value]) => labels[name] === value);
  return (
    equal &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const value = labels[key];
      if (operator === "Exists") return value !== undefined;
      if (operator === "DoesNotExist") return value === undefined;
      const listed = value !== undefined && values.includes(value);
      return operator === "In" ? listed : !listed;
    })
  );
}
