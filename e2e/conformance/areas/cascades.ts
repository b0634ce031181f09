import { randomUUID } from "node:crypto";
import { area, it } from "../harness/case.ts";
import type { Conversation, Json } from "../harness/conversation.ts";
import { idle, idleDeployment } from "./idle-pods.ts";

const owned = (owner: Json, name: string, more: object = {}, metadata: object = {}) => ({
  metadata: {
    name,
    ownerReferences: [
      { apiVersion: "v1", kind: "ConfigMap", name: owner.metadata.name, uid: owner.metadata.uid, ...more },
    ],
    ...metadata,
  },
});
const names = (list: Json) =>
  list.items.map((one: Json) => one.metadata.name).filter((name: string) => name !== "kube-root-ca.crt");
const nobody = () => ({ metadata: { name: "never", uid: randomUUID() } });
/** Waits until the collector knows all that has been made so far: an orphan that is made last is gone. */
const collectorKnows = async (t: Conversation) => {
  await t.given("configmaps", owned(nobody(), "last"));
  await gone(t, "last");
};
const family = async (t: Conversation, more: object = {}, metadata: object = {}) => {
  const { body: owner } = await t.given("configmaps", { metadata: { name: "owner", ...metadata } });
  await t.given("configmaps", owned(owner, "child", more));
  await collectorKnows(t);
  return owner;
};
const gone = (t: Conversation, name: string) =>
  t.until(
    `configmaps/${name}`,
    (_, status) => status === 404,
    ({ code }) => code,
  );
const left = (t: Conversation) => t.get("configmaps", { show: names });

