import { area, it } from "../harness/case.ts";
import type { Conversation, Json } from "../harness/conversation.ts";
import { idleDeployment } from "./idle-pods.ts";

const pod = (name: string, more: object = {}) => ({
  metadata: { name, labels: { app: "web" } },
  spec: { nodeName: "nowhere", containers: [{ name: "c", image: "i" }], ...more },
});
const eviction = (name: string, more: object = {}) => ({
  apiVersion: "policy/v1",
  kind: "Eviction",
  metadata: { name },
  ...more,
});
const running = { status: { phase: "Running", conditions: [{ type: "Ready", status: "True" }] } };
const budget = (name: string, spec: object) => ({
  metadata: { name },
  spec: { selector: { matchLabels: { app: "web" } }, ...spec },
});
const world = async (t: Conversation, pods: string[], spec: object) => {
  for (const name of pods) {
    await t.given("pods", pod(name));
    await t.patch("merge", `pods/${name}/status`, running, { bare: true });
  }
  await t.given("poddisruptionbudgets", budget("pdb", spec));
  await t.until(
    "poddisruptionbudgets/pdb",
    ({ status }) => status.observedGeneration === 1 && status.currentHealthy === pods.length,
    ({ status: { conditions, ...rest } }) => [rest, conditions.map(({ lastTransitionTime: _, ...one }: Json) => one)],
  );
};
const evict = (t: Conversation, name: string, more: object = {}, query = "") =>
  t.post(`pods/${name}/eviction${query}`, eviction(name, more));

