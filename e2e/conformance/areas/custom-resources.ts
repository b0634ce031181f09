import { area, it } from "../harness/case.ts";
import type { Conversation, Json } from "../harness/conversation.ts";

interface Shape {
  readonly schema?: Json;
  readonly version?: Json;
  readonly spec?: Json;
}

const definition = (ns: string, { schema = {}, version = {}, spec = {} }: Shape = {}) => ({
  metadata: { name: `widgets.${ns}.example.com` },
  spec: {
    group: `${ns}.example.com`,
    scope: "Namespaced",
    names: {
      plural: "widgets",
      singular: "widget",
      kind: "Widget",
      listKind: "WidgetList",
      shortNames: ["wd"],
      categories: ["all"],
    },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: {
              spec: { type: "object", ...schema },
              status: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
            },
          },
        },
        ...version,
      },
    ],
    ...spec,
  },
});
const path = "customresourcedefinitions";
const define = async (t: Conversation, shape: Shape = {}) => {
  t.deleteAtEnd(`${path}/widgets.${t.ns}.example.com`);
  await t.given(path, definition(t.ns, shape));
  await t.until(`${path}/widgets.${t.ns}.example.com`, ({ status }) =>
    status.conditions.some((one: Json) => one.type === "Established" && one.status === "True"),
  );
  await t.until("widgets", (_, status) => status === 200);
};
const widget = (t: Conversation, spec: Json, more: object = {}) => ({
  apiVersion: `${t.ns}.example.com/v1`,
  kind: "Widget",
  metadata: { name: "w" },
  spec,
  ...more,
});
const show = (body: Json) => (body.kind === "Status" ? body : { spec: body.spec, status: body.status });

/** Creates objects of a schema, one after another (dry), and keeps what becomes of each. */
const objects = (name: string, schema: Json, specs: Json[], shape: Shape = {}) =>
  it(name, async (t) => {
    await define(t, { ...shape, schema });
    for (const spec of specs) await t.post("widgets?dryRun=All&fieldValidation=Ignore", widget(t, spec), { show });
  });
/** Creates one object, then changes it. */
const changes = (name: string, schema: Json, first: Json, patches: Json[], shape: Shape = {}) =>
  it(name, async (t) => {
    await define(t, { ...shape, schema });
    await t.post("widgets", widget(t, first), { show });
    for (const spec of patches) await t.patch("merge", "widgets/w?dryRun=All", { spec }, { show });
  });
/** A definition that is refused. */
const refused = (name: string, shape: (ns: string) => Json) =>
  it(
    `refused: ${name}`,
    (t) => {
      t.deleteAtEnd(`${path}/widgets.${t.ns}.example.com`);
      return t.post(path, shape(t.ns), { show: (body) => (body.kind === "Status" ? body : "accepted") });
    },
    { clusterOnly: true },
  );
const ofSchema = (schema: Json) => (ns: string) => definition(ns, { schema });
const int = { type: "integer" };
const str = { type: "string" };
const props = (properties: Json, more: Json = {}) => ({ properties, ...more });

