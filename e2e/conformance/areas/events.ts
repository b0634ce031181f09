import { area, it } from "../harness/case.ts";
import type { Conversation, Json } from "../harness/conversation.ts";
import { idle } from "./idle-pods.ts";

const newGroup = (t: Conversation) => `/apis/events.k8s.io/v1/namespaces/${t.ns}/events`;
const core = (t: Conversation, name: string, more: object = {}) => ({
  metadata: { name },
  involvedObject: { kind: "Pod", name: "p", namespace: t.ns },
  reason: "R",
  message: "m",
  type: "Normal",
  ...more,
});
const event = (t: Conversation, name: string, more: object = {}) => ({
  metadata: { name },
  eventTime: "2026-01-01T00:00:00.000000Z",
  reportingController: "example.com/c",
  reportingInstance: "i",
  action: "Act",
  reason: "R",
  type: "Normal",
  regarding: { kind: "Pod", name: "p", namespace: t.ns },
  note: "n",
  ...more,
});
const asTable = { headers: { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" } };
const names = (list: Json) => list.items?.map(({ metadata }: Json) => metadata.name) ?? list;
const selected = (query: string) =>
  it(`chosen by ${query}`, async (t) => {
    await t.given("events", core(t, "a", { source: { component: "one", host: "h" }, type: "Warning" }));
    await t.given("events", core(t, "b", { reason: "Other", reportingComponent: "two" }));
    await t.given("events", core(t, "c", { involvedObject: { kind: "Node", name: "n", namespace: t.ns, uid: "u" } }));
    await t.get(`events?fieldSelector=${encodeURIComponent(query)}`, { show: names });
    await t.get(`${newGroup(t)}?fieldSelector=${encodeURIComponent(query)}`, { show: names });
  });
const refused = (what: string, more: object) =>
  it(`refused by the new group: ${what}`, (t) => t.post(newGroup(t), event(t, "e", more)));
/** Waits for Events of these reasons, as many of each as it is named times. */
const told = (t: Conversation, ...reasons: string[]) => {
  const named = (all: readonly string[], wanted: string) => all.filter((reason) => reason === wanted).length;
  return t.until(
    "events",
    ({ items }) => {
      const there = items.map(({ reason }: Json) => reason);
      return reasons.every((reason) => named(there, reason) >= named(reasons, reason));
    },
    ({ items }) =>
      items
        .filter(({ reason }: Json) => reasons.includes(reason))
        .map(({ type, reason, message, source, reportingComponent, involvedObject }: Json) => [
          ...[type, reason, source.component, reportingComponent, involvedObject.kind, involvedObject.apiVersion],
          message.replace(/(pod:?|Pod) \S+/, "$1 NAME"),
        ])
        .sort(),
  );
};

/** Events of both groups as objects, and those that controllers make. */
export const events = area("events", [
  it("of the core group: its row", async (t) => {
    await t.given("events", core(t, "e", { count: 3, source: { component: "one", host: "h" } }));
    await t.get("events/e", asTable);
    await t.get(`${newGroup(t)}/e`, asTable);
  }),
  it("of the new group: its row, in both", async (t) => {
    await t.post(newGroup(t), event(t, "e"));
    await t.get("events/e", asTable);
    await t.get(`${newGroup(t)}/e`);
  }),
  it("the least that the core group takes", async (t) => {
    await t.post("events", { metadata: { name: "e" }, involvedObject: { namespace: t.ns } });
    await t.post("events", { metadata: { name: "f" } });
    await t.post("events", { metadata: { generateName: "f-" }, involvedObject: { namespace: t.ns } });
  }),
  it("of an object that is in no namespace", async (t) => {
    await t.post("events", core(t, "e", { involvedObject: { kind: "Node", name: "n" } }));
    await t.post(newGroup(t), event(t, "f", { regarding: { kind: "Node", name: "n" } }));
  }),
  it("the core group takes what the new one refuses", async (t) => {
    await t.post("events", core(t, "e", { type: "Odd", message: "m".repeat(1100), reason: "R".repeat(200) }), {
      show: ({ type, message, reason }) => [type, message.length, reason.length],
    });
    await t.patch(
      "merge",
      "events/e",
      { involvedObject: { name: "q" }, reason: "Changed" },
      { show: ({ reason }) => reason },
    );
  }),
  it("with a time of its own the core group asks for as much as the new one", (t) =>
    t.post("events", core(t, "e", { eventTime: "2026-01-01T00:00:00.000000Z", type: "Odd" }))),
  refused("no time", { eventTime: null }),
  refused("no controller", { reportingController: "" }),
  refused("a controller of a wrong form", { reportingController: "not valid" }),
  refused("no instance", { reportingInstance: "" }),
  refused("an instance too long", { reportingInstance: "i".repeat(129) }),
  refused("no action", { action: "" }),
  refused("a reason too long", { reason: "R".repeat(129) }),
  refused("a note too long", { note: "n".repeat(1025) }),
  refused("an unknown type", { type: "Odd" }),
  refused("fields of the old one", { deprecatedCount: 2, deprecatedSource: { component: "c" } }),
  refused("a series of one", { series: { count: 1, lastObservedTime: "2026-01-01T00:00:05.000000Z" } }),
  refused("a series without its time", { series: { count: 2 } }),
  it("what of the new group may change", async (t) => {
    await t.post(newGroup(t), event(t, "e"));
    for (const [key, value] of Object.entries({
      ...{ note: "other", reason: "Other", action: "Other", type: "Warning", reportingController: "other" },
      ...{ reportingInstance: "j", eventTime: "2026-01-01T00:00:01.000000Z", regarding: { name: "q" } },
      series: { count: 2, lastObservedTime: "2026-01-01T00:00:05.000000Z" },
    }))
      await t.patch("merge", `${newGroup(t)}/e`, { [key]: value }, { show: (body) => body.message ?? body[key] });
  }),
  ...[
    "involvedObject.kind=Node",
    "involvedObject.uid=u",
    "involvedObject.apiVersion=v1",
    "regarding.name=p",
    "type=Warning",
    "reason!=R",
    "source=one",
    "reportingComponent=two",
    "reportingController=two",
    "message=m",
  ].map(selected),
  it("a watch of both groups", async (t) => {
    const show = ({ kind, apiVersion, metadata, message, note }: Json) => [
      kind,
      apiVersion,
      metadata.name,
      message,
      note,
    ];
    const [old, recent] = [await t.watch("events", show), await t.watch(newGroup(t), show)];
    await t.given("events", core(t, "e"));
    await t.patch("merge", "events/e", { count: 2 }, { bare: true });
    await t.del("events/e", undefined, { bare: true });
    await old.events(3);
    await recent.events(3);
  }),
  it("all of a namespace are deleted through the new group", async (t) => {
    for (const name of ["a", "b"]) await t.given("events", core(t, name));
    await t.del(newGroup(t), undefined, { show: names });
    await t.get("events", { show: names });
  }),
  it("of a ReplicaSet that may make no pods", async (t) => {
    await t.given("replicasets", {
      metadata: { name: "web" },
      spec: {
        replicas: 1,
        selector: { matchLabels: { app: "web" } },
        template: { metadata: { labels: { app: "web" } }, spec: { ...idle(), serviceAccountName: "none" } },
      },
    });
    await told(t, "FailedCreate");
  }),
  it("of a Job and its end", async (t) => {
    await t.given("jobs", {
      metadata: { name: "j" },
      spec: { suspend: true, template: { spec: { ...idle(), restartPolicy: "Never" } } },
    });
    await told(t, "Suspended");
    await t.patch("merge", "jobs/j", { spec: { suspend: false } }, { bare: true });
    await told(t, "SuccessfulCreate", "Resumed");
    const { items } = await t.peek("pods");
    await t.patch("merge", `pods/${items[0].metadata.name}/status`, { status: { phase: "Failed" } }, { bare: true });
    t.entries.pop();
    await t.patch("merge", "jobs/j", { spec: { activeDeadlineSeconds: 1 } }, { bare: true });
    await told(t, "DeadlineExceeded");
  }),
  it("of a StatefulSet", async (t) => {
    await t.given("statefulsets", {
      metadata: { name: "db" },
      spec: {
        replicas: 1,
        serviceName: "db",
        selector: { matchLabels: { app: "db" } },
        template: { metadata: { labels: { app: "db" } }, spec: idle() },
        volumeClaimTemplates: [
          {
            metadata: { name: "data" },
            spec: {
              accessModes: ["ReadWriteOnce"],
              storageClassName: "none",
              resources: { requests: { storage: "1Gi" } },
            },
          },
        ],
      },
    });
    // Of its claim, and of its pod.
    await told(t, "SuccessfulCreate", "SuccessfulCreate");
  }),
  it("of claims that nothing provides for", async (t) => {
    const claim = (name: string, storageClassName: string) => ({
      metadata: { name },
      spec: { accessModes: ["ReadWriteOnce"], storageClassName, resources: { requests: { storage: "1Gi" } } },
    });
    await t.given("persistentvolumeclaims", claim("without", ""));
    await told(t, "FailedBinding");
    await t.given("persistentvolumeclaims", claim("unknown", "none"));
    await told(t, "ProvisioningFailed");
  }),
  it("of a budget without pods", async (t) => {
    await t.given("poddisruptionbudgets", {
      metadata: { name: "b" },
      spec: { minAvailable: 1, selector: { matchLabels: { app: "x" } } },
    });
    await told(t, "NoPods");
  }),
]);