/** Evictions, and the budgets that refuse them. */
export const evictions = area("evictions", [
  it("without a budget", async (t) => {
    await t.given("pods", pod("a"));
    await evict(t, "a");
    await t.get("pods/a", {
      show: ({ metadata, status }) => [
        metadata?.deletionGracePeriodSeconds,
        status.conditions
          ?.filter(({ type }: Json) => type === "DisruptionTarget")
          .map(({ status: is, reason, message }: Json) => [is, reason, message]),
      ],
    });
  }),
  it("a budget of one that must stay", async (t) => {
    await world(t, ["a"], { minAvailable: 1 });
    const { headers } = await evict(t, "a");
    t.note("retry-after", headers["retry-after"]);
  }),
  it("a budget that allows one", async (t) => {
    await world(t, ["a", "b"], { minAvailable: 1 });
    await evict(t, "a");
    await t.get("poddisruptionbudgets/pdb", {
      show: ({ status }) => status.disruptionsAllowed,
    });
    // Until the controller has counted again another message is given.
    await t.until("poddisruptionbudgets/pdb", ({ status }) => status.currentHealthy === 1);
    await evict(t, "b");
  }),
  it("a budget of percent", async (t) => {
    await world(t, ["a", "b", "c"], { minAvailable: "50%" });
  }),
  it("a budget on a Deployment's pods by maxUnavailable", async (t) => {
    await t.given("deployments", idleDeployment(2));
    await t.until("pods", ({ items }) => items.length === 2);
    const { items } = await t.peek("pods");
    for (const one of items) {
      await t.patch("merge", `pods/${one.metadata.name}/status`, running, { bare: true });
      t.entries.pop();
    }
    await t.given("poddisruptionbudgets", budget("pdb", { maxUnavailable: "30%" }));
    await t.until(
      "poddisruptionbudgets/pdb",
      ({ status }) => status.currentHealthy === 2,
      ({ status: { conditions: _, ...rest } }) => rest,
    );
  }),
  it("a budget with maxUnavailable on pods of no controller", async (t) => {
    await t.given("pods", pod("a"));
    await t.given("poddisruptionbudgets", budget("pdb", { maxUnavailable: 1 }));
    await t.until(
      "poddisruptionbudgets/pdb",
      ({ status }) => status.conditions?.length,
      ({ status: { conditions, ...rest } }) => [
        rest,
        conditions.map(({ lastTransitionTime: _, message, ...one }: Json) => [one, message]),
      ],
    );
    await t.until(
      "events",
      ({ items }) => items.length > 0,
      ({ items }) => items.map(({ reason, message, type }: Json) => [type, reason, message]).sort(),
    );
  }),
  it("two budgets on one pod", async (t) => {
    await world(t, ["a"], { minAvailable: 0 });
    await t.given("poddisruptionbudgets", budget("second", { minAvailable: 0 }));
    await evict(t, "a");
  }),
  it("a pod that does not run is not protected", async (t) => {
    await world(t, ["a"], { minAvailable: 1 });
    await t.patch("merge", "pods/a/status", { status: { phase: "Succeeded" } }, { bare: true });
    await evict(t, "a");
  }),
  it("a pod that is pending is not protected", async (t) => {
    await t.given("pods", pod("a"));
    await t.given("poddisruptionbudgets", budget("pdb", { minAvailable: 1 }));
    await t.until("poddisruptionbudgets/pdb", ({ status }) => status.observedGeneration === 1);
    await evict(t, "a");
  }),
  it("an unhealthy pod, by the default policy", async (t) => {
    await world(t, ["a", "b"], { minAvailable: 1 });
    await t.patch(
      "merge",
      "pods/a/status",
      { status: { conditions: [{ type: "Ready", status: "False" }] } },
      { bare: true },
    );
    await t.until(
      "poddisruptionbudgets/pdb",
      ({ status }) => status.currentHealthy === 1,
      ({ status }) => status.disruptionsAllowed,
    );
    await evict(t, "a");
  }),
  it("an unhealthy pod that is always let go", async (t) => {
    await world(t, ["a"], { minAvailable: 1, unhealthyPodEvictionPolicy: "AlwaysAllow" });
    await t.patch(
      "merge",
      "pods/a/status",
      { status: { conditions: [{ type: "Ready", status: "False" }] } },
      { bare: true },
    );
    await t.until(
      "poddisruptionbudgets/pdb",
      ({ status }) => status.currentHealthy === 0,
      ({ status }) => status.disruptionsAllowed,
    );
    await evict(t, "a");
  }),
  it("as a trial", async (t) => {
    await world(t, ["a", "b"], { minAvailable: 1 });
    await evict(t, "a", { deleteOptions: { dryRun: ["All"] } });
    await t.get("pods/a", { show: ({ metadata }) => Boolean(metadata.deletionTimestamp) });
    await t.get("poddisruptionbudgets/pdb", { show: ({ status }) => status.disruptionsAllowed });
  }),
  it("with a grace period", async (t) => {
    await t.given("pods", pod("a"));
    await evict(t, "a", { deleteOptions: { gracePeriodSeconds: 5 } });
    await t.get("pods/a", { show: ({ metadata }) => metadata.deletionGracePeriodSeconds });
  }),
  it("with a precondition that fails", async (t) => {
    await t.given("pods", pod("a"));
    await evict(t, "a", { deleteOptions: { preconditions: { uid: "11111111-1111-4111-8111-111111111111" } } });
  }),
  it("a pod that is not there", (t) => evict(t, "none")),
  it("with another name in the body", async (t) => {
    await t.given("pods", pod("a"));
    await t.post("pods/a/eviction", eviction("b"));
  }),
  it("by the old version", async (t) => {
    await t.given("pods", pod("a"));
    await t.post("pods/a/eviction", { apiVersion: "policy/v1beta1", kind: "Eviction", metadata: { name: "a" } });
  }),
  it("a pod on its way out already", async (t) => {
    await world(t, ["a"], { minAvailable: 1 });
    await t.del("pods/a", undefined, { bare: true });
    await evict(t, "a");
  }),
  it("a budget's status cannot go below zero", async (t) => {
    await t.given("poddisruptionbudgets", budget("pdb", { minAvailable: 1 }));
    await t.patch("merge", "poddisruptionbudgets/pdb/status", {
      status: { disruptionsAllowed: -1, currentHealthy: -1 },
    });
  }),
]);
