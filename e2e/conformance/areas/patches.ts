import { area, it } from "../harness/case.ts";
import type { Conversation, Json } from "../harness/conversation.ts";

const container = (name: string, more: object = {}) => ({ name, image: `${name}:1`, ...more });
const aDeployment = (more: object = {}) => ({
  metadata: { name: "web", labels: { a: "1" }, annotations: { note: "x" } },
  spec: {
    replicas: 0,
    selector: { matchLabels: { app: "web" } },
    template: {
      metadata: { labels: { app: "web" } },
      spec: {
        containers: [
          container("one", {
            env: [
              { name: "A", value: "1" },
              { name: "B", value: "2" },
            ],
            ports: [{ containerPort: 80 }],
          }),
          container("two"),
        ],
        tolerations: [{ key: "x", operator: "Exists" }],
        ...more,
      },
    },
  },
});
const podSpec = (body: Json) => (body.kind === "Status" ? body : body.spec.template.spec);
const containers = (body: Json) =>
  body.kind === "Status"
    ? body
    : podSpec(body).containers.map(({ name, image, env, ports, args }: Json) => ({ name, image, env, ports, args }));
const data = (body: Json) =>
  body.kind === "Status"
    ? body
    : { data: body.data, labels: body.metadata.labels, annotations: body.metadata.annotations };

const configMap = async (t: Conversation) =>
  t.given("configmaps", { metadata: { name: "a", labels: { x: "1", y: "2" } }, data: { a: "1", b: "2" } });
const json = (name: string, patch: Json) =>
  it(`json: ${name}`, async (t) => {
    await configMap(t);
    await t.patch("json", "configmaps/a", patch, { show: data });
  });
const merge = (name: string, patch: Json) =>
  it(`merge: ${name}`, async (t) => {
    await configMap(t);
    await t.patch("merge", "configmaps/a", patch, { show: data });
  });
const strategic = (name: string, patch: Json, show: (body: Json) => unknown = containers, more: object = {}) =>
  it(`strategic: ${name}`, async (t) => {
    await t.given("deployments", aDeployment(more));
    await t.patch("strategic", "deployments/web", patch, { show });
  });
const inPod = (spec: object) => ({ spec: { template: { spec } } });

