import { generateKeyPairSync } from "node:crypto";
import type { ClusterRole, ClusterRoleBinding, Role, RoleBinding } from "@bellows/api";
import { describe, expect, test } from "vitest";
import type { UserInfo } from "../api-request.ts";
import type { StatusError } from "../status-error.ts";
import {
  type AccessAttributes,
  aggregatedRules,
  authorize,
  bootstrapClusterRoleBindings,
  bootstrapClusterRoles,
  forbiddenAccess,
  type RbacObjects,
  selfSubjectAccessReview,
  selfSubjectReview,
  selfSubjectRulesReview,
  signServiceAccountToken,
  subjectAccessReview,
  TokenError,
  type TokenKey,
  tokenReview,
  verifyServiceAccountToken,
} from "./access.ts";

const jane: UserInfo = { username: "jane", groups: ["dev", "system:authenticated"] };
const robot: UserInfo = { username: "system:serviceaccount:ci:robot", groups: ["system:serviceaccounts"] };

const reader: Role = {
  metadata: { name: "reader", namespace: "default" },
  rules: [
    { apiGroups: [""], resources: ["pods", "pods/log"], verbs: ["get", "list"] },
    { apiGroups: ["apps"], resources: ["*"], verbs: ["*"] },
    { apiGroups: [""], resources: ["secrets"], resourceNames: ["mine"], verbs: ["get"] },
    { apiGroups: ["x"], resources: ["*/scale"], verbs: ["update"] },
  ],
};
const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "reader" };
const binding: RoleBinding = {
  metadata: { name: "readers", namespace: "default" },
  roleRef,
  subjects: [
    { kind: "Group", name: "dev" },
    { kind: "ServiceAccount", name: "robot", namespace: "ci" },
  ],
};

const rbac: RbacObjects = {
  clusterRole: (name) => bootstrapClusterRoles.find(({ metadata }) => metadata.name === name),
  role: (namespace, name) => (namespace === "default" && name === "reader" ? reader : undefined),
  clusterRoleBindings: (): Iterable<ClusterRoleBinding> => bootstrapClusterRoleBindings,
  roleBindings: (namespace) => (namespace === "default" ? [binding] : []),
};
const may = (user: UserInfo, attributes: Omit<AccessAttributes, "user">) =>
  authorize({ user, ...attributes }, rbac).allowed;

describe("a role", () => {
  test.each([
    { allowed: true, verb: "list", resource: "pods", namespace: "default" },
    { allowed: true, verb: "get", resource: "pods", subresource: "log", namespace: "default" },
    { allowed: false, verb: "delete", resource: "pods", namespace: "default" },
    { allowed: false, verb: "list", resource: "pods", namespace: "other" },
    { allowed: false, verb: "list", resource: "pods" },
    {
      allowed: true,
      verb: "patch",
      group: "apps",
      resource: "deployments",
      subresource: "scale",
      namespace: "default",
    },
    { allowed: true, verb: "get", resource: "secrets", name: "mine", namespace: "default" },
    { allowed: false, verb: "get", resource: "secrets", name: "yours", namespace: "default" },
    { allowed: true, verb: "update", group: "x", resource: "things", subresource: "scale", namespace: "default" },
    { allowed: false, verb: "update", group: "x", resource: "things", namespace: "default" },
  ])("decides: $verb $group/$resource/$subresource $name in $namespace: $allowed", ({ allowed, ...attributes }) => {
    expect(may(jane, attributes)).toBe(allowed);
  });

  test("is granted to service accounts by their name", () => {
    expect(may(robot, { verb: "list", resource: "pods", namespace: "default" })).toBe(true);
  });

  test("tells by which binding it allows", () => {
    const { reason } = authorize({ user: jane, verb: "get", resource: "pods", namespace: "default" }, rbac);
    expect(reason).toBe('RBAC: allowed by RoleBinding "readers/default" of Role "reader" to Group "dev"');
  });
});

test("administrators may do anything, and everybody may ask who they are", () => {
  const admin: UserInfo = { username: "root", groups: ["system:masters"] };
  expect(may(admin, { verb: "delete", resource: "nodes" })).toBe(true);
  expect(may(jane, { verb: "create", group: "authorization.k8s.io", resource: "selfsubjectaccessreviews" })).toBe(true);
  expect(may(jane, { verb: "get", path: "/openapi/v3/api/v1" })).toBe(true);
  expect(
    may({ username: "system:anonymous", groups: ["system:unauthenticated"] }, { verb: "get", path: "/apis" }),
  ).toBe(false);
});

describe("a refusal", () => {
  const message = (attributes: Omit<AccessAttributes, "user">) =>
    forbiddenAccess({ user: jane, ...attributes }).message;
  test("names the user, the act and the place", () => {
    expect(message({ verb: "list", resource: "pods", namespace: "default" })).toBe(
      'pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "default"',
    );
    expect(
      message({
        verb: "get",
        group: "apps",
        resource: "deployments",
        subresource: "scale",
        name: "web",
        namespace: "a",
      }),
    ).toBe(
      'deployments.apps "web" is forbidden: User "jane" cannot get resource "deployments/scale" in API group "apps" in the namespace "a"',
    );
    expect(message({ verb: "list", resource: "nodes" })).toBe(
      'nodes is forbidden: User "jane" cannot list resource "nodes" in API group "" at the cluster scope',
    );
    expect(message({ verb: "get", path: "/metrics" })).toBe('forbidden: User "jane" cannot get path "/metrics"');
  });
});

