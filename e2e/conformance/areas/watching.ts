import { area, it } from "../harness/case.ts";
import type { Json } from "../harness/conversation.ts";

const brief = (object: Json) =>
  object.kind === "Status" ? object : { name: object.metadata?.name, data: object.data };
const version = async (t: { peek: (path: string) => Promise<Json> }) =>
  (await t.peek("configmaps")).metadata.resourceVersion;

/** The order of events, where a watch begins, and how it ends. */
export const watching = area("watching", [
  it("from the beginning: what is there comes as added, then what happens", async (t) => {
    await t.given("configmaps", { metadata: { name: "a", labels: { w: "1" } } });
    const watch = await t.watch("configmaps?labelSelector=w", brief);
    await watch.events(1);
    await t.given("configmaps", { metadata: { name: "b", labels: { w: "1" } }, data: { x: "1" } });
    await t.patch("merge", "configmaps/b", { data: { x: "2" } }, { bare: true });
    await t.del("configmaps/b", undefined, { bare: true });
    await watch.events(4);
  }),
  it("from a resourceVersion: only what came after", async (t) => {
    const { body } = await t.given("configmaps", { metadata: { name: "a" } });
    await t.given("configmaps", { metadata: { name: "b" } });
    const watch = await t.watch(
      `configmaps?resourceVersion=${body.metadata.resourceVersion}`.replace(/\d+$/, body.metadata.resourceVersion),
      brief,
    );
    const open = await watch.events(1);
    t.note("first", open[0]?.object?.name);
  }),
  it("a label that goes away is a deletion to a watch that selects by it", async (t) => {
    const { body } = await t.given("configmaps", { metadata: { name: "a", labels: { w: "1" } } });
    const watch = await t.watch(
      `configmaps?labelSelector=w%3D1&resourceVersion=${body.metadata.resourceVersion}`,
      brief,
    );
    await t.patch("merge", "configmaps/a", { metadata: { labels: { w: "2" } } }, { bare: true });
    await t.patch("merge", "configmaps/a", { metadata: { labels: { w: "1" } } }, { bare: true });
    await watch.events(2);
  }),
  it("a deletion shows the object as it was last, with a newer resourceVersion", async (t) => {
    const { body } = await t.given("configmaps", { metadata: { name: "a" }, data: { x: "1" } });
    const watch = await t.watch(`configmaps?resourceVersion=${body.metadata.resourceVersion}`, (object) => [
      brief(object),
      Number(object.metadata.resourceVersion) > Number(body.metadata.resourceVersion),
    ]);
    await t.del("configmaps/a", undefined, { bare: true });
    await watch.events(1);
  }),
  it("one object by name", async (t) => {
    await t.given("configmaps", { metadata: { name: "a" } });
    const watch = await t.watch("configmaps?fieldSelector=metadata.name%3Da", brief);
    await t.given("configmaps", { metadata: { name: "other" } });
    await t.patch("merge", "configmaps/a", { data: { x: "1" } }, { bare: true });
    await watch.events(2);
  }),
  it("an update that changes nothing is no event", async (t) => {
    await t.given("configmaps", { metadata: { name: "a", labels: { w: "1" } }, data: { x: "1" } });
    const watch = await t.watch("configmaps?labelSelector=w", brief);
    await t.patch("merge", "configmaps/a", { data: { x: "1" } }, { bare: true });
    await t.patch("merge", "configmaps/a", { data: { x: "2" } }, { bare: true });
    await watch.events(2);
  }),
  it(
    "initial events end with a bookmark that says so",
    async (t) => {
      await t.given("configmaps", { metadata: { name: "a", labels: { w: "1" } } });
      const watch = await t.watch(
        "configmaps?labelSelector=w&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true",
        (object) => object,
      );
      await watch.events(2);
    },
    { needsProgress: true },
  ),
  it("initial events need resourceVersionMatch", async (t) => {
    await t.get("configmaps?watch=true&sendInitialEvents=true");
    await t.get("configmaps?watch=true&sendInitialEvents=true&resourceVersionMatch=Exact");
  }),
  it("sendInitialEvents is for watches only", (t) => t.get("configmaps?sendInitialEvents=true")),
  it("resourceVersionMatch is for initial events only in a watch", (t) =>
    t.get("configmaps?watch=true&resourceVersion=5&resourceVersionMatch=NotOlderThan")),
  it("a watch that begins at a resourceVersion that is none", (t) =>
    t.get("configmaps?watch=true&resourceVersion=soon")),
  it("a watch that ends by its own time limit", async (t) => {
    const watch = await t.watch("configmaps?timeoutSeconds=1&labelSelector=none", brief);
    await watch.end();
  }),
  it("a watch's bookmark at the end of its time", async (t) => {
    await t.given("configmaps", { metadata: { name: "a" } });
    const watch = await t.watch(
      `configmaps?timeoutSeconds=3&allowWatchBookmarks=true&resourceVersion=${await version(t)}`,
      (object) => ({ kind: object.kind, apiVersion: object.apiVersion, keys: Object.keys(object.metadata ?? {}) }),
    );
    const events = await watch.end();
    // One or two, as it happens.
    t.entries.pop();
    t.note("bookmarks only", events.length > 0 && events.every(({ type }: Json) => type === "BOOKMARK"));
    t.note("the last", events.at(-1));
  }),
  it("events as rows of a table: columns only in the first", async (t) => {
    const watch = await t.watch(
      "configmaps?labelSelector=w",
      (object) => ({
        kind: object.kind,
        columns: object.columnDefinitions?.length ?? 0,
        cells: object.rows?.map((row: Json) => row.cells.slice(0, 2)),
      }),
      { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" },
    );
    await t.given("configmaps", { metadata: { name: "a", labels: { w: "1" } } });
    await t.given("configmaps", { metadata: { name: "b", labels: { w: "1" } } });
    await watch.events(2);
  }),
  it("events with metadata only", async (t) => {
    const watch = await t.watch(
      "configmaps?labelSelector=w",
      (object) => ({ kind: object.kind, apiVersion: object.apiVersion, data: object.data }),
      { accept: "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io" },
    );
    await t.given("configmaps", { metadata: { name: "a", labels: { w: "1" } }, data: { x: "1" } });
    await watch.events(1);
  }),
  it("the old path of watches", async (t) => {
    const { body } = await t.given("configmaps", { metadata: { name: "a" } });
    const watch = await t.watch(
      `/api/v1/watch/namespaces/${t.ns}/configmaps/a?resourceVersion=${body.metadata.resourceVersion}`,
      brief,
    );
    await t.patch("merge", "configmaps/a", { data: { x: "1" } }, { bare: true });
    await watch.events(1);
  }),
  it("a finalizer makes a deletion a change first", async (t) => {
    const { body } = await t.given("configmaps", { metadata: { name: "a", finalizers: ["example.com/hold"] } });
    const watch = await t.watch(`configmaps?resourceVersion=${body.metadata.resourceVersion}`, (object) => [
      object.metadata.name,
      Boolean(object.metadata.deletionTimestamp),
      object.metadata.finalizers,
    ]);
    await t.del("configmaps/a", undefined, { bare: true });
    await t.patch("merge", "configmaps/a", { metadata: { finalizers: null } }, { bare: true });
    await watch.events(2);
  }),
  it("status and spec are changes of one object", async (t) => {
    const { body } = await t.given("pods", {
      metadata: { name: "a" },
      spec: { nodeName: "far", containers: [{ name: "c", image: "i" }] },
    });
    const watch = await t.watch(`pods?resourceVersion=${body.metadata.resourceVersion}`, (object) => [
      object.metadata.labels,
      object.status.phase,
      object.metadata.generation,
    ]);
    await t.patch("merge", "pods/a/status", { status: { phase: "Running" } }, { bare: true });
    await t.patch("merge", "pods/a", { metadata: { labels: { x: "y" } } }, { bare: true });
    await watch.events(2);
  }),
  it("a collection that is deleted is a deletion each, by name", async (t) => {
    for (const name of ["b", "a", "c"]) await t.given("configmaps", { metadata: { name, labels: { w: "1" } } });
    const watch = await t.watch(`configmaps?labelSelector=w&resourceVersion=${await version(t)}`, brief);
    await t.del("configmaps?labelSelector=w", undefined, { bare: true });
    await watch.events(3);
  }),
  it("a watch of a resource that cannot be watched", (t) => t.get("/api/v1/componentstatuses?watch=true"), {
    clusterOnly: true,
  }),
  it("a label selector of a wrong form in a watch", (t) => t.get("configmaps?watch=true&labelSelector=a%20b%20c")),
  it(
    "a resourceVersion in the future is an error event",
    async (t) => {
      const watch = await t.watch("configmaps?resourceVersion=99999999999&timeoutSeconds=1", (object) => ({
        ...object,
        message: object.message?.replace(/current: \d+/, "current: N"),
      }));
      await watch.events(1, 20_000);
    },
    { differs: "who knows more than the server, after a crash, is told so at once; Kubernetes waits" },
  ),
]);
