import { area, it } from "../harness/case.ts";
import type { Json } from "../harness/conversation.ts";

const cm = (data: object, more: object = {}) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "a", ...more },
  data,
});
const dep = (spec: object, container: object = {}) => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web" },
  spec: {
    replicas: 0,
    selector: { matchLabels: { app: "web" } },
    template: {
      metadata: { labels: { app: "web" } },
      spec: { containers: [{ name: "one", image: "one:1", ...container }] },
    },
    ...spec,
  },
});
const show = (body: Json) =>
  body.kind === "Status" ? body : { data: body.data, labels: body.metadata.labels, managers: managers(body) };
// Servers list them by their times: a second may pass between two on one of the servers only.
const order = ({ operation, manager, subresource = "" }: Json) => `${operation} ${manager} ${subresource}`;
const managers = (body: Json) =>
  (body.metadata.managedFields ?? [])
    .map(({ time: _, ...rest }: Json) => rest)
    .toSorted((a: Json, b: Json) => (order(a) < order(b) ? -1 : 1));
const owners = (body: Json) => (body.kind === "Status" ? body : managers(body));
const spec = (body: Json) =>
  body.kind === "Status"
    ? body
    : {
        containers: body.spec.template.spec.containers.map(({ name, image, env, args, ports }: Json) => ({
          name,
          image,
          env,
          args,
          ports,
        })),
        replicas: body.spec.replicas,
      };

