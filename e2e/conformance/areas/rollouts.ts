import { area, it } from "../harness/case.ts";
import type { Conversation, Json } from "../harness/conversation.ts";
import { idle, idleDeployment } from "./idle-pods.ts";

const template = (image: string, more: object = {}) => ({
  metadata: { labels: { app: "web" } },
  spec: idle(image, more),
});
const deployment = (replicas: number, spec: object = {}) =>
  idleDeployment(replicas, { template: template("i:1"), ...spec });
const sets = ({ items }: Json) =>
  items
    .map((one: Json) => ({
      revision: one.metadata.annotations["deployment.kubernetes.io/revision"],
      history: one.metadata.annotations["deployment.kubernetes.io/revision-history"],
      image: one.spec.template.spec.containers[0].image,
      desired: one.spec.replicas,
      marks: [
        one.metadata.annotations["deployment.kubernetes.io/desired-replicas"],
        one.metadata.annotations["deployment.kubernetes.io/max-replicas"],
      ],
    }))
    .sort((a: Json, b: Json) => Number(a.revision) - Number(b.revision));
const shape = (list: Json) => sets(list).map(({ revision, image, desired }: Json) => [revision, image, desired]);
const image = (to: string) => ({ spec: { template: { spec: { containers: [{ name: "c", image: to }] } } } });
const settled = (expected: Json) => (list: Json) => JSON.stringify(shape(list)) === JSON.stringify(expected);

/** Makes pods ready, as their kubelet would. */
async function ready(t: Conversation, count: number, of: (pod: Json) => boolean = () => true): Promise<void> {
  let pods: Json[] = [];
  await t.awaited(`${count} pods`, async () => {
    const { items } = await t.peek("pods");
    pods = items.filter((pod: Json) => of(pod) && !pod.metadata.deletionTimestamp);
    return pods.length >= count;
  });
  for (const pod of pods.slice(0, count)) await setReady(t, pod.metadata.name);
}
const setReady = async (t: Conversation, name: string) => {
  const now = new Date().toISOString().replace(/\.\d+/, "");
  await t.patch(
    "merge",
    `pods/${name}/status`,
    { status: { phase: "Running", conditions: [{ type: "Ready", status: "True", lastTransitionTime: now }] } },
    { bare: true },
  );
  t.entries.splice(
    t.entries.findLastIndex(({ step }) => step.includes(name)),
    1,
  );
};
const conditions = ({ status }: Json) =>
  status.conditions?.map(({ type, status: is, reason, message }: Json) => [type, is, reason, message]).sort();
const numbers = ({ status: { conditions: _, ...rest } }: Json) => rest;

