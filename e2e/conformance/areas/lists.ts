import { area, it } from "../harness/case.ts";
import type { Conversation, Json } from "../harness/conversation.ts";

const names = (list: Json) => list.items?.map((one: Json) => one.metadata.name) ?? list;
const page = (list: Json) => ({
  names: names(list),
  remaining: list.metadata?.remainingItemCount,
  more: Boolean(list.metadata?.continue),
});
const seven = async (t: Conversation) => {
  for (const name of ["a", "b", "c", "d", "e", "f", "g"])
    await t.given("configmaps", { metadata: { name, labels: { n: name, all: "yes" } } });
};
const pods = async (t: Conversation) => {
  const spec = { containers: [{ name: "c", image: "i" }] };
  await t.given("pods", { metadata: { name: "a", labels: { app: "x", tier: "1" } }, spec });
  await t.given("pods", {
    metadata: { name: "b", labels: { app: "y" } },
    spec: { ...spec, nodeName: "far", restartPolicy: "Never" },
  });
  await t.given("pods", { metadata: { name: "c", labels: { tier: "2" } }, spec: { ...spec, schedulerName: "other" } });
};
const select = (query: string) => (t: Conversation) =>
  pods(t).then(() => t.get(`pods?${query}`, { show: (list) => (list.kind === "Status" ? list : names(list)) }));