test("a role that aggregates has the rules of all that are labelled for it, once", () => {
  const label = { "rbac.example.com/aggregate": "true" };
  const rule = { apiGroups: ["x"], resources: ["y"], verbs: ["get"] };
  const all: ClusterRole[] = ["b", "a"].map((name) => ({ metadata: { name, labels: label }, rules: [rule] }));
  const role: ClusterRole = {
    metadata: { name: "sum" },
    aggregationRule: { clusterRoleSelectors: [{ matchLabels: label }] },
  };
  expect(aggregatedRules(role, all)).toEqual([rule]);
  expect(aggregatedRules(all[0] as ClusterRole, all)).toBeUndefined();
});

describe("reviews", () => {
  const decide = (attributes: AccessAttributes) => authorize(attributes, rbac);
  const review = (kind: string, spec: Record<string, unknown>) => ({
    apiVersion: "authorization.k8s.io/v1",
    kind,
    spec,
  });

  test("answer whether I may", () => {
    const spec = { resourceAttributes: { verb: "list", resource: "pods", namespace: "default" } };
    expect(selfSubjectAccessReview(review("SelfSubjectAccessReview", spec), jane, decide)).toMatchObject({
      status: {
        allowed: true,
        reason: 'RBAC: allowed by RoleBinding "readers/default" of Role "reader" to Group "dev"',
      },
    });
  });

  test("answer whether somebody may", () => {
    const spec = {
      user: "joe",
      groups: ["dev"],
      resourceAttributes: { verb: "list", resource: "pods", namespace: "other" },
    };
    expect(subjectAccessReview(review("SubjectAccessReview", spec), decide)).toMatchObject({
      status: { allowed: false },
    });
  });

  test("refuse a question that asks nothing", () => {
    expect(() => selfSubjectAccessReview(review("SelfSubjectAccessReview", {}), jane, decide)).toThrow(
      '.authorization.k8s.io "" is invalid: spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified',
    );
  });

  test("list all that I may do in a namespace", () => {
    const answer = selfSubjectRulesReview(review("SelfSubjectRulesReview", { namespace: "default" }), jane, rbac) as {
      status?: { resourceRules: unknown[]; nonResourceRules: unknown[] };
    };
    expect(answer.status?.resourceRules).toContainEqual({ verbs: ["*"], apiGroups: ["apps"], resources: ["*"] });
    expect(answer.status?.nonResourceRules.length).toBeGreaterThan(0);
  });

  test("say who I am", () => {
    expect(selfSubjectReview({ kind: "SelfSubjectReview" }, jane)).toMatchObject({
      status: { userInfo: { username: "jane", groups: ["dev", "system:authenticated"] } },
    });
  });
});

describe("a service account's token", () => {
  const key: TokenKey = {
    ...generateKeyPairSync("ec", { namedCurve: "P-256" }),
    id: "k1",
    issuer: "https://kubernetes.default.svc",
  };
  const now = Date.parse("2026-01-01T00:00:00Z");
  const request = {
    namespace: "ci",
    serviceAccount: { name: "robot", uid: "u1" },
    pod: { name: "p", uid: "u2" },
    id: "j1",
  };
  const { token, expirationTimestamp } = signServiceAccountToken(request, key, now);

  test("tells whose it is and which pod it is bound to", () => {
    const { user, pod } = verifyServiceAccountToken(token, key, now);
    expect(user).toMatchObject({
      username: "system:serviceaccount:ci:robot",
      uid: "u1",
      groups: ["system:serviceaccounts", "system:serviceaccounts:ci", "system:authenticated"],
    });
    expect(pod).toEqual({ name: "p", uid: "u2" });
  });

  test("ends after an hour", () => {
    expect(expirationTimestamp).toBe("2026-01-01T01:00:00Z");
    expect(() => verifyServiceAccountToken(token, key, now + 3_601_000)).toThrow("token has expired");
  });

  test("is worthless when it was changed, or is for another audience", () => {
    const [header, , signature] = token.split(".");
    const forged = `${header}.${Buffer.from('{"sub":"system:admin"}').toString("base64url")}.${signature}`;
    expect(() => verifyServiceAccountToken(forged, key, now)).toThrow(TokenError);
    expect(() => verifyServiceAccountToken(token, key, now, ["vault"])).toThrow("is invalid for the target audiences");
  });

  test("is reviewed", () => {
    const ask = (asked: string) =>
      tokenReview({ kind: "TokenReview", spec: { token: asked } }, key, () => undefined, now);
    expect(ask(token)).toMatchObject({ status: { authenticated: true, user: { uid: "u1" } } });
    expect(ask("nonsense")).toMatchObject({ status: { user: {}, error: "invalid bearer token" } });
    expect(() => ask("")).toThrowError(expect.objectContaining({ code: 400 } satisfies Partial<StatusError>));
  });
});