/** Finalizers, owner references and the garbage collector. */
export const cascades = area("cascades", [
  it("a finalizer holds an object", async (t) => {
    await t.given("configmaps", { metadata: { name: "a", finalizers: ["example.com/hold"] } });
    await t.del("configmaps/a", undefined, {
      show: ({ kind, metadata }) => [
        kind,
        Boolean(metadata.deletionTimestamp),
        metadata.deletionGracePeriodSeconds,
        metadata.finalizers,
      ],
    });
    await t.get("configmaps/a", { show: ({ metadata }) => Boolean(metadata.deletionTimestamp) });
    await t.patch(
      "merge",
      "configmaps/a",
      { metadata: { finalizers: null } },
      { show: ({ kind, metadata }) => [kind, metadata.finalizers] },
    );
    await t.get("configmaps/a", { bare: true });
  }),
  it("an object on its way out takes no new finalizer", async (t) => {
    await t.given("configmaps", { metadata: { name: "a", finalizers: ["example.com/hold"] } });
    await t.del("configmaps/a", undefined, { bare: true });
    await t.patch("merge", "configmaps/a", { metadata: { finalizers: ["example.com/hold", "example.com/more"] } });
    await t.patch("merge", "configmaps/a", { data: { still: "writable" } }, { show: ({ data }) => data });
    await t.patch("merge", "configmaps/a", { metadata: { finalizers: [] } }, { bare: true });
  }),
  it("deleting twice", async (t) => {
    await t.given("configmaps", { metadata: { name: "a", finalizers: ["example.com/hold"] } });
    const { body } = await t.del("configmaps/a", undefined, { bare: true });
    const { body: again } = await t.del("configmaps/a", undefined, { bare: true });
    t.note("the same time", body.metadata.deletionTimestamp === again.metadata.deletionTimestamp);
    await t.patch("merge", "configmaps/a", { metadata: { finalizers: [] } }, { bare: true });
  }),
  it("a deletionTimestamp cannot be set or taken away by hand", async (t) => {
    await t.given("configmaps", { metadata: { name: "a", finalizers: ["example.com/hold"] } });
    await t.patch(
      "merge",
      "configmaps/a",
      { metadata: { deletionTimestamp: "2020-01-01T00:00:00Z" } },
      { show: ({ metadata }) => metadata?.deletionTimestamp },
    );
    await t.del("configmaps/a", undefined, { bare: true });
    await t.patch(
      "merge",
      "configmaps/a",
      { metadata: { deletionTimestamp: null } },
      { show: ({ metadata }) => Boolean(metadata.deletionTimestamp) },
    );
    await t.patch("merge", "configmaps/a", { metadata: { finalizers: [] } }, { bare: true });
  }),
  it("background: the owner first, then what it owns", async (t) => {
    await family(t);
    await t.del("configmaps/owner", undefined, { bare: true });
    await gone(t, "child");
    await left(t);
  }),
  it("orphans are left, without the reference", async (t) => {
    await family(t);
    await t.del(
      "configmaps/owner",
      { propagationPolicy: "Orphan" },
      { show: ({ kind, metadata, status }) => [kind, metadata?.finalizers, status] },
    );
    await gone(t, "owner");
    await t.get("configmaps/child", { show: ({ metadata }) => metadata.ownerReferences });
  }),
  it("foreground: the owner waits for what blocks it", async (t) => {
    const owner = await family(t, { blockOwnerDeletion: true });
    await t.given(
      "configmaps",
      owned(owner, "held", { blockOwnerDeletion: true }, { finalizers: ["example.com/hold"] }),
    );
    await collectorKnows(t);
    await t.del(
      "configmaps/owner",
      { propagationPolicy: "Foreground" },
      { show: ({ kind, metadata }) => [kind, metadata.finalizers, Boolean(metadata.deletionTimestamp)] },
    );
    await gone(t, "child");
    await t.get("configmaps/owner", { show: ({ metadata }) => metadata.finalizers });
    await t.patch("merge", "configmaps/held", { metadata: { finalizers: [] } }, { bare: true });
    await gone(t, "owner");
    await left(t);
  }),
  it("foreground: what does not block is not waited for", async (t) => {
    const owner = await family(t);
    await t.given("configmaps", owned(owner, "held", {}, { finalizers: ["example.com/hold"] }));
    await collectorKnows(t);
    await t.del("configmaps/owner", { propagationPolicy: "Foreground" }, { bare: true });
    await gone(t, "owner");
    await t.until(
      "configmaps/held",
      ({ metadata }) => metadata.deletionTimestamp,
      ({ metadata }) => metadata.finalizers,
    );
    await t.patch("merge", "configmaps/held", { metadata: { finalizers: [] } }, { bare: true });
  }),
  it("an owner that was never there", async (t) => {
    await t.given("configmaps", owned(nobody(), "child"));
    await gone(t, "child");
  }),
  it("an owner of the same name that is another", async (t) => {
    await t.given("configmaps", { metadata: { name: "owner" } });
    await t.given(
      "configmaps",
      owned({ metadata: { name: "owner", uid: "11111111-1111-4111-8111-111111111111" } }, "child"),
    );
    await gone(t, "child");
    await left(t);
  }),
  it("two owners: one is enough", async (t) => {
    const { body: one } = await t.given("configmaps", { metadata: { name: "one" } });
    const { body: two } = await t.given("configmaps", { metadata: { name: "two" } });
    const child = owned(one, "child");
    await t.given("configmaps", {
      metadata: {
        ...child.metadata,
        ownerReferences: [...child.metadata.ownerReferences, ...owned(two, "x").metadata.ownerReferences],
      },
    });
    await collectorKnows(t);
    await t.del("configmaps/one", undefined, { bare: true });
    await t.until(
      "configmaps/child",
      ({ metadata }) => metadata.ownerReferences.length === 1,
      ({ metadata }) => metadata.ownerReferences.map((one: Json) => one.name),
    );
    await t.del("configmaps/two", undefined, { bare: true });
    await gone(t, "child");
  }),
  it("three generations", async (t) => {
    await family(t);
    const child = await t.peek("configmaps/child");
    await t.given("configmaps", owned(child, "grandchild"));
    await collectorKnows(t);
    await t.del("configmaps/owner", undefined, { bare: true });
    await gone(t, "grandchild");
    await left(t);
  }),
  it("owners of another kind", async (t) => {
    const { body: owner } = await t.given("secrets", { metadata: { name: "owner" } });
    await t.given("configmaps", {
      metadata: {
        name: "child",
        ownerReferences: [{ apiVersion: "v1", kind: "Secret", name: "owner", uid: owner.metadata.uid }],
      },
    });
    await collectorKnows(t);
    await t.del("secrets/owner", undefined, { bare: true });
    await gone(t, "child");
  }),
  it("a Deployment takes its ReplicaSets and pods with it", async (t) => {
    await t.given("deployments", idleDeployment(2));
    await t.until(
      "pods",
      ({ items }) => items.length === 2,
      ({ items }) => items.length,
    );
    await t.del("deployments/web", undefined, { bare: true });
    await t.until(
      "pods",
      ({ items }) => items.length === 0,
      ({ items }) => items.length,
    );
    await t.until(
      "replicasets",
      ({ items }) => items.length === 0,
      ({ items }) => items.length,
    );
  }),
  it("a Deployment without its ReplicaSet", async (t) => {
    await t.given("deployments", idleDeployment(1));
    await t.until("pods", ({ items }) => items.length === 1);
    await t.del("deployments/web", { propagationPolicy: "Orphan" }, { bare: true });
    await t.until("deployments/web", (_, status) => status === 404);
    await t.get("replicasets", { show: ({ items }) => items.map(({ metadata }: Json) => metadata.ownerReferences) });
  }),
  it("Jobs leave no pods, but with a word of warning", async (t) => {
    await t.given("jobs", {
      metadata: { name: "j" },
      spec: {
        template: { spec: idle("i", { restartPolicy: "Never" }) },
      },
    });
    await t.until(
      "pods",
      ({ items }) => items.length === 1,
      ({ items }) => items[0].metadata.finalizers,
    );
    await t.ask("DELETE", `/apis/batch/v1/namespaces/${t.ns}/jobs/j`, undefined, { show: ({ kind }) => kind });
  }),
  it("a pod of no node goes at once, one of a node when its kubelet says so", async (t) => {
    await t.given("pods", {
      metadata: { name: "free" },
      spec: idle(),
    });
    await t.given("pods", {
      metadata: { name: "bound" },
      spec: { nodeName: "nowhere", containers: [{ name: "c", image: "i" }] },
    });
    for (const name of ["free", "bound"])
      await t.del(`pods/${name}`, undefined, {
        show: ({ metadata }) => [Boolean(metadata.deletionTimestamp), metadata.deletionGracePeriodSeconds],
      });
    await t.get("pods/free", { bare: true });
    await t.get("pods/bound", {
      show: ({ metadata }) => [
        Boolean(metadata?.deletionTimestamp),
        metadata?.deletionGracePeriodSeconds,
        metadata?.generation,
      ],
    });
  }),
  it("a shorter grace period may follow, a longer may not", async (t) => {
    await t.given("pods", {
      metadata: { name: "p" },
      spec: { nodeName: "nowhere", containers: [{ name: "c", image: "i" }] },
    });
    for (const gracePeriodSeconds of [60, 10, 20])
      await t.del("pods/p", { gracePeriodSeconds }, { show: ({ metadata }) => metadata.deletionGracePeriodSeconds });
  }),
  it("a namespace takes all with it, and says what it waits for", async (t) => {
    const name = `${t.ns}-2`;
    await t.given("namespaces", { metadata: { name } });
    await t.given(`/api/v1/namespaces/${name}/configmaps`, {
      metadata: { name: "held", finalizers: ["example.com/hold"] },
    });
    await t.given(`/api/v1/namespaces/${name}/configmaps`, { metadata: { name: "free" } });
    await t.del(`namespaces/${name}`, undefined, {
      show: ({ kind, status, spec }) => [kind, status.phase, spec.finalizers],
    });
    await t.post(`/api/v1/namespaces/${name}/configmaps`, { metadata: { name: "late" } });
    await t.until(
      `namespaces/${name}`,
      ({ status }) =>
        status.conditions?.some((one: Json) => one.type === "NamespaceFinalizersRemaining" && one.status === "True"),
      ({ status }) => status.conditions.map(({ lastTransitionTime: _, ...rest }: Json) => rest),
    );
    await t.patch(
      "merge",
      `/api/v1/namespaces/${name}/configmaps/held`,
      { metadata: { finalizers: [] } },
      { bare: true },
    );
    await t.until(
      `namespaces/${name}`,
      (_, status) => status === 404,
      ({ code }) => code,
    );
  }),
  it(
    "the namespaces of the system cannot be deleted",
    async (t) => {
      for (const name of ["default", "kube-system", "kube-public"]) await t.del(`namespaces/${name}`);
    },
    { clusterOnly: true },
  ),
]);