/** Definitions, defaults, pruning, validation and CEL rules of custom resources. */
export const customResources = area("custom resources", [
  it("a definition becomes established and is found by discovery", async (t) => {
    await define(t);
    await t.get(`${path}/widgets.${t.ns}.example.com`, {
      show: ({ metadata, spec, status }) => [
        metadata.finalizers,
        spec,
        status.acceptedNames,
        status.storedVersions,
        status.conditions.map(({ lastTransitionTime: _, ...rest }: Json) => rest),
      ],
    });
    await t.until(
      `/apis/${t.ns}.example.com/v1`,
      ({ resources }) => resources.length > 0,
      ({ resources }) => resources.map(({ storageVersionHash: _, ...rest }: Json) => rest),
    );
    await t.until(
      "/apis",
      ({ groups }) => groups.some((one: Json) => one.name === `${t.ns}.example.com`),
      ({ groups }) => groups.find((one: Json) => one.name === `${t.ns}.example.com`),
    );
  }),
  it("a definition that is deleted takes its objects with it", async (t) => {
    await define(t);
    await t.given("widgets", widget(t, {}));
    await t.del(`${path}/widgets.${t.ns}.example.com`, undefined, { show: ({ kind, status }) => [kind, status] });
    await t.until(
      `${path}/widgets.${t.ns}.example.com`,
      (_, status) => status === 404,
      ({ code }) => code,
    );
    await t.until(
      "widgets",
      (_, status) => status === 404,
      (body) => body,
    );
  }),
  it("a definition that waits for its objects takes no new ones", async (t) => {
    await define(t);
    await t.given("widgets", { ...widget(t, {}), metadata: { name: "w", finalizers: ["example.com/wait"] } });
    const name = `${path}/widgets.${t.ns}.example.com`;
    await t.del(name, undefined, {
      show: ({ metadata: { finalizers, deletionGracePeriodSeconds } }) => [finalizers, deletionGracePeriodSeconds],
    });
    await t.until(
      name,
      ({ status }) => status.conditions.some((one: Json) => one.reason === "InstanceDeletionInProgress"),
      ({ status }) => status.conditions.map(({ lastTransitionTime: _, ...rest }: Json) => rest),
    );
    await t.until(
      "widgets/w",
      ({ metadata }) => metadata.deletionTimestamp,
      ({ metadata }) => metadata.finalizers,
    );
    await t.post("widgets", { ...widget(t, {}), metadata: { name: "x" } });
    await t.patch("merge", "widgets/w", { metadata: { finalizers: null } }, { bare: true });
    await t.until(
      name,
      (_, status) => status === 404,
      ({ code }) => code,
    );
  }),
  it("names that another definition has", async (t) => {
    await define(t);
    t.deleteAtEnd(`${path}/gizmos.${t.ns}.example.com`);
    const other = definition(t.ns, { spec: { names: { plural: "gizmos", kind: "Widget" } } });
    await t.given(path, { ...other, metadata: { name: `gizmos.${t.ns}.example.com` } });
    await t.until(
      `${path}/gizmos.${t.ns}.example.com`,
      ({ status }) => status.conditions?.some((one: Json) => one.type === "NamesAccepted"),
      ({ status }) => status.conditions.map(({ lastTransitionTime: _, ...rest }: Json) => rest),
    );
  }),
  it("an object of a kind that is not this one", async (t) => {
    await define(t);
    await t.post("widgets", { apiVersion: `${t.ns}.example.com/v1`, kind: "Gadget", metadata: { name: "w" } });
    await t.post("widgets", { metadata: { name: "w" } });
    await t.post("widgets", { apiVersion: "other.example.com/v1", kind: "Widget", metadata: { name: "w" } });
  }),
  it("cluster-wide objects", async (t) => {
    t.deleteAtEnd(`${path}/gadgets.${t.ns}.example.com`);
    const cluster = definition(t.ns, { spec: { scope: "Cluster", names: { plural: "gadgets", kind: "Gadget" } } });
    await t.given(path, { ...cluster, metadata: { name: `gadgets.${t.ns}.example.com` } });
    await t.until(
      "gadgets",
      (_, status) => status === 200,
      (body) => body,
    );
    await t.post("gadgets", {
      apiVersion: `${t.ns}.example.com/v1`,
      kind: "Gadget",
      metadata: { name: "g" },
      spec: {},
    });
    await t.get(`/apis/${t.ns}.example.com/v1/namespaces/${t.ns}/gadgets`);
  }),
  objects("unknown fields are pruned", props({ size: int }), [{ size: 1, more: 2, deep: { a: 1 } }, {}]),
  objects(
    "unknown fields are kept where the schema says so",
    props({
      free: {
        type: "object",
        "x-kubernetes-preserve-unknown-fields": true,
        properties: { known: props({ a: int }, { type: "object" }) },
      },
    }),
    [{ free: { x: 1, known: { a: 1, b: 2 } }, other: 1 }],
  ),
  objects(
    "an embedded object keeps its kind and metadata",
    props({
      object: { type: "object", "x-kubernetes-embedded-resource": true, "x-kubernetes-preserve-unknown-fields": true },
    }),
    [
      { object: { apiVersion: "v1", kind: "Pod", metadata: { name: "a", foo: 1 }, spec: {} } },
      { object: { spec: {} } },
    ],
  ),
  objects(
    "defaults",
    props({
      size: { ...int, default: 3 },
      deep: { type: "object", default: {}, properties: { on: { type: "boolean", default: true } } },
      list: { type: "array", items: { type: "object", properties: { p: { ...str, default: "x" } } } },
    }),
    [{}, { size: 1 }, { deep: null }, { list: [{}, { p: "y" }] }, { size: null }],
  ),
  objects(
    "a default within an object that is not there",
    props({ deep: { type: "object", properties: { on: { type: "boolean", default: true } } } }),
    [{}, { deep: {} }],
  ),
  objects(
    "null that may be, and null that may not",
    props({ a: { ...str, nullable: true }, b: str, c: { ...str, nullable: true, default: "d" } }),
    [{ a: null }, { b: null }, { c: null }],
  ),
  objects(
    "types",
    props({
      i: int,
      n: { type: "number" },
      s: str,
      b: { type: "boolean" },
      a: { type: "array", items: str },
      o: { type: "object" },
    }),
    [{ i: "1" }, { i: 1.5 }, { i: 1.0 }, { n: "x" }, { s: 1 }, { b: "true" }, { a: {} }, { a: [1] }, { o: [] }],
  ),
  objects(
    "numbers: limits and steps",
    props({
      n: { ...int, minimum: 1, maximum: 10, multipleOf: 2 },
      x: { type: "number", minimum: 0, exclusiveMinimum: true },
    }),
    [{ n: 0 }, { n: 11 }, { n: 3 }, { n: 4 }, { x: 0 }],
  ),
  objects(
    "texts: lengths, patterns, values",
    props({ s: { ...str, minLength: 2, maxLength: 4, pattern: "^a" }, e: { ...str, enum: ["x", "y"] } }),
    [{ s: "a" }, { s: "abcde" }, { s: "bcd" }, { s: "b" }, { e: "z" }, { e: "x" }],
  ),
  objects("lists: lengths and uniqueness", props({ l: { type: "array", minItems: 1, maxItems: 2, items: int } }), [
    { l: [] },
    { l: [1, 2, 3] },
    { l: [1, 1] },
  ]),
  objects(
    "objects: required, counts, other keys",
    props({
      o: { type: "object", required: ["a", "b"], properties: { a: int, b: int } },
      m: { type: "object", minProperties: 1, maxProperties: 2, additionalProperties: int },
    }),
    [{ o: {} }, { o: { a: 1 } }, { m: {} }, { m: { a: 1, b: 2, c: 3 } }, { m: { a: "x" } }],
  ),
  objects(
    "formats",
    props(
      Object.fromEntries(
        [
          "date-time",
          "date",
          "duration",
          "email",
          "uuid",
          "ipv4",
          "ipv6",
          "cidr",
          "uri",
          "byte",
          "hostname",
          "mac",
        ].map((format) => [format.replace("-", ""), { ...str, format }]),
      ),
    ),
    [
      { datetime: "yesterday" },
      { date: "2020-13-01" },
      { duration: "five" },
      { email: "no" },
      { uuid: "1-2" },
      { ipv4: "1.2.3" },
      { ipv6: "1.2.3.4" },
      { cidr: "10.0.0.0" },
      { uri: "::" },
      { byte: "%" },
      { hostname: "a_b" },
      { mac: "00" },
      {
        datetime: "2020-01-01T00:00:00Z",
        date: "2020-01-01",
        duration: "1h",
        email: "a@b.c",
        uuid: "11111111-1111-4111-8111-111111111111",
        ipv4: "1.2.3.4",
        ipv6: "::1",
        cidr: "10.0.0.0/8",
        uri: "http://a/b",
        byte: "YQ==",
        hostname: "a.b",
        mac: "00:00:5e:00:53:01",
      },
    ],
  ),
  objects(
    "a number or a text",
    props({
      p: { "x-kubernetes-int-or-string": true },
      q: { "x-kubernetes-int-or-string": true, anyOf: [{ type: "integer" }, { type: "string" }], pattern: "^[0-9]+%$" },
    }),
    [{ p: 1 }, { p: "a" }, { p: true }, { q: "5" }, { q: 5 }, { q: "5%" }],
  ),
  objects(
    "all of, any of, one of, not",
    props({
      x: {
        ...int,
        allOf: [{ minimum: 1 }, { maximum: 5 }],
        anyOf: [{ multipleOf: 2 }, { multipleOf: 3 }],
        oneOf: [{ minimum: 3 }, { maximum: 2 }],
        not: { enum: [4] },
      },
    }),
    [{ x: 0 }, { x: 5 }, { x: 4 }, { x: 2 }],
  ),
  objects("one of several required", props({ a: int, b: int }, { oneOf: [{ required: ["a"] }, { required: ["b"] }] }), [
    {},
    { a: 1, b: 1 },
    { a: 1 },
  ]),
  objects(
    "lists as sets and maps",
    props({
      s: { type: "array", "x-kubernetes-list-type": "set", items: str },
      m: {
        type: "array",
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["k"],
        items: { type: "object", required: ["k"], properties: { k: str, v: int } },
      },
    }),
    [{ s: ["a", "a"] }, { m: [{ k: "a" }, { k: "a", v: 1 }] }, { m: [{ v: 1 }] }],
  ),
  it("apply merges a list map by its keys", async (t) => {
    await define(t, {
      schema: props({
        m: {
          type: "array",
          "x-kubernetes-list-type": "map",
          "x-kubernetes-list-map-keys": ["k"],
          items: { type: "object", required: ["k"], properties: { k: str, v: int } },
        },
        a: { type: "array", items: int },
      }),
    });
    await t.apply("widgets/w", widget(t, { m: [{ k: "a", v: 1 }], a: [1] }), {
      show: (body) => [body.spec, body.metadata.managedFields.map(({ fieldsV1 }: Json) => fieldsV1)],
    });
    await t.apply("widgets/w", widget(t, { m: [{ k: "b", v: 2 }] }), { manager: "other", show });
    await t.apply("widgets/w", widget(t, { a: [2] }), { manager: "other", show });
  }),
  it("custom resources take no strategic patch", async (t) => {
    await define(t);
    await t.given("widgets", widget(t, {}));
    await t.patch("strategic", "widgets/w", { spec: {} });
  }),
  it("field validation of custom resources", async (t) => {
    await define(t, {
      schema: props({ size: int, list: { type: "array", items: { type: "object", properties: { a: int } } } }),
    });
    for (const mode of ["Ignore", "Warn", "Strict"])
      await t.post(
        `widgets?dryRun=All&fieldValidation=${mode}`,
        widget(t, { size: 1, sizze: 2, list: [{ a: 1, b: 2 }] }, { extra: 1 }),
        { show },
      );
    for (const mode of ["Warn", "Strict"])
      await t.post(
        `widgets?dryRun=All&fieldValidation=${mode}`,
        `{"apiVersion":"${t.ns}.example.com/v1","kind":"Widget","metadata":{"name":"w"},"spec":{"size":1,"size":2}}`,
        { show },
      );
    for (const mode of ["Warn", "Strict"])
      await t.post(
        `widgets?dryRun=All&fieldValidation=${mode}`,
        widget(t, {}, { metadata: { name: "w", labelz: {} } }),
        { show },
      );
  }),
  it("generation counts changes of the spec", async (t) => {
    await define(t, { schema: props({ size: int }), version: { subresources: { status: {} } } });
    await t.post("widgets", widget(t, { size: 1 }, { status: { a: 1 } }), {
      show: ({ metadata, status }) => [metadata.generation, status],
    });
    await t.patch(
      "merge",
      "widgets/w",
      { spec: { size: 2 }, status: { a: 2 } },
      { show: ({ metadata, status }) => [metadata.generation, status] },
    );
    await t.patch(
      "merge",
      "widgets/w/status",
      { spec: { size: 3 }, status: { a: 2 }, metadata: { labels: { x: "y" } } },
      { show: ({ metadata, spec, status }) => [metadata.generation, metadata.labels, spec, status] },
    );
    await t.patch(
      "merge",
      "widgets/w",
      { metadata: { labels: { x: "z" } } },
      { show: ({ metadata }) => metadata.generation },
    );
  }),
  it("without a status subresource all is one", async (t) => {
    await define(t, { schema: props({ size: int }) });
    await t.post("widgets", widget(t, { size: 1 }, { status: { a: 1 } }), {
      show: ({ metadata, status }) => [metadata.generation, status],
    });
    await t.patch(
      "merge",
      "widgets/w",
      { status: { a: 2 } },
      { show: ({ metadata, status }) => [metadata.generation, status] },
    );
    await t.get("widgets/w/status");
  }),
  it("a scale subresource", async (t) => {
    await define(t, {
      schema: props({ size: int, more: str }),
      version: {
        subresources: {
          status: {},
          scale: {
            specReplicasPath: ".spec.size",
            statusReplicasPath: ".status.count",
            labelSelectorPath: ".status.selector",
          },
        },
      },
    });
    await t.post("widgets", widget(t, { size: 2 }), { bare: true });
    await t.patch("merge", "widgets/w/status", { status: { count: 1, selector: "app=w" } }, { bare: true });
    await t.get("widgets/w/scale");
    await t.patch("merge", "widgets/w/scale", { spec: { replicas: 5 } }, { show });
    await t.put("widgets/w/scale", { metadata: { name: "w", namespace: t.ns }, spec: { replicas: 7 } }, { show });
    await t.patch("merge", "widgets/w/scale", { spec: { replicas: -1 } });
    await t.get("widgets/w", { show: ({ spec, metadata }) => [spec, metadata.generation] });
  }),
  it("a scale without replicas in the object", async (t) => {
    await define(t, {
      schema: props({ size: int }),
      version: { subresources: { scale: { specReplicasPath: ".spec.size", statusReplicasPath: ".status.count" } } },
    });
    await t.post("widgets", widget(t, {}), { bare: true });
    await t.get("widgets/w/scale");
  }),
  it("printer columns", async (t) => {
    await define(t, {
      schema: props({
        size: int,
        at: { ...str, format: "date-time" },
        list: { type: "array", items: str },
        on: { type: "boolean" },
        part: { type: "number" },
        deep: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
      }),
      version: {
        additionalPrinterColumns: [
          { name: "Size", type: "integer", jsonPath: ".spec.size", description: "how big" },
          { name: "On", type: "boolean", jsonPath: ".spec.on" },
          { name: "Part", type: "number", jsonPath: ".spec.part" },
          { name: "List", type: "string", jsonPath: ".spec.list" },
          { name: "All", type: "string", jsonPath: ".spec.list[*]" },
          { name: "Ready", type: "string", jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
          { name: "Wide", type: "string", jsonPath: ".spec.deep", priority: 1 },
          { name: "When", type: "date", jsonPath: ".spec.at" },
          { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
        ],
      },
    });
    await t.given(
      "widgets",
      widget(
        t,
        { size: 3, on: true, part: 0.5, list: ["a", "b"], deep: { x: 1 }, at: "2020-01-01T00:00:00Z" },
        { status: { conditions: [{ type: "Ready", status: "True" }] } },
      ),
    );
    await t.given("widgets", { ...widget(t, {}), metadata: { name: "z" } });
    await t.get("widgets", {
      headers: { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" },
      show: (table) => [
        table.columnDefinitions.map(({ name, type, format, priority }: Json) => [name, type, format, priority]),
        table.rows.map(({ cells }: Json) => cells.slice(0, 8)),
      ],
    });
  }),
  it("without printer columns: name and age", async (t) => {
    await define(t);
    await t.get("widgets", {
      headers: { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" },
      show: (table) =>
        table.columnDefinitions.map(({ name, type, format, priority }: Json) => [name, type, format, priority]),
    });
  }),
  it("selectable fields", async (t) => {
    await define(t, { schema: props({ colour: str }), version: { selectableFields: [{ jsonPath: ".spec.colour" }] } });
    for (const colour of ["red", "blue"])
      await t.given("widgets", { ...widget(t, { colour }), metadata: { name: colour } });
    await t.get("widgets?fieldSelector=spec.colour%3Dred", {
      show: ({ items }) => items.map(({ metadata }: Json) => metadata.name),
    });
    await t.get("widgets?fieldSelector=spec.size%3D1");
  }),
  it("two versions without a webhook: only the apiVersion changes", async (t) => {
    const one = definition(t.ns).spec.versions[0] as Json;
    await define(t, {
      spec: {
        versions: [
          { ...one, name: "v1" },
          { ...one, name: "v2", storage: false, deprecated: true, deprecationWarning: "use v1" },
        ],
      },
    });
    await t.given("widgets", widget(t, {}));
    await t.get(`/apis/${t.ns}.example.com/v2/namespaces/${t.ns}/widgets/w`, {
      show: ({ apiVersion, kind }) => [apiVersion, kind],
    });
    await t.post(
      `/apis/${t.ns}.example.com/v2/namespaces/${t.ns}/widgets`,
      { apiVersion: `${t.ns}.example.com/v2`, kind: "Widget", metadata: { name: "x" } },
      { show: ({ apiVersion }) => apiVersion },
    );
    await t.get("widgets/x", { show: ({ apiVersion }) => apiVersion });
  }),
  it("a version that is no longer served", async (t) => {
    const one = definition(t.ns).spec.versions[0] as Json;
    await define(t, {
      spec: {
        versions: [
          { ...one, name: "v1" },
          { ...one, name: "v2", storage: false, served: false },
        ],
      },
    });
    await t.get(`/apis/${t.ns}.example.com/v2/namespaces/${t.ns}/widgets`);
  }),
  it("a stored version cannot be taken away", async (t) => {
    const one = definition(t.ns).spec.versions[0] as Json;
    await define(t, {
      spec: {
        versions: [
          { ...one, name: "v1" },
          { ...one, name: "v2", storage: false },
        ],
      },
    });
    await t.patch("merge", `${path}/widgets.${t.ns}.example.com`, { spec: { versions: [{ ...one, name: "v2" }] } });
  }),
  it("scope and names cannot be changed, columns can", async (t) => {
    await define(t);
    const name = `${path}/widgets.${t.ns}.example.com`;
    await t.patch("merge", name, { spec: { scope: "Cluster" } });
    await t.patch("merge", name, { spec: { names: { kind: "Gizmo", listKind: "GizmoList" } } });
    await t.patch(
      "json",
      name,
      [
        {
          op: "add",
          path: "/spec/versions/0/additionalPrinterColumns",
          value: [{ name: "S", type: "string", jsonPath: ".spec.size" }],
        },
      ],
      { show: ({ metadata, spec }) => [metadata.generation, spec.versions[0].additionalPrinterColumns] },
    );
  }),
  it("pages", async (t) => {
    await define(t);
    for (const name of ["a", "b", "c"]) await t.given("widgets", widget(t, {}, { metadata: { name } }));
    const show = ({ items, metadata }: Json) => [
      items.map(({ metadata: { name } }: Json) => name),
      metadata.remainingItemCount,
    ];
    const { body } = await t.get("widgets?limit=2", { show });
    await t.get(`widgets?limit=2&continue=${encodeURIComponent(body.metadata.continue)}`, { show });
    await t.get("widgets?limit=2&continue=nonsense");
  }),
  it("an object that is invalid after its schema became stricter", async (t) => {
    await define(t, { schema: props({ a: int, b: int }) });
    await t.given("widgets", widget(t, { a: 9 }));
    await t.patch(
      "json",
      `${path}/widgets.${t.ns}.example.com`,
      [{ op: "add", path: "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/a/maximum", value: 5 }],
      { bare: true },
    );
    const stricter = { ...widget(t, { a: 9 }), metadata: { name: "other" } };
    await t.rehearse("widgets", stricter, ({ status }) => status === 422);
    await t.patch("merge", "widgets/w", { spec: { b: 1 } }, { show });
    await t.patch("merge", "widgets/w", { spec: { a: 8 } }, { show });
    await t.get("widgets/w", { show });
  }),

  objects(
    "rule: two fields",
    props(
      { min: int, max: int },
      { "x-kubernetes-validations": [{ rule: "self.min <= self.max", message: "min above max" }] },
    ),
    [{ min: 1, max: 2 }, { min: 3, max: 2 }, { min: 1 }],
  ),
  objects(
    "rule: presence",
    props(
      { a: int, b: int },
      { "x-kubernetes-validations": [{ rule: "has(self.a) != has(self.b)", message: "one of a and b" }] },
    ),
    [{}, { a: 1 }, { a: 1, b: 1 }],
  ),
  objects(
    "rule: a message of its own making",
    props(
      { s: { ...str, maxLength: 5 } },
      { "x-kubernetes-validations": [{ rule: "self.s != 'no'", messageExpression: "'s is ' + self.s" }] },
    ),
    [{ s: "yes" }, { s: "no" }],
  ),
  objects("rule: no message", props({ n: int }, { "x-kubernetes-validations": [{ rule: "self.n < 5" }] }), [{ n: 6 }]),
  objects(
    "rule: a reason and a path",
    props(
      { n: int },
      {
        "x-kubernetes-validations": [
          { rule: "self.n < 5", message: "too big", reason: "FieldValueForbidden", fieldPath: ".n" },
        ],
      },
    ),
    [{ n: 6 }],
  ),
  ...["FieldValueInvalid", "FieldValueRequired", "FieldValueDuplicate"].map((reason) =>
    objects(
      `rule: reason ${reason}`,
      props({ n: int }, { "x-kubernetes-validations": [{ rule: "self.n < 5", message: "m", reason }] }),
      [{ n: 6 }],
    ),
  ),
  objects(
    "rule: on a list and its items",
    props({
      l: {
        type: "array",
        maxItems: 5,
        items: { ...int, "x-kubernetes-validations": [{ rule: "self > 0", message: "positive" }] },
        "x-kubernetes-validations": [
          { rule: "self.all(x, x < 10)", message: "below ten" },
          { rule: "self.exists_one(x, x == 1)" },
        ],
      },
    }),
    [{ l: [1, 2] }, { l: [0, 11] }],
  ),
  objects(
    "rule: on a map",
    props({
      m: {
        type: "object",
        maxProperties: 5,
        additionalProperties: { ...str, maxLength: 5 },
        "x-kubernetes-validations": [
          { rule: "self.all(k, k.startsWith('a') && self[k] != '')", message: "keys begin with a" },
        ],
      },
    }),
    [{ m: { ab: "x" } }, { m: { b: "x" } }],
  ),
  objects(
    "rule: text functions",
    props({
      s: {
        ...str,
        maxLength: 50,
        "x-kubernetes-validations": [
          { rule: "self.matches('^[a-z]+$')" },
          { rule: "self.lowerAscii() == self" },
          { rule: "self.split('x').size() < 3" },
          { rule: "self.indexOf('q') == -1" },
          { rule: "self.replace('a', 'b').contains('b')" },
        ],
      },
    }),
    [{ s: "ab" }, { s: "AxBxC" }, { s: "q" }],
  ),
  objects(
    "rule: quantities, durations, times, addresses",
    props(
      {
        q: { ...str, maxLength: 9 },
        d: { ...str, maxLength: 9 },
        t: { ...str, format: "date-time" },
        i: { ...str, maxLength: 20 },
        c: { ...str, maxLength: 20 },
      },
      {
        "x-kubernetes-validations": [
          { rule: "!has(self.q) || quantity(self.q).isLessThan(quantity('2Gi'))" },
          { rule: "!has(self.d) || duration(self.d) < duration('1h')" },
          { rule: "!has(self.t) || self.t > timestamp('2020-01-01T00:00:00Z')" },
          { rule: "!has(self.i) || ip(self.i).family() == 4" },
          { rule: "!has(self.c) || cidr(self.c).containsIP('10.1.1.1')" },
        ],
      },
    ),
    [
      { q: "1Gi", d: "5m", t: "2024-01-01T00:00:00Z", i: "1.2.3.4", c: "10.0.0.0/8" },
      { q: "3Gi" },
      { d: "2h" },
      { t: "2019-01-01T00:00:00Z" },
      { i: "::1" },
      { c: "11.0.0.0/8" },
      { q: "lots" },
      { d: "x" },
    ],
  ),
  objects(
    "rule: an error while it runs",
    props(
      { l: { type: "array", items: int, maxItems: 9 } },
      { "x-kubernetes-validations": [{ rule: "self.l[0] > 0" }] },
    ),
    [{ l: [] }, { l: [1] }, {}],
  ),
  objects("rule: division by zero", props({ n: int }, { "x-kubernetes-validations": [{ rule: "10 / self.n > 1" }] }), [
    { n: 0 },
    { n: 2 },
  ]),
  objects("rule: metadata of the root", {}, [{ a: 1 }], {
    version: {
      schema: {
        openAPIV3Schema: {
          type: "object",
          "x-kubernetes-validations": [{ rule: "self.metadata.name.startsWith('x')", message: "names begin with x" }],
          properties: { spec: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
        },
      },
    },
  }),
  changes(
    "rule: a transition",
    props({ n: { ...int, "x-kubernetes-validations": [{ rule: "self >= oldSelf", message: "n only grows" }] } }),
    { n: 3 },
    [{ n: 4 }, { n: 2 }],
  ),
  changes(
    "rule: immutable once set",
    props(
      { n: { ...str, maxLength: 9 } },
      {
        "x-kubernetes-validations": [
          { rule: "!has(oldSelf.n) || has(self.n)", message: "n stays" },
          { rule: "!has(oldSelf.n) || self.n == oldSelf.n", message: "n is fixed" },
        ],
      },
    ),
    { n: "a" },
    [{ n: "b" }, { n: null }, { n: "a" }],
  ),
  changes(
    "rule: an optional old value",
    props({
      n: {
        ...int,
        "x-kubernetes-validations": [
          { rule: "oldSelf.hasValue() || self < 5", optionalOldSelf: true, message: "begins below five" },
        ],
      },
    }),
    { n: 3 },
    [{ n: 9 }],
  ),
  changes(
    "rule: a transition in a list map",
    props({
      m: {
        type: "array",
        maxItems: 5,
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["k"],
        items: {
          type: "object",
          required: ["k"],
          properties: {
            k: { ...str, maxLength: 9 },
            v: { ...int, "x-kubernetes-validations": [{ rule: "self >= oldSelf" }] },
          },
        },
      },
    }),
    {
      m: [
        { k: "a", v: 3 },
        { k: "b", v: 3 },
      ],
    },
    [
      {
        m: [
          { k: "b", v: 4 },
          { k: "a", v: 2 },
        ],
      },
      { m: [{ k: "c", v: 1 }] },
    ],
  ),
  changes(
    "rule: only what changes is looked at",
    props({ a: { ...int, "x-kubernetes-validations": [{ rule: "self < 5" }] }, b: int }),
    { a: 3, b: 1 },
    [{ b: 2 }, { a: 7 }],
  ),
  it("a rule that a status breaks", async (t) => {
    await define(t, {
      version: {
        subresources: { status: {} },
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: {
              spec: { type: "object" },
              status: {
                type: "object",
                properties: {
                  n: { ...int, "x-kubernetes-validations": [{ rule: "self < 5", message: "below five" }] },
                },
              },
            },
          },
        },
      },
    });
    await t.given("widgets", widget(t, {}));
    await t.patch("merge", "widgets/w/status", { status: { n: 7 } }, { show });
    await t.patch("merge", "widgets/w/status", { status: { n: 4 } }, { show });
  }),

  refused("a rule that does not parse", ofSchema({ "x-kubernetes-validations": [{ rule: "self.a <" }] })),
  refused(
    "a rule about a field that is not there",
    ofSchema(props({ a: int }, { "x-kubernetes-validations": [{ rule: "self.b > 1" }] })),
  ),
  refused(
    "a rule that is no boolean",
    ofSchema(props({ a: int }, { "x-kubernetes-validations": [{ rule: "self.a + 1" }] })),
  ),
  refused(
    "a rule that compares what cannot be",
    ofSchema(props({ a: int }, { "x-kubernetes-validations": [{ rule: "self.a == 'x'" }] })),
  ),
  refused("an empty rule", ofSchema({ "x-kubernetes-validations": [{ rule: "" }] })),
  refused("a message with a line break", ofSchema({ "x-kubernetes-validations": [{ rule: "true", message: "a\nb" }] })),
  refused(
    "a rule with a field path that is none",
    ofSchema(props({ a: int }, { "x-kubernetes-validations": [{ rule: "true", fieldPath: ".b" }] })),
  ),
  refused("no schema", (ns) => definition(ns, { version: { schema: undefined } })),
  refused("a schema without a type", (ns) => definition(ns, { version: { schema: { openAPIV3Schema: {} } } })),
  refused("a property without a type", ofSchema(props({ a: {} }))),
  refused("items that are missing", ofSchema(props({ a: { type: "array" } }))),
  refused("a type within allOf", ofSchema(props({ a: { type: "integer", allOf: [{ type: "integer" }] } }))),
  refused("properties and other properties", ofSchema({ properties: { a: int }, additionalProperties: int })),
  refused("no other properties at all", ofSchema(props({ a: int }, { additionalProperties: false }))),
  refused("uniqueItems", ofSchema(props({ a: { type: "array", items: int, uniqueItems: true } }))),
  refused("a default that does not fit", ofSchema(props({ a: { ...int, default: "x" } }))),
  refused("a default that is pruned", ofSchema(props({ a: { type: "object", default: { b: 1 } } }))),
  refused(
    "a list map without keys",
    ofSchema(props({ a: { type: "array", "x-kubernetes-list-type": "map", items: { type: "object" } } })),
  ),
  refused(
    "a list map whose keys may be missing",
    ofSchema(
      props({
        a: {
          type: "array",
          "x-kubernetes-list-type": "map",
          "x-kubernetes-list-map-keys": ["k"],
          items: { type: "object", properties: { k: str } },
        },
      }),
    ),
  ),
  refused("a reference", ofSchema(props({ a: { $ref: "#/x" } }))),
  refused("a pattern that is none", ofSchema(props({ a: { ...str, pattern: "(" } }))),
  refused("two storage versions", (ns) => {
    const one = definition(ns);
    return definition(ns, {
      spec: { versions: [one.spec.versions[0], { ...(one.spec.versions[0] as object), name: "v2" }] },
    });
  }),
  refused("no storage version", (ns) => definition(ns, { version: { storage: false } })),
  refused("a name that is not plural and group", (ns) => ({
    ...definition(ns),
    metadata: { name: `other.${ns}.example.com` },
  })),
  refused("a scope that there is not", (ns) => definition(ns, { spec: { scope: "Galaxy" } })),
  refused("a plural in capitals", (ns) => definition(ns, { spec: { names: { plural: "Widgets", kind: "Widget" } } })),
  refused("a group of one word", (ns) => ({
    ...definition(ns),
    metadata: { name: "widgets.word" },
    spec: { ...definition(ns).spec, group: "word" },
  })),
  refused("a group of Kubernetes without approval", (ns) => ({
    ...definition(ns),
    metadata: { name: `widgets.${ns}.k8s.io` },
    spec: { ...definition(ns).spec, group: `${ns}.k8s.io` },
  })),
  refused("a column of a type that there is not", (ns) =>
    definition(ns, { version: { additionalPrinterColumns: [{ name: "A", type: "text", jsonPath: ".a" }] } }),
  ),
  refused("a scale path outside of the spec", (ns) =>
    definition(ns, {
      version: { subresources: { scale: { specReplicasPath: ".size", statusReplicasPath: ".status.n" } } },
    }),
  ),
  refused("conversion by a webhook without one", (ns) =>
    definition(ns, { spec: { conversion: { strategy: "Webhook" } } }),
  ),
  refused("preserveUnknownFields", (ns) => definition(ns, { spec: { preserveUnknownFields: true } })),
]);