/** Server-side apply: ownership, conflicts, what goes away. */
export const apply = area("apply", [
  it("creates", (t) => t.apply("configmaps/a", cm({ x: "1" }), { show })),
  it("the same again changes nothing", async (t) => {
    const { body } = await t.apply("configmaps/a", cm({ x: "1" }), { bare: true });
    const { body: after } = await t.apply("configmaps/a", cm({ x: "1" }), { show });
    t.note("same", body.metadata.resourceVersion === after.metadata.resourceVersion);
  }),
  it("what a manager no longer names goes away", async (t) => {
    await t.apply("configmaps/a", cm({ x: "1", y: "2" }), { bare: true });
    await t.apply("configmaps/a", cm({ x: "1" }), { show });
  }),
  it("what another manager has is kept", async (t) => {
    await t.apply("configmaps/a", cm({ x: "1" }), { bare: true });
    await t.apply("configmaps/a", cm({ y: "2" }), { manager: "other", show });
    await t.apply("configmaps/a", cm({}), { show });
  }),
  it("a conflict with another manager", async (t) => {
    await t.apply("configmaps/a", cm({ x: "1" }), { bare: true });
    await t.apply("configmaps/a", cm({ x: "2" }), { manager: "other", show });
  }),
  it("a conflict about several fields of several managers", async (t) => {
    await t.apply("configmaps/a", cm({ x: "1" }), { bare: true });
    await t.apply("configmaps/a", cm({ y: "1" }), { manager: "second", bare: true });
    await t.patch("merge", "configmaps/a?fieldManager=third", { data: { z: "1" } }, { bare: true });
    await t.apply("configmaps/a", cm({ x: "2", y: "2", z: "2" }), {
      manager: "other",
      show: ({ code, reason, details }) => [
        code,
        reason,
        details.causes.map((one: Json) => JSON.stringify(one)).sort(),
      ],
    });
  }),
  it("by force the field changes hands", async (t) => {
    await t.apply("configmaps/a", cm({ x: "1" }), { bare: true });
    await t.apply("configmaps/a", cm({ x: "2" }), { manager: "other", force: true, show });
  }),
  it("two managers of one value share it", async (t) => {
    await t.apply("configmaps/a", cm({ x: "1" }), { bare: true });
    await t.apply("configmaps/a", cm({ x: "1" }), { manager: "other", show });
  }),
  it("a shared field stays when one gives it up", async (t) => {
    await t.apply("configmaps/a", cm({ x: "1" }), { bare: true });
    await t.apply("configmaps/a", cm({ x: "1" }), { manager: "other", bare: true });
    await t.apply("configmaps/a", cm({}), { show });
  }),
  it("an update takes fields over", async (t) => {
    await t.apply("configmaps/a", cm({ x: "1", y: "1" }), { bare: true });
    await t.patch("merge", "configmaps/a?fieldManager=kubectl-edit", { data: { x: "2" } }, { show });
  }),
  it("apply after an update is a conflict with the updater", async (t) => {
    await t.apply("configmaps/a", cm({ x: "1" }), { bare: true });
    await t.patch("merge", "configmaps/a?fieldManager=kubectl-edit", { data: { x: "2" } }, { bare: true });
    await t.apply("configmaps/a", cm({ x: "3" }), { show });
  }),
  it("an update that takes the managed fields away", async (t) => {
    await t.apply("configmaps/a", cm({ x: "1" }), { bare: true });
    await t.patch("merge", "configmaps/a", { metadata: { managedFields: [{}] } }, { show });
  }),
  it("applying to what was created by a plain request", async (t) => {
    await t.post("configmaps?fieldManager=maker", cm({ x: "1" }), { bare: true });
    await t.apply("configmaps/a", cm({ x: "2" }), { show });
    await t.apply("configmaps/a", cm({ x: "1", y: "1" }), { show });
  }),
  it("without a field manager", (t) => t.patch("apply", "configmaps/a", cm({}))),
  it("with managed fields in the body", (t) =>
    t.apply(
      "configmaps/a",
      cm(
        {},
        {
          managedFields: [{ manager: "x", operation: "Apply", apiVersion: "v1", fieldsType: "FieldsV1", fieldsV1: {} }],
        },
      ),
    )),
  it("with another name in the body", (t) => t.apply("configmaps/a", { ...cm({}), metadata: { name: "b" } })),
  it("without a name in the body", (t) => t.apply("configmaps/a", { apiVersion: "v1", kind: "ConfigMap" }, { show })),
  it("without a kind in the body", (t) => t.apply("configmaps/a", { metadata: { name: "a" } })),
  it("with another kind in the body", (t) =>
    t.apply("configmaps/a", { apiVersion: "v1", kind: "Secret", metadata: { name: "a" } })),
  it("with a resourceVersion that is old", async (t) => {
    await t.apply("configmaps/a", cm({ x: "1" }), { bare: true });
    await t.apply("configmaps/a", cm({ x: "2" }, { resourceVersion: "1" }));
  }),
  it("with a resourceVersion for an object that is not there", (t) =>
    t.apply("configmaps/a", cm({ x: "2" }, { resourceVersion: "1" }))),
  it("with a uid for an object that is not there", (t) =>
    t.apply("configmaps/a", cm({ x: "2" }, { uid: "11111111-1111-4111-8111-111111111111" }))),
  it("a body in YAML", (t) =>
    t.apply("configmaps/a", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  x: '1'\n", { show })),
  it("a body that is no YAML", (t) => t.apply("configmaps/a", "a: b: c")),
  it("a body in JSON that is a list", (t) => t.apply("configmaps/a", [])),
  it("a trial", async (t) => {
    await t.apply("configmaps/a?dryRun=All", cm({ x: "1" }), { show });
    await t.get("configmaps/a", { bare: true });
  }),
  it("an unknown field in strict mode", (t) =>
    t.apply("configmaps/a?fieldValidation=Strict", { ...cm({}), datta: {} })),
  it("an unknown field in warning mode", (t) =>
    t.apply("configmaps/a?fieldValidation=Warn", { ...cm({}), datta: {} }, { show })),
  it("an unknown field when ignored", (t) =>
    t.apply("configmaps/a?fieldValidation=Ignore", { ...cm({}), datta: {} }, { show })),
  it("a duplicate key of a keyed list", (t) =>
    t.apply(
      "deployments/web",
      dep({
        template: {
          metadata: { labels: { app: "web" } },
          spec: {
            containers: [
              { name: "one", image: "a" },
              { name: "one", image: "b" },
            ],
          },
        },
      }),
    )),
  it("a wrong type", (t) => t.apply("deployments/web", dep({ replicas: "many" }))),
  it("an element of a keyed list without its key", (t) =>
    t.apply(
      "deployments/web",
      dep({ template: { metadata: { labels: { app: "web" } }, spec: { containers: [{ image: "a" }] } } }),
    )),
  it("a Deployment's ownership", (t) =>
    t.apply("deployments/web", dep({}, { env: [{ name: "A", value: "1" }], ports: [{ containerPort: 80 }] }), {
      show: owners,
    })),
  it("containers of two managers stand beside each other", async (t) => {
    await t.apply("deployments/web", dep({}), { bare: true });
    await t.apply(
      "deployments/web",
      {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name: "web" },
        spec: { template: { spec: { containers: [{ name: "side", image: "side:1" }] } } },
      },
      { manager: "other", show: spec },
    );
    await t.apply(
      "deployments/web",
      { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "web" } },
      { manager: "other", show: spec },
    );
  }),
  it("a conflict about a container's image names its path", async (t) => {
    await t.apply("deployments/web", dep({}), { bare: true });
    await t.apply("deployments/web", dep({}, { image: "one:2" }), { manager: "other", show: spec });
  }),
  it("a variable goes away with its manager", async (t) => {
    await t.apply(
      "deployments/web",
      dep(
        {},
        {
          env: [
            { name: "A", value: "1" },
            { name: "B", value: "2" },
          ],
        },
      ),
      { bare: true },
    );
    await t.apply("deployments/web", dep({}, { env: [{ name: "B", value: "2" }] }), { show: spec });
  }),
  it("scaling by the subresource is a conflict for who applied the replicas", async (t) => {
    await t.apply("deployments/web", dep({}), { bare: true });
    await t.patch("merge", "deployments/web/scale?fieldManager=hpa", { spec: { replicas: 1 } }, { bare: true });
    await t.apply("deployments/web", dep({}), { show: (body) => (body.kind === "Status" ? body : "applied") });
  }),
  it("leaving replicas out gives them to the autoscaler", async (t) => {
    await t.apply("deployments/web", dep({}), { bare: true });
    await t.patch("merge", "deployments/web/scale?fieldManager=hpa", { spec: { replicas: 1 } }, { bare: true });
    const { replicas: _, ...rest } = dep({}).spec;
    await t.apply("deployments/web", { ...dep({}), spec: rest }, { show: spec });
  }),
  it("a required field that would go away", async (t) => {
    await t.apply("deployments/web", dep({}), { bare: true });
    await t.apply(
      "deployments/web",
      { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "web" } },
      { show: spec },
    );
  }),
  it("the status through its subresource", async (t) => {
    await t.apply("deployments/web", dep({}), { bare: true });
    await t.apply(
      "deployments/web/status",
      {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name: "web" },
        status: { conditions: [{ type: "Mine", status: "True", reason: "R", message: "M" }] },
      },
      {
        manager: "controller",
        show: (body) =>
          body.kind === "Status"
            ? body
            : body.metadata.managedFields
                .filter(({ manager }: Json) => manager === "controller")
                .map(({ time: _, ...rest }: Json) => rest),
      },
    );
  }),
  it("the status is left out of what is applied to the object", async (t) => {
    await t.apply(
      "deployments/web",
      { ...dep({}), status: { replicas: 5 } },
      { show: (body) => [body.status, managers(body)] },
    );
  }),
  it("a Service's ports by port and protocol", async (t) => {
    const service = (ports: object[]) => ({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "s" },
      spec: { ports },
    });
    await t.apply(
      "services/s",
      service([
        { name: "a", port: 80, protocol: "TCP" },
        { name: "b", port: 80, protocol: "UDP" },
      ]),
      { show: (body) => (body.kind === "Status" ? body : [body.spec.ports, managers(body)]) },
    );
    await t.apply("services/s", service([{ name: "a", port: 80, protocol: "TCP" }]), {
      show: (body) => (body.kind === "Status" ? body : body.spec.ports),
    });
  }),
  it("labels and annotations by key", async (t) => {
    await t.apply("configmaps/a", cm({}, { labels: { a: "1" } }), { bare: true });
    await t.apply("configmaps/a", cm({}, { labels: { b: "1" }, annotations: { c: "1" } }), { manager: "other", show });
  }),
  it("finalizers as a set", async (t) => {
    await t.apply("configmaps/a", cm({}, { finalizers: ["example.com/a"] }), { bare: true });
    await t.apply("configmaps/a", cm({}, { finalizers: ["example.com/b"] }), {
      manager: "other",
      show: (body) => [body.metadata.finalizers, managers(body)],
    });
    await t.apply("configmaps/a", cm({}), { show: (body) => body.metadata.finalizers });
    await t.apply("configmaps/a", cm({}), { manager: "other", bare: true });
  }),
  it("owner references by uid", async (t) => {
    const { body } = await t.given("configmaps", { metadata: { name: "owner" } });
    await t.apply(
      "configmaps/a",
      cm({}, { ownerReferences: [{ apiVersion: "v1", kind: "ConfigMap", name: "owner", uid: body.metadata.uid }] }),
      { show: managers },
    );
  }),
  it("managers of creation, update and status are kept apart", async (t) => {
    await t.post("deployments?fieldManager=creator", dep({}), { show: owners });
    await t.patch(
      "merge",
      "deployments/web?fieldManager=creator",
      { metadata: { labels: { x: "1" } } },
      { show: (body) => managers(body).filter(({ manager }: Json) => manager === "creator") },
    );
  }),
  it("the manager's name comes from the user agent", async (t) => {
    await t.post("configmaps", cm({ x: "1" }), { headers: { "user-agent": "my-tool/v1.2 (linux)" }, show: owners });
  }),
  it("the owners of replicas that are scaled", async (t) => {
    const counted = { ...dep({}), spec: { ...(dep({}) as Json).spec, replicas: 2, paused: true } };
    await t.apply("deployments/web", counted, { manager: "one", bare: true });
    const scale = (replicas: number) => ({
      apiVersion: "autoscaling/v1",
      kind: "Scale",
      metadata: { name: "web" },
      spec: { replicas },
    });
    const owning = ({ metadata }: Json) =>
      metadata.managedFields
        .filter(({ fieldsV1 }: Json) => fieldsV1["f:spec"]?.["f:replicas"])
        .map(({ manager, operation, subresource }: Json) => [manager, operation, subresource]);
    const then = async () => t.note("owned by", owning(await t.peek("deployments/web")));
    const path = "deployments/web/scale";
    const refusal = { show: ({ message, details, spec }: Json) => [message, details?.causes, spec] };
    await t.apply(path, scale(5), { manager: "two", ...refusal });
    await t.apply(path, scale(2), { manager: "two", ...refusal });
    await then();
    await t.apply(path, scale(3), { manager: "two", force: true, ...refusal });
    await then();
    for (const replicas of [4, 0, 0, 1]) {
      await t.patch("merge", `${path}?fieldManager=three`, { spec: { replicas } }, refusal);
      await then();
    }
    await t.apply(path, scale(2), { manager: "two", ...refusal });
    await t.apply(path, scale(1), { manager: "two", ...refusal });
    await then();
    await t.apply(path, { ...scale(1), spec: { replicas: 1, extra: 2 } }, { manager: "two", ...refusal });
  }),
]);
