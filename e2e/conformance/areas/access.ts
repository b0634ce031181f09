import { area, it } from "../harness/case.ts";
import type { Conversation, Json } from "../harness/conversation.ts";

const as = (user: string, ...groups: string[]) => ({
  headers: { "impersonate-user": user, ...(groups.length > 0 && { "impersonate-group": groups.join(", ") }) },
});
const ann = as("ann");
const allow = async (t: Conversation, rules: Json[], subject: Json = { kind: "User", name: "ann" }) => {
  await t.given("roles", { metadata: { name: "r" }, rules });
  await t.given("rolebindings", {
    metadata: { name: "r" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "r" },
    subjects: [subject],
  });
  const [{ apiGroups, resources, verbs, resourceNames: [name] = [] }] = rules;
  const [resource, subresource] = resources[0].split("/");
  const users: Json = {
    User: { user: subject.name },
    Group: { user: "someone", groups: [subject.name] },
    ServiceAccount: { user: `system:serviceaccount:${t.ns}:${subject.name}` },
  };
  await t.mayBy({
    ...users[subject.kind],
    resourceAttributes: { namespace: t.ns, group: apiGroups[0], verb: verbs[0], resource, subresource, name },
  });
};
const mayI = (t: Conversation, attributes: Json, options: Json = ann) =>
  t.post(
    "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
    { spec: { resourceAttributes: { namespace: t.ns, ...attributes } } },
    { ...options, show: ({ status }: Json) => status },
  );