/** Deployments, ReplicaSets, StatefulSets, DaemonSets, Jobs and CronJobs as their controllers move them. */
export const rollouts = area("rollouts", [
  it("a first revision", async (t) => {
    await t.given("deployments", deployment(2));
    await t.until("replicasets", settled([["1", "i:1", 2]]), sets);
    await t.until(
      "deployments/web",
      ({ status }) => status.unavailableReplicas === 2 && status.replicas === 2 && status.conditions?.length === 2,
      (body) => [numbers(body), conditions(body), body.metadata.annotations],
    );
  }),
  it("the ReplicaSet of a Deployment", async (t) => {
    await t.given("deployments", {
      ...deployment(0),
      metadata: {
        name: "web",
        labels: { a: "1" },
        annotations: { note: "x", "kubectl.kubernetes.io/last-applied-configuration": "{}" },
      },
    });
    await t.until(
      "replicasets",
      ({ items }) => items.length === 1,
      ({ items }) => ({ metadata: { ...items[0].metadata, managedFields: undefined }, spec: items[0].spec }),
    );
  }),
  it("the pods of a ReplicaSet", async (t) => {
    await t.given("deployments", deployment(1));
    await t.until(
      "pods",
      ({ items }) => items.length === 1,
      ({ items: [{ metadata }] }) => [
        metadata.generateName,
        metadata.labels,
        metadata.ownerReferences.map(({ uid: _, ...rest }: Json) => rest),
      ],
    );
  }),
  it("a new image: one more, none less at first", async (t) => {
    await t.given("deployments", deployment(3));
    await ready(t, 3);
    await t.until("deployments/web", ({ status }) => status.availableReplicas === 3, numbers);
    await t.patch("strategic", "deployments/web", image("i:2"), { bare: true });
    await t.until(
      "replicasets",
      settled([
        ["1", "i:1", 3],
        ["2", "i:2", 1],
      ]),
      sets,
    );
    await ready(t, 1, (pod) => pod.spec.containers[0].image === "i:2");
    await t.until(
      "replicasets",
      settled([
        ["1", "i:1", 2],
        ["2", "i:2", 2],
      ]),
      sets,
    );
    await t.until(
      "deployments/web",
      ({ status }) => status.updatedReplicas === 2,
      (body) => conditions(body),
    );
  }),
  it("maxSurge none, maxUnavailable two", async (t) => {
    await t.given("deployments", deployment(4, { strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 2 } } }));
    await ready(t, 4);
    await t.until("deployments/web", ({ status }) => status.availableReplicas === 4, numbers);
    await t.patch("strategic", "deployments/web", image("i:2"), { bare: true });
    await t.until(
      "replicasets",
      settled([
        ["1", "i:1", 2],
        ["2", "i:2", 2],
      ]),
      sets,
    );
  }),
  it("surge by half, rounded up; unavailable by a quarter, rounded down", async (t) => {
    await t.given(
      "deployments",
      deployment(3, { strategy: { rollingUpdate: { maxSurge: "50%", maxUnavailable: "25%" } } }),
    );
    await ready(t, 3);
    await t.until("deployments/web", ({ status }) => status.availableReplicas === 3, numbers);
    await t.patch("strategic", "deployments/web", image("i:2"), { bare: true });
    await t.until(
      "replicasets",
      settled([
        ["1", "i:1", 3],
        ["2", "i:2", 2],
      ]),
      sets,
    );
  }),
  it("old pods that are not ready go first", async (t) => {
    await t.given("deployments", deployment(3));
    await t.until("replicasets", settled([["1", "i:1", 3]]), sets);
    await t.patch("strategic", "deployments/web", image("i:2"), { bare: true });
    await t.until(
      "replicasets",
      (list) => shape(list)[1]?.[2] === 1 && shape(list)[0]?.[2] <= 3,
      (list) => shape(list).length,
    );
  }),
  it("recreate: all go before the new come", async (t) => {
    await t.given("deployments", deployment(2, { strategy: { type: "Recreate" } }));
    await ready(t, 2);
    await t.until("deployments/web", ({ status }) => status.availableReplicas === 2, numbers);
    await t.patch("strategic", "deployments/web", image("i:2"), { bare: true });
    await t.until(
      "replicasets",
      settled([
        ["1", "i:1", 0],
        ["2", "i:2", 2],
      ]),
      sets,
    );
  }),
  it("paused: nothing moves but the number", async (t) => {
    await t.given("deployments", deployment(1, { paused: true }));
    await t.until(
      "deployments/web",
      ({ status }) => status.observedGeneration === 1 && status.conditions?.length === 2,
      (body) => [numbers(body), conditions(body)],
    );
    await t.get("replicasets", { show: shape });
    await t.patch("merge", "deployments/web", { spec: { paused: false } }, { bare: true });
    await t.until("replicasets", settled([["1", "i:1", 1]]), shape);
    await t.patch("merge", "deployments/web", { spec: { paused: true } }, { bare: true });
    await t.patch("strategic", "deployments/web", image("i:2"), { bare: true });
    await t.patch("merge", "deployments/web", { spec: { replicas: 2 } }, { bare: true });
    await t.until("replicasets", settled([["1", "i:1", 2]]), shape);
  }),
  it("going back makes the old revision the newest", async (t) => {
    await t.given("deployments", deployment(0));
    await t.until("replicasets", settled([["1", "i:1", 0]]), shape);
    await t.patch("strategic", "deployments/web", image("i:2"), { bare: true });
    await t.until(
      "replicasets",
      settled([
        ["1", "i:1", 0],
        ["2", "i:2", 0],
      ]),
      shape,
    );
    await t.patch("strategic", "deployments/web", image("i:1"), { bare: true });
    await t.until(
      "replicasets",
      settled([
        ["2", "i:2", 0],
        ["3", "i:1", 0],
      ]),
      sets,
    );
    await t.until(
      "deployments/web",
      ({ metadata }) => metadata.annotations["deployment.kubernetes.io/revision"] === "3",
      ({ metadata }) => metadata.annotations,
    );
  }),
  it("history is kept to its limit", async (t) => {
    await t.given("deployments", deployment(0, { revisionHistoryLimit: 1 }));
    for (const [at, to] of ["i:2", "i:3", "i:4"].entries()) {
      await t.until("replicasets", (list) => shape(list).at(-1)?.[0] === String(at + 1));
      await t.patch("strategic", "deployments/web", image(to), { bare: true });
    }
    await t.until(
      "replicasets",
      settled([
        ["3", "i:3", 0],
        ["4", "i:4", 0],
      ]),
      shape,
    );
  }),
  it("scaling in the middle is shared out", async (t) => {
    await t.given("deployments", deployment(10));
    await ready(t, 10);
    await t.until("deployments/web", ({ status }) => status.availableReplicas === 10, numbers);
    await t.patch("strategic", "deployments/web", image("i:2"), { bare: true });
    await t.until(
      "replicasets",
      settled([
        ["1", "i:1", 8],
        ["2", "i:2", 5],
      ]),
      shape,
    );
    await t.patch("merge", "deployments/web", { spec: { replicas: 20 } }, { bare: true });
    await t.until(
      "replicasets",
      (list) => shape(list).reduce((sum: number, one: Json) => sum + one[2], 0) === 25,
      sets,
    );
  }),
  it("a deadline that passes", async (t) => {
    await t.given("deployments", deployment(1, { progressDeadlineSeconds: 2 }));
    await t.until(
      "deployments/web",
      (body) => conditions(body)?.some((one: Json) => one[2] === "ProgressDeadlineExceeded"),
      conditions,
    );
  }),
  it("a rollout that is done says so", async (t) => {
    await t.given("deployments", deployment(1));
    await ready(t, 1);
    await t.until(
      "deployments/web",
      (body) => conditions(body)?.some((one: Json) => one[2] === "NewReplicaSetAvailable"),
      (body) => [conditions(body), numbers(body)],
    );
  }),
  it("available only after some seconds", async (t) => {
    await t.given("deployments", deployment(1, { minReadySeconds: 3 }));
    await ready(t, 1);
    await t.until("deployments/web", ({ status }) => status.readyReplicas === 1, numbers);
    await t.until("deployments/web", ({ status }) => status.availableReplicas === 1, numbers);
  }),
  it("Events of a Deployment and its ReplicaSet", async (t) => {
    await t.given("deployments", deployment(2));
    await t.until(
      "events",
      ({ items }) => items.length >= 3,
      ({ items }) =>
        items
          .map(({ type, reason, message, source, involvedObject, reportingComponent }: Json) => [
            type,
            reason,
            message.replace(/pod: .*/, "pod: NAME"),
            source.component,
            reportingComponent,
            involvedObject.kind,
            involvedObject.apiVersion,
          ])
          .sort(),
    );
  }),
  it("a ReplicaSet adopts pods that match", async (t) => {
    await t.given("pods", {
      metadata: { name: "lone", labels: { app: "web" } },
      spec: idle(),
    });
    await t.given("replicasets", {
      metadata: { name: "web" },
      spec: { replicas: 1, selector: { matchLabels: { app: "web" } }, template: template("i:1") },
    });
    await t.until(
      "pods/lone",
      ({ metadata }) => metadata.ownerReferences,
      ({ metadata }) => metadata.ownerReferences.map(({ uid: _, ...rest }: Json) => rest),
    );
    await t.until("replicasets/web", ({ status }) => status.replicas === 1, numbers);
  }),
  it("a ReplicaSet lets go of pods that no longer match", async (t) => {
    await t.given("replicasets", {
      metadata: { name: "web" },
      spec: { replicas: 1, selector: { matchLabels: { app: "web" } }, template: template("i:1") },
    });
    await t.until("pods", ({ items }) => items.length === 1);
    const { items } = await t.peek("pods");
    await t.patch(
      "merge",
      `pods/${items[0].metadata.name}`,
      { metadata: { labels: { app: "other" } } },
      { bare: true },
    );
    t.entries.pop();
    await t.until(
      "pods",
      (list) => list.items.length === 2,
      (list) =>
        list.items.map(({ metadata }: Json) => [metadata.labels.app, metadata.ownerReferences?.length ?? 0]).sort(),
    );
  }),
  it("a ReplicaSet takes pods away: not ready ones first", async (t) => {
    await t.given("replicasets", {
      metadata: { name: "web" },
      spec: { replicas: 3, selector: { matchLabels: { app: "web" } }, template: template("i:1") },
    });
    await t.until("pods", ({ items }) => items.length === 3);
    const { items } = await t.peek("pods");
    await setReady(t, items[1].metadata.name);
    await t.until("replicasets/web", ({ status }) => status.readyReplicas === 1, numbers);
    await t.patch("merge", "replicasets/web", { spec: { replicas: 1 } }, { bare: true });
    await t.until(
      "pods",
      (list) => list.items.length === 1,
      (list) => list.items[0].metadata.name === items[1].metadata.name,
    );
  }),
  it("a pod's cost of deletion counts", async (t) => {
    await t.given("replicasets", {
      metadata: { name: "web" },
      spec: { replicas: 2, selector: { matchLabels: { app: "web" } }, template: template("i:1") },
    });
    await t.until("pods", ({ items }) => items.length === 2);
    const { items } = await t.peek("pods");
    for (const [at, pod] of items.entries()) {
      await t.patch(
        "merge",
        `pods/${pod.metadata.name}`,
        { metadata: { annotations: { "controller.kubernetes.io/pod-deletion-cost": String(at * 10) } } },
        { bare: true },
      );
      t.entries.pop();
      // Whoever has seen the pod ready has seen its cost.
      await setReady(t, pod.metadata.name);
    }
    await t.until("replicasets/web", ({ status }) => status.readyReplicas === 2);
    await t.patch("merge", "replicasets/web", { spec: { replicas: 1 } }, { bare: true });
    await t.until(
      "pods",
      (list) => list.items.length === 1,
      (list) => list.items[0].metadata.name === items[1].metadata.name,
    );
  }),
  it("a StatefulSet goes one by one, in order", async (t) => {
    await t.given("statefulsets", {
      metadata: { name: "db" },
      spec: { replicas: 3, serviceName: "db", selector: { matchLabels: { app: "web" } }, template: template("i:1") },
    });
    const names = ({ items }: Json) => items.map(({ metadata }: Json) => metadata.name);
    await t.until(
      "pods",
      ({ items }) => items.length === 1,
      (list) => [names(list), list.items[0].metadata.labels, list.items[0].spec.hostname, list.items[0].spec.subdomain],
    );
    await setReady(t, "db-0");
    await t.until("pods", ({ items }) => items.length === 2, names);
    await t.until(
      "statefulsets/db",
      ({ status }) => status.readyReplicas === 1 && status.replicas === 2,
      ({ status: { currentRevision: _, updateRevision: __, ...rest } }) => rest,
    );
  }),
  it("a StatefulSet in parallel, counted from five", async (t) => {
    await t.given("statefulsets", {
      metadata: { name: "db" },
      spec: {
        replicas: 2,
        serviceName: "db",
        podManagementPolicy: "Parallel",
        ordinals: { start: 5 },
        selector: { matchLabels: { app: "web" } },
        template: template("i:1"),
      },
    });
    await t.until(
      "pods",
      ({ items }) => items.length === 2,
      ({ items }) => items.map(({ metadata }: Json) => metadata.name),
    );
    await t.patch("merge", "statefulsets/db", { spec: { replicas: 1 } }, { bare: true });
    await t.until(
      "pods",
      ({ items }) => items.length === 1,
      ({ items }) => items.map(({ metadata }: Json) => metadata.name),
    );
  }),
  it("a StatefulSet's claims", async (t) => {
    await t.given("statefulsets", {
      metadata: { name: "db" },
      spec: {
        replicas: 1,
        serviceName: "db",
        selector: { matchLabels: { app: "web" } },
        template: template("i:1"),
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
    await t.until(
      "persistentvolumeclaims",
      ({ items }) => items.length === 1,
      ({ items: [{ metadata, status }] }) => [
        metadata.name,
        metadata.labels,
        metadata.finalizers,
        metadata.ownerReferences,
        status,
      ],
    );
    await t.until(
      "pods",
      ({ items }) => items.length === 1,
      ({ items }) => items[0].spec.volumes.filter(({ name }: Json) => name === "data"),
    );
  }),
  it("a CronJob that is suspended makes nothing", async (t) => {
    const job = { template: { spec: { restartPolicy: "Never", containers: [{ name: "c", image: "i" }] } } };
    const { body } = await t.given("cronjobs", {
      metadata: { name: "c" },
      spec: { suspend: true, schedule: "* * * * *", jobTemplate: { spec: job } },
    });
    // A Job that it does not know of: its controller says so once it has looked at it.
    const owner = { apiVersion: "batch/v1", kind: "CronJob", name: "c", uid: body.metadata.uid, controller: true };
    await t.given("jobs", { metadata: { name: "mine", ownerReferences: [owner] }, spec: { ...job, suspend: true } });
    await t.until(
      "events",
      ({ items }) => items.some(({ involvedObject }: Json) => involvedObject.kind === "CronJob"),
      ({ items }) =>
        items
          .filter(({ involvedObject }: Json) => involvedObject.kind === "CronJob")
          .map(({ type, reason, message, source }: Json) => [type, reason, message, source]),
    );
    await t.get("jobs", { show: ({ items }) => items.map(({ metadata }: Json) => metadata.name) });
  }),
  it("a pod whose node is not there is no endpoint", async (t) => {
    await t.given("services", { metadata: { name: "web" }, spec: { selector: { app: "web" }, ports: [{ port: 80 }] } });
    await t.given("nodes", { metadata: { name: `here-${t.ns}` } });
    t.deleteAtEnd(`nodes/here-${t.ns}`);
    for (const [name, nodeName, ip] of [
      ["lost", "nowhere", "10.1.2.4"],
      ["found", `here-${t.ns}`, "10.1.2.5"],
    ]) {
      await t.given("pods", {
        metadata: { name, labels: { app: "web" } },
        spec: { nodeName, containers: [{ name: "c", image: "i" }] },
      });
      const status = { phase: "Running", podIP: ip, podIPs: [{ ip }] };
      await t.patch("merge", `pods/${name}/status`, { status }, { bare: true });
    }
    await t.until(
      "endpointslices",
      ({ items: [{ endpoints }] }) => endpoints.length > 0,
      ({ items: [{ endpoints, ports }] }) => [endpoints.map(({ addresses }: Json) => addresses), ports],
    );
  }),
  it("Endpoints follow ready pods", async (t) => {
    await t.given("nodes", { metadata: { name: "nowhere" } });
    t.deleteAtEnd(`nodes/nowhere-${t.ns}`);
    await t.given("services", { metadata: { name: "web" }, spec: { selector: { app: "web" }, ports: [{ port: 80 }] } });
    await t.given("pods", {
      metadata: { name: "p", labels: { app: "web" } },
      spec: { nodeName: "nowhere", containers: [{ name: "c", image: "i" }] },
    });
    await t.patch(
      "merge",
      "pods/p/status",
      {
        status: {
          phase: "Running",
          podIP: "10.1.2.3",
          podIPs: [{ ip: "10.1.2.3" }],
          conditions: [{ type: "Ready", status: "True" }],
        },
      },
      { bare: true },
    );
    await t.until(
      "endpoints/web",
      ({ subsets }) => subsets?.[0]?.addresses?.length === 1,
      ({ subsets, metadata }) => [subsets, metadata.labels],
    );
    await t.until(
      "endpointslices",
      ({ items }) => items[0]?.endpoints?.length === 1,
      ({ items: [{ endpoints, ports, addressType, metadata }] }) => [
        endpoints,
        ports,
        addressType,
        metadata.labels,
        metadata.generateName,
      ],
    );
  }),
]);