/** JSON patch, merge patch, strategic merge patch. */
export const patches = area("patches", [
  json("add a key", [{ op: "add", path: "/data/c", value: "3" }]),
  json("add over a key that is there", [{ op: "add", path: "/data/a", value: "9" }]),
  json("replace", [{ op: "replace", path: "/data/a", value: "9" }]),
  json("replace what is not there", [{ op: "replace", path: "/data/none", value: "9" }]),
  json("remove", [{ op: "remove", path: "/data/a" }]),
  json("remove what is not there", [{ op: "remove", path: "/data/none" }]),
  json("remove under what is not there", [{ op: "remove", path: "/binaryData/none" }]),
  json("add under what is not there", [{ op: "add", path: "/binaryData/a", value: "MQ==" }]),
  json("move", [{ op: "move", from: "/data/a", path: "/data/z" }]),
  json("copy", [{ op: "copy", from: "/data/a", path: "/data/z" }]),
  json("copy from what is not there", [{ op: "copy", from: "/data/none", path: "/data/z" }]),
  json("a test that holds", [
    { op: "test", path: "/data/a", value: "1" },
    { op: "remove", path: "/data/b" },
  ]),
  json("a test that fails", [
    { op: "test", path: "/data/a", value: "2" },
    { op: "remove", path: "/data/b" },
  ]),
  json("a test of what is not there", [{ op: "test", path: "/data/none", value: "2" }]),
  json("a slash in a key", [
    { op: "add", path: "/metadata/annotations", value: {} },
    { op: "add", path: "/metadata/annotations/a~1b", value: "c" },
  ]),
  json("the whole object", [{ op: "replace", path: "", value: { metadata: { name: "a" } } }]),
  json("an operation that there is not", [{ op: "grow", path: "/data/a" }]),
  json("a path without a slash", [{ op: "add", path: "data/a", value: "1" }]),
  json("no operations", []),
  json("an object where a list is due", { op: "add" }),
  json("text that is no JSON", "[{"),
  json("a number where text is due", [{ op: "add", path: "/data/a", value: 5 }]),
  json("another name", [{ op: "replace", path: "/metadata/name", value: "b" }]),
  it("json: elements of lists by number and by -", async (t) => {
    await t.given("deployments", aDeployment());
    await t.patch(
      "json",
      "deployments/web",
      [
        { op: "add", path: "/spec/template/spec/containers/0/env/-", value: { name: "C", value: "3" } },
        { op: "add", path: "/spec/template/spec/containers/0/env/0", value: { name: "Z", value: "0" } },
        { op: "remove", path: "/spec/template/spec/containers/1" },
      ],
      { show: containers },
    );
  }),
  it("json: an index beyond the end", async (t) => {
    await t.given("deployments", aDeployment());
    await t.patch(
      "json",
      "deployments/web",
      [{ op: "add", path: "/spec/template/spec/containers/7", value: container("x") }],
      { show: containers },
    );
  }),
  it("json: more than 10,000 operations", async (t) => {
    await configMap(t);
    await t.patch(
      "json",
      "configmaps/a",
      Array.from({ length: 10_001 }, () => ({ op: "test", path: "/data/a", value: "1" })),
      { show: data },
    );
  }),
  merge("a key", { data: { c: "3" } }),
  merge("null takes a key away", { data: { a: null } }),
  merge("null takes all away", { data: null }),
  merge("null of what is not there", { data: { none: null }, binaryData: null }),
  merge("a list in place of an object", { data: ["x"] }),
  merge("an empty patch", {}),
  merge("a patch that is a list", []),
  merge("text that is no JSON", "{"),
  merge("an old resourceVersion", { metadata: { resourceVersion: "1" }, data: { a: "9" } }),
  merge("another uid", { metadata: { uid: "11111111-1111-4111-8111-111111111111" } }),
  merge("another name", { metadata: { name: "b" } }),
  merge("another namespace", { metadata: { namespace: "other" } }),
  merge("another kind", { kind: "Secret" }),
  merge("labels", { metadata: { labels: { x: null, z: "3" } } }),
  it("merge: a list is replaced whole", async (t) => {
    await t.given("deployments", aDeployment());
    await t.patch("merge", "deployments/web", inPod({ containers: [container("three")] }), { show: containers });
  }),
  it("merge: an object that is not there", (t) => t.patch("merge", "configmaps/none", { data: {} })),
  it("merge: a trial", async (t) => {
    await configMap(t);
    await t.patch("merge", "configmaps/a?dryRun=All", { data: { a: "9" } }, { show: data });
    await t.get("configmaps/a", { show: data });
  }),
  it("a patch of a media type that there is not", async (t) => {
    await configMap(t);
    await t.ask("PATCH", "configmaps/a", {}, { headers: { "content-type": "application/json" } });
  }),
  it("force is for apply only", async (t) => {
    await configMap(t);
    await t.patch("merge", "configmaps/a?force=true", { data: { a: "9" } });
  }),
  strategic("a container by its name", inPod({ containers: [{ name: "two", image: "two:2" }] })),
  strategic("a new container comes last", inPod({ containers: [container("three")] })),
  strategic("a container is taken away", inPod({ containers: [{ name: "one", $patch: "delete" }] })),
  strategic("all containers are replaced", inPod({ containers: [container("three"), { $patch: "replace" }] })),
  strategic(
    "the order of elements",
    inPod({
      "$setElementOrder/containers": [{ name: "two" }, { name: "one" }],
      containers: [{ name: "two", image: "two:3" }],
    }),
  ),
  strategic(
    "an order that names what is not there",
    inPod({
      "$setElementOrder/containers": [{ name: "none" }, { name: "one" }],
      containers: [{ name: "two", image: "two:3" }],
    }),
  ),
  strategic(
    "a list within a list, by its keys",
    inPod({
      containers: [
        {
          name: "one",
          env: [
            { name: "B", value: "9" },
            { name: "C", value: "3" },
          ],
        },
      ],
    }),
  ),
  strategic(
    "an element of an inner list is taken away",
    inPod({ containers: [{ name: "one", env: [{ name: "A", $patch: "delete" }] }] }),
  ),
  strategic("a list of plain values is replaced", inPod({ containers: [{ name: "one", args: ["a", "b"] }] })),
  strategic(
    "a list without keys is replaced",
    inPod({ tolerations: [{ key: "y", operator: "Exists" }] }),
    (body) => podSpec(body).tolerations,
  ),
  strategic(
    "ports merge by containerPort",
    inPod({ containers: [{ name: "one", ports: [{ containerPort: 80, name: "http" }, { containerPort: 81 }] }] }),
  ),
  strategic("an element without its key", inPod({ containers: [{ image: "x" }] })),
  strategic(
    "null takes a field away",
    { spec: { template: { spec: { tolerations: null } } } },
    (body) => podSpec(body).tolerations,
  ),
  strategic(
    "an object is replaced",
    { metadata: { labels: { $patch: "replace", z: "9" } } },
    (body) => body.metadata.labels,
  ),
  strategic("a directive that there is not", { metadata: { labels: { $patch: "explode" } } }, (body) => body),
  strategic(
    "values are kept by name",
    inPod({ securityContext: { runAsUser: 5, $retainKeys: ["runAsUser"] } }),
    (body) => podSpec(body).securityContext,
  ),
  strategic(
    "the kind of an update strategy",
    { spec: { strategy: { $retainKeys: ["type"], type: "Recreate" } } },
    (body) => body.spec?.strategy ?? body,
  ),
  strategic(
    "the kind of an update strategy without retaining",
    { spec: { strategy: { type: "Recreate" } } },
    (body) => body.spec?.strategy ?? body,
  ),
  strategic("a text where a number is due", { spec: { replicas: "many" } }, (body) => body),
  strategic(
    "finalizers merge as a set",
    { metadata: { finalizers: ["example.com/a"] } },
    (body) => body.metadata.finalizers,
  ),
  strategic(
    "plain values are taken out of a set",
    { metadata: { finalizers: ["example.com/b"], "$deleteFromPrimitiveList/finalizers": ["example.com/a"] } },
    (body) => body.metadata.finalizers,
  ),
  strategic(
    "host aliases merge by address",
    inPod({
      hostAliases: [
        { ip: "10.0.0.1", hostnames: ["b"] },
        { ip: "10.0.0.2", hostnames: ["c"] },
      ],
    }),
    (body) => podSpec(body).hostAliases,
    { hostAliases: [{ ip: "10.0.0.1", hostnames: ["a"] }] },
  ),
  strategic(
    "volumes merge by name, their source is kept apart",
    inPod({
      volumes: [
        { name: "v", emptyDir: null, configMap: { name: "c" } },
        { name: "w", emptyDir: {} },
      ],
    }),
    (body) => podSpec(body).volumes,
    { volumes: [{ name: "v", emptyDir: {} }] },
  ),
  strategic(
    "image pull secrets merge by name",
    inPod({ imagePullSecrets: [{ name: "b" }] }),
    (body) => podSpec(body).imagePullSecrets,
    { imagePullSecrets: [{ name: "a" }] },
  ),
  strategic(
    "topology spread merges by key",
    inPod({ topologySpreadConstraints: [{ topologyKey: "zone", whenUnsatisfiable: "ScheduleAnyway", maxSkew: 3 }] }),
    (body) => podSpec(body).topologySpreadConstraints,
    {
      topologySpreadConstraints: [
        { topologyKey: "zone", whenUnsatisfiable: "ScheduleAnyway", maxSkew: 1, labelSelector: {} },
      ],
    },
  ),
  it("strategic: a Service's ports merge by number", async (t) => {
    await t.given("services", {
      metadata: { name: "s" },
      spec: {
        ports: [
          { name: "a", port: 80 },
          { name: "b", port: 81 },
        ],
      },
    });
    await t.patch(
      "strategic",
      "services/s",
      {
        spec: {
          ports: [
            { port: 81, targetPort: 8081 },
            { name: "c", port: 82 },
          ],
        },
      },
      { show: (body) => body.spec?.ports ?? body },
    );
  }),
  it("strategic: a ServiceAccount's secrets merge by name", async (t) => {
    await t.given("serviceaccounts", { metadata: { name: "s" }, secrets: [{ name: "a" }] });
    await t.patch("strategic", "serviceaccounts/s", { secrets: [{ name: "b" }] }, { show: (body) => body.secrets });
  }),
  it("strategic: a Node's taints are replaced, its conditions merge by type", async (t) => {
    t.deleteAtEnd(`nodes/${t.ns}`);
    await t.given("nodes", { metadata: { name: t.ns }, spec: { taints: [{ key: "a", effect: "NoSchedule" }] } });
    await t.patch(
      "strategic",
      `nodes/${t.ns}`,
      { spec: { taints: [{ key: "b", effect: "NoSchedule" }] } },
      { show: ({ spec }) => spec.taints.filter(({ key }: Json) => !key.startsWith("node.kubernetes.io")) },
    );
    await t.patch(
      "strategic",
      `nodes/${t.ns}/status`,
      { status: { conditions: [{ type: "Special", status: "True" }] } },
      { show: ({ status }) => status.conditions.filter(({ type }: Json) => type === "Special") },
    );
    await t.patch(
      "strategic",
      `nodes/${t.ns}/status`,
      { status: { conditions: [{ type: "Other", status: "True" }] } },
      {
        show: ({ status }) =>
          status.conditions
            .filter(({ type }: Json) => ["Special", "Other"].includes(type))
            .map(({ type }: Json) => type),
      },
    );
  }),
  it("a patch that changes nothing keeps the resourceVersion", async (t) => {
    const { body } = await configMap(t);
    const { body: after } = await t.patch("merge", "configmaps/a", { data: { a: "1" } }, { show: data });
    t.note("same", body.metadata.resourceVersion === after.metadata.resourceVersion);
  }),
  it("a change of the spec raises the generation, one of labels does not", async (t) => {
    await t.given("deployments", aDeployment());
    await t.patch(
      "merge",
      "deployments/web",
      { spec: { minReadySeconds: 5 } },
      { show: ({ metadata }) => metadata.generation },
    );
    await t.patch(
      "merge",
      "deployments/web",
      { metadata: { labels: { b: "2" } } },
      { show: ({ metadata }) => metadata.generation },
    );
    await t.patch(
      "merge",
      "deployments/web",
      { status: { replicas: 7 } },
      { show: ({ metadata, status }) => [metadata.generation, status.replicas] },
    );
  }),
]);