/** Who may do what, and what is said to those who may not. */
export const access = area("access", [
  it("nobody may list", (t) => t.get("configmaps", ann)),
  it("nobody may read one", (t) => t.get("configmaps/a", ann)),
  it("nobody may create", (t) => t.post("deployments", {}, ann)),
  it("nobody may change", (t) => t.patch("merge", "configmaps/a", {}, { ...ann, headers: { ...ann.headers } })),
  it("nobody may delete all", (t) => t.del("configmaps", undefined, ann)),
  it("nobody may write a status", (t) => t.patch("merge", "pods/a/status", {}, ann)),
  it("nobody may see nodes", (t) => t.get("nodes", ann), { clusterOnly: true }),
  it("nobody may see another path", (t) => t.get("/metrics", ann), { clusterOnly: true }),
  it("anybody may discover", (t) => t.get("/apis/apps", as("ann", "system:authenticated")), { clusterOnly: true }),
  it("a role lets one list and no more", async (t) => {
    await allow(t, [{ apiGroups: [""], resources: ["configmaps"], verbs: ["list"] }]);
    await t.get("configmaps", { ...ann, show: ({ kind }) => kind });
    await t.get("configmaps/a", ann);
  }),
  it("a role for one name", async (t) => {
    await t.given("configmaps", { metadata: { name: "a" } });
    await allow(t, [{ apiGroups: [""], resources: ["configmaps"], verbs: ["get", "list"], resourceNames: ["a"] }]);
    await t.get("configmaps/a", { ...ann, show: ({ kind }) => kind });
    await t.get("configmaps/b", ann);
    await t.get("configmaps", ann);
    await t.get("configmaps?fieldSelector=metadata.name%3Da", { ...ann, show: ({ kind, message }) => message ?? kind });
  }),
  it("a role for a subresource", async (t) => {
    await allow(t, [{ apiGroups: ["apps"], resources: ["deployments/scale"], verbs: ["*"] }]);
    await t.get("deployments/d/scale", ann);
    await t.get("deployments/d", ann);
  }),
  it("a role for any subresource of a name", async (t) => {
    await allow(t, [{ apiGroups: ["apps"], resources: ["*/scale"], verbs: ["get"] }]);
    await t.get("statefulsets/d/scale", ann);
  }),
  it("a role by group", async (t) => {
    await allow(t, [{ apiGroups: ["*"], resources: ["*"], verbs: ["get"] }], { kind: "Group", name: "team" });
    await t.get("configmaps/a", as("ann", "team"));
    await t.get("configmaps/a", ann);
  }),
  it("a role of a service account", async (t) => {
    await allow(t, [{ apiGroups: [""], resources: ["configmaps"], verbs: ["get"] }], {
      kind: "ServiceAccount",
      name: "default",
      namespace: t.ns,
    });
    await t.get("configmaps/a", as(`system:serviceaccount:${t.ns}:default`));
  }),
  it("a review of one's own rights", async (t) => {
    await allow(t, [{ apiGroups: [""], resources: ["configmaps"], verbs: ["get"] }]);
    await mayI(t, { verb: "get", resource: "configmaps" });
    await mayI(t, { verb: "list", resource: "configmaps" });
    await mayI(t, { verb: "get", resource: "configmaps", subresource: "status" });
    await mayI(t, { verb: "*", resource: "*", group: "*" }, {});
  }),
  it("a review of another's rights", async (t) => {
    await allow(t, [{ apiGroups: [""], resources: ["configmaps"], verbs: ["get"] }]);
    for (const user of ["ann", "bob"])
      await t.post(
        "/apis/authorization.k8s.io/v1/subjectaccessreviews",
        { spec: { user, resourceAttributes: { namespace: t.ns, verb: "get", resource: "configmaps" } } },
        { show: ({ status }) => status },
      );
    await t.post("/apis/authorization.k8s.io/v1/subjectaccessreviews", { spec: { resourceAttributes: {} } });
    await t.post("/apis/authorization.k8s.io/v1/subjectaccessreviews", { spec: { user: "ann" } });
  }),
  it("the rules of one's own", async (t) => {
    await allow(t, [{ apiGroups: [""], resources: ["configmaps"], verbs: ["get"] }]);
    await t.post(
      "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
      { spec: { namespace: t.ns } },
      {
        ...ann,
        // In the order in which a cache of the server happens to hold the bindings.
        show: ({ status: { resourceRules, nonResourceRules, ...rest } }) => [
          resourceRules.map((rule: Json) => JSON.stringify(rule)).sort(),
          nonResourceRules.map((rule: Json) => JSON.stringify(rule)).sort(),
          rest,
        ],
      },
    );
  }),
  it("nobody gives rights that he does not have", async (t) => {
    await allow(t, [
      { apiGroups: ["rbac.authorization.k8s.io"], resources: ["roles", "rolebindings"], verbs: ["create"] },
    ]);
    await t.post(
      "roles",
      { metadata: { name: "more" }, rules: [{ apiGroups: [""], resources: ["secrets"], verbs: ["get"] }] },
      ann,
    );
    await t.post(
      "rolebindings",
      {
        metadata: { name: "more" },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "view" },
        subjects: [],
      },
      { ...ann, show: ({ code, reason, message }) => [code, reason, message?.slice(0, 120)] },
    );
  }),
  it("impersonation needs the right to it", async (t) => {
    const { body } = await t.post("serviceaccounts/default/token", { spec: {} }, { bare: true });
    await t.get("configmaps", { headers: { authorization: `Bearer ${body.status.token}`, "impersonate-user": "ann" } });
  }),
  it("a uid and extra values are impersonated too", (t) =>
    t.post(
      "/apis/authentication.k8s.io/v1/selfsubjectreviews",
      {},
      {
        headers: { "impersonate-user": "ann", "impersonate-uid": "7", "impersonate-extra-example.com%2fteam": "red" },
        show: ({ status }) => status,
      },
    )),
  it("extra values need a right of their own", async (t) => {
    await t.given("serviceaccounts", { metadata: { name: "tester" } });
    await t.given("/apis/rbac.authorization.k8s.io/v1/clusterroles", {
      metadata: { name: t.ns },
      rules: [{ apiGroups: [""], resources: ["users"], verbs: ["impersonate"] }],
    });
    t.deleteAtEnd(`/apis/rbac.authorization.k8s.io/v1/clusterroles/${t.ns}`);
    await t.given("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", {
      metadata: { name: t.ns },
      subjects: [{ kind: "ServiceAccount", name: "tester", namespace: t.ns }],
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: t.ns },
    });
    t.deleteAtEnd(`/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/${t.ns}`);
    const { body } = await t.post("serviceaccounts/tester/token", { spec: {} }, { bare: true });
    await t.mayBy({
      user: `system:serviceaccount:${t.ns}:tester`,
      resourceAttributes: { verb: "impersonate", resource: "users", name: "ann" },
    });
    const as = { authorization: `Bearer ${body.status.token}`, "impersonate-user": "ann" };
    await t.post(
      "/apis/authentication.k8s.io/v1/selfsubjectreviews",
      {},
      { headers: { ...as, "impersonate-extra-team": "red" } },
    );
    await t.post(
      "/apis/authentication.k8s.io/v1/selfsubjectreviews",
      {},
      { headers: { ...as, "impersonate-uid": "7" } },
    );
  }),
  it("groups without a user cannot be impersonated", (t) =>
    t.get("configmaps", { headers: { "impersonate-group": "team" } })),
  it(
    "who am I",
    (t) =>
      t.post(
        "/apis/authentication.k8s.io/v1/selfsubjectreviews",
        {},
        { ...as("ann", "team"), show: ({ status }) => status },
      ),
    { clusterOnly: true },
  ),
]);