/** Lists, pages and selectors. */
export const lists = area("lists", [
  it("a list comes in the order of names", async (t) => {
    for (const name of ["c", "a", "b"]) await t.given("configmaps", { metadata: { name, labels: { x: "y" } } });
    await t.get("configmaps?labelSelector=x", {
      show: (list) => ({
        kind: list.kind,
        apiVersion: list.apiVersion,
        names: names(list),
        item: Object.keys(list.items[0]),
      }),
    });
  }),
  it("an empty list has no continue token", (t) => t.get("secrets")),
  it("pages of three", async (t) => {
    await seven(t);
    let next = "";
    for (let at = 0; at < 3; at++) {
      const { body } = await t.get(`configmaps?labelSelector=all&limit=3${next}`, { show: page });
      next = `&continue=${encodeURIComponent(body.metadata.continue ?? "")}`;
    }
  }),
  it("pages without a selector say how many are left", async (t) => {
    await seven(t);
    const { body } = await t.get("configmaps?limit=4", { show: page });
    await t.get(`configmaps?limit=4&continue=${encodeURIComponent(body.metadata.continue)}`, { show: page });
  }),
  it("a page as large as the list has no next", async (t) => {
    await seven(t);
    await t.get("configmaps?limit=8", { show: page });
  }),
  it("the next page shows what was there when the first was read", async (t) => {
    await seven(t);
    const { body } = await t.get("configmaps?labelSelector=all&limit=5", { show: page });
    await t.del("configmaps/g", undefined, { bare: true });
    await t.given("configmaps", { metadata: { name: "f2", labels: { all: "yes" } } });
    await t.get(`configmaps?labelSelector=all&limit=5&continue=${encodeURIComponent(body.metadata.continue)}`, {
      show: page,
    });
  }),
  it("what is made after the first page is on none", async (t) => {
    await seven(t);
    const { body } = await t.get("configmaps?labelSelector=all&limit=3", { show: page });
    await t.given("configmaps", { metadata: { name: "dd", labels: { all: "yes" } } });
    await t.patch("merge", "configmaps/e", { data: { late: "yes" } }, { bare: true });
    await t.get(`configmaps?labelSelector=all&limit=9&continue=${encodeURIComponent(body.metadata.continue)}`, {
      show: (list) => [page(list), list.items.map(({ data }: Json) => data ?? null)],
    });
  }),
  it("every page of a list is of one resourceVersion", async (t) => {
    await seven(t);
    const first = (await t.get("configmaps?labelSelector=all&limit=3", { show: page })).body.metadata;
    await t.given("configmaps", { metadata: { name: "z", labels: { all: "yes" } } });
    const query = `configmaps?labelSelector=all&limit=3&continue=${encodeURIComponent(first.continue)}`;
    const second = (await t.get(query, { show: page })).body.metadata;
    t.note("the same", first.resourceVersion === second.resourceVersion);
  }),
  it("a page for another selector goes on from where the first stopped", async (t) => {
    await seven(t);
    const { body } = await t.get("configmaps?labelSelector=all&limit=2", { show: page });
    const next = encodeURIComponent(body.metadata.continue);
    await t.get(`configmaps?labelSelector=n%3Df&limit=2&continue=${next}`, { show: page });
    await t.get(`configmaps?limit=1&continue=${next}`, { show: page });
    await t.get(`configmaps?continue=${next}`, {
      show: ({ metadata, items }) => [metadata.remainingItemCount, items.length],
    });
  }),
  it("a token of one resource for another", async (t) => {
    await seven(t);
    await t.given("secrets", { metadata: { name: "e" } });
    const { body } = await t.get("configmaps?labelSelector=all&limit=2", { show: page });
    await t.get(`secrets?limit=2&continue=${encodeURIComponent(body.metadata.continue)}`, { show: page });
  }),
  it("pages of a table, as kubectl reads them", async (t) => {
    await seven(t);
    const accept = "application/json;as=Table;v=v1;g=meta.k8s.io";
    const show = ({ rows, metadata }: Json) => [rows.map(({ cells }: Json) => cells[0]), metadata.remainingItemCount];
    const { body } = await t.get("configmaps?limit=5", { headers: { accept }, show });
    await t.get(`configmaps?limit=5&continue=${encodeURIComponent(body.metadata.continue)}`, {
      headers: { accept },
      show,
    });
  }),
  it("pages of metadata", async (t) => {
    await seven(t);
    const accept = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io";
    const { body } = await t.get("configmaps?limit=5", { headers: { accept }, show: page });
    await t.get(`configmaps?limit=5&continue=${encodeURIComponent(body.metadata.continue)}`, {
      headers: { accept },
      show: page,
    });
  }),
  it("pages over all namespaces", async (t) => {
    for (const name of ["a", "b", "c", "d", "e"])
      await t.given("configmaps", { metadata: { name, labels: { own: t.ns } } });
    const query = `/api/v1/configmaps?limit=4&labelSelector=own%3D${t.ns}`;
    const { body } = await t.get(query, { show: page });
    await t.get(`${query}&continue=${encodeURIComponent(body.metadata.continue)}`, { show: page });
  }),
  it("pages of a resourceVersion", async (t) => {
    await seven(t);
    const { body } = await t.given("configmaps", { metadata: { name: "last" } });
    const known = `resourceVersion=${body.metadata.resourceVersion}`;
    await t.get("configmaps?limit=2&labelSelector=all&resourceVersion=0&resourceVersionMatch=Exact");
    await t.get(`configmaps?limit=2&labelSelector=all&${known}&resourceVersionMatch=Exact`, { show: page });
    await t.get(`configmaps?limit=2&labelSelector=all&${known}&resourceVersionMatch=NotOlderThan`, { show: page });
    await t.get(`configmaps?limit=2&labelSelector=all&${known}`, { show: page });
  }),
  it("a continue token that is none", (t) => t.get("configmaps?limit=2&continue=nonsense")),
  it("a continue token of another version", (t) =>
    t.get(`configmaps?limit=2&continue=${Buffer.from('{"v":"v0","rv":1,"start":"a"}').toString("base64url")}`)),
  it("a continue token that leads out of the namespace", (t) =>
    t.get(
      `configmaps?limit=2&continue=${Buffer.from('{"v":"meta.k8s.io/v1","rv":5,"start":"../../x"}').toString("base64url")}`,
    )),
  it("continue and resourceVersion together", (t) =>
    t.get(
      `configmaps?resourceVersion=5&continue=${Buffer.from('{"v":"meta.k8s.io/v1","rv":5,"start":"a"}').toString("base64url")}`,
    )),
  it("a limit that is no number", (t) => t.get("configmaps?limit=few")),
  it("a negative limit", (t) =>
    t.get("configmaps?limit=-1", { show: (body) => (body.kind === "Status" ? body : body.kind) })),
  it("a resourceVersion that is no number", (t) => t.get("configmaps?resourceVersion=soon")),
  it("a resourceVersion that is not reached yet", (t) =>
    t.get("configmaps?resourceVersion=999999999&timeoutSeconds=1", {
      show: ({ code, reason, message, details }) => ({
        code,
        reason,
        message: message?.replace(/current: \d+/, "current: N"),
        causes: details?.causes,
        retry: details?.retryAfterSeconds,
      }),
    })),
  it("resourceVersionMatch without a resourceVersion", (t) => t.get("configmaps?resourceVersionMatch=Exact")),
  it("resourceVersionMatch of an unknown value", (t) =>
    t.get("configmaps?resourceVersion=5&resourceVersionMatch=Near")),
  it("resourceVersionMatch Exact at zero", (t) => t.get("configmaps?resourceVersion=0&resourceVersionMatch=Exact")),
  it("resourceVersionMatch on a continued list", (t) =>
    t.get(
      `configmaps?resourceVersion=0&resourceVersionMatch=NotOlderThan&continue=${Buffer.from('{"v":"meta.k8s.io/v1","rv":5,"start":"a"}').toString("base64url")}`,
    )),
  it("resourceVersionMatch NotOlderThan", async (t) => {
    const { body } = await t.given("configmaps", { metadata: { name: "a", labels: { x: "y" } } });
    await t.get(
      `configmaps?labelSelector=x&resourceVersion=${body.metadata.resourceVersion}&resourceVersionMatch=NotOlderThan`,
      { show: names },
    );
  }),
  it("an object at resourceVersion zero", async (t) => {
    await t.given("configmaps", { metadata: { name: "a" } });
    // Of a cache, which may not have it yet.
    await t.until(
      "configmaps/a?resourceVersion=0",
      (_, status) => status === 200,
      (body) => body.metadata.name,
    );
  }),
  it("label selector: equality", select("labelSelector=app%3Dx")),
  it("label selector: double equality", select("labelSelector=app%3D%3Dx")),
  it("label selector: inequality includes objects without the label", select("labelSelector=app!%3Dx")),
  it("label selector: a set", select(`labelSelector=${encodeURIComponent("app in (x, y)")}`)),
  it("label selector: not in a set", select(`labelSelector=${encodeURIComponent("app notin (x)")}`)),
  it("label selector: existence", select("labelSelector=tier")),
  it("label selector: absence", select("labelSelector=!tier")),
  it("label selector: greater than", select(`labelSelector=${encodeURIComponent("tier>1")}`)),
  it("label selector: less than a text", select(`labelSelector=${encodeURIComponent("tier<two")}`)),
  it("label selector: several", select(`labelSelector=${encodeURIComponent("app,tier=1")}`)),
  it("label selector: a sign too many", select(`labelSelector=${encodeURIComponent("app===x")}`)),
  it("label selector: an open parenthesis", select(`labelSelector=${encodeURIComponent("app in (x")}`)),
  it("label selector: a value of a wrong form", select(`labelSelector=${encodeURIComponent("app=a b")}`)),
  it("label selector: an empty set", select(`labelSelector=${encodeURIComponent("app in ()")}`)),
  it("field selector: a name", select("fieldSelector=metadata.name%3Db")),
  it("field selector: a pod's node", select("fieldSelector=spec.nodeName%3Dfar")),
  it("field selector: pods without a node", select("fieldSelector=spec.nodeName%3D")),
  it("field selector: inequality", select("fieldSelector=metadata.name!%3Db")),
  it("field selector: a pod's phase", select("fieldSelector=status.phase%3DPending")),
  it("field selector: a restart policy", select("fieldSelector=spec.restartPolicy%3DNever")),
  it("field selector: a scheduler", select("fieldSelector=spec.schedulerName%3Dother")),
  it("field selector: a service account", select("fieldSelector=spec.serviceAccountName%3Ddefault")),
  it("field selector: several", select("fieldSelector=spec.nodeName%3Dfar%2Cstatus.phase%3DPending")),
  it("field selector: a field that cannot be asked for", select("fieldSelector=spec.containers%3Dx")),
  it("field selector: no operator", select("fieldSelector=metadata.name")),
  it("field selector: of a ConfigMap only names", async (t) => {
    await t.get("configmaps?fieldSelector=data.a%3Db");
  }),
  it("field selector: a Secret's type", async (t) => {
    await t.given("secrets", { metadata: { name: "a" }, type: "example.com/mine" });
    await t.given("secrets", { metadata: { name: "b" } });
    await t.get("secrets?fieldSelector=type%3Dexample.com/mine", { show: names });
  }),
  it("field selector: a Namespace's phase", (t) =>
    t.get(`namespaces?fieldSelector=status.phase%3DActive%2Cmetadata.name%3D${t.ns}`, { show: names })),
  it("field selector: a Job's completions", async (t) => {
    const template = { spec: { restartPolicy: "Never", containers: [{ name: "c", image: "i" }] } };
    await t.given("jobs", { metadata: { name: "a" }, spec: { suspend: true, template } });
    await t.get("jobs?fieldSelector=status.successful%3D0", { show: names });
  }),
  it("field selector: the object of an Event", async (t) => {
    for (const name of ["x", "y"])
      await t.given("events", {
        metadata: { name: `e-${name}` },
        involvedObject: { kind: "Pod", name, namespace: t.ns },
        reason: "R",
        type: "Normal",
      });
    await t.get("events?fieldSelector=involvedObject.name%3Dx%2Creason%3DR", { show: names });
  }),
  it("metadata only", async (t) => {
    await t.given("configmaps", { metadata: { name: "a", labels: { x: "y" } }, data: { big: "data" } });
    await t.get("configmaps/a", {
      headers: { accept: "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io" },
    });
    await t.get("configmaps?labelSelector=x", {
      headers: { accept: "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io" },
    });
  }),
  it("a table of several rows with their objects' metadata", async (t) => {
    await pods(t);
    await t.get("pods", {
      headers: { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" },
      show: (list) => ({
        columns: list.columnDefinitions.map((one: Json) => [one.name, one.type, one.format, one.priority]),
        rows: list.rows.map((row: Json) => [
          row.cells.slice(0, 4),
          row.object.kind,
          row.object.apiVersion,
          row.object.metadata.name,
        ]),
      }),
    });
  }),
  it("a table with whole objects", async (t) => {
    await t.given("configmaps", { metadata: { name: "a" }, data: { x: "1" } });
    await t.get("configmaps/a?includeObject=Object", {
      headers: { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" },
      show: (list) => list.rows.map((row: Json) => [row.object.kind, row.object.data]),
    });
  }),
  it("includeObject of an unknown value", (t) =>
    t.get("configmaps?includeObject=Some", { headers: { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" } })),
  it(
    "descriptions of columns",
    async (t) => {
      const { body } = await t.ask("GET", "configmaps", undefined, {
        headers: { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" },
        show: (list) => list.columnDefinitions.map((one: Json) => one.name),
      });
      t.note(
        "described",
        body.columnDefinitions.every((one: Json) => one.description !== ""),
      );
    },
    { differs: "columns have no description: nothing shows it" },
  ),
]);
