import { area, it } from "../harness/case.ts";
import type { Conversation, Json } from "../harness/conversation.ts";
import { idle } from "./idle-pods.ts";

const index = (pod: Json): string => pod.metadata.labels["batch.kubernetes.io/job-completion-index"];
const conditions = ({ status }: Json) =>
  status.conditions?.map(({ type, status: is, reason, message }: Json) => [type, is, reason, message]);
const has = (type: string) => (body: Json) => body.status.conditions?.some((one: Json) => one.type === type);

/** A Job whose pods nobody schedules: a case ends them by hand. */
const job = (spec: object = {}): Json => ({
  metadata: { name: "j" },
  spec: {
    template: { spec: idle("i", { restartPolicy: "Never" }) },
    ...spec,
  },
});
const indexed = (completions: number, spec: object = {}): Json =>
  job({ completions, parallelism: completions, completionMode: "Indexed", ...spec });

/** Ends pods as a kubelet would tell of it. */
async function end(t: Conversation, pods: readonly Json[], exitCode: number): Promise<void> {
  for (const { metadata } of pods) {
    const finishedAt = "2026-01-01T00:00:00Z";
    const containerStatuses = [
      {
        name: "c",
        image: "i",
        imageID: "",
        ready: false,
        restartCount: 0,
        state: { terminated: { exitCode, finishedAt } },
      },
    ];
    const status = { phase: exitCode === 0 ? "Succeeded" : "Failed", containerStatuses };
    await t.patch("merge", `pods/${metadata.name}/status`, { status }, { bare: true });
    t.entries.pop();
  }
}

async function started(t: Conversation, body: Json, pods: number): Promise<Json[]> {
  await t.given("jobs", body);
  const { items } = await t.until(
    "pods",
    (list) => list.items.length === pods,
    (list) => list.items.map(({ metadata: { generateName, name } }: Json) => ({ generateName, name })).sort(),
  );
  return items.sort((a: Json, b: Json) => (index(a) < index(b) ? -1 : 1));
}

const outcome = ({ status }: Json) => [status.succeeded, status.failed, status.completedIndexes, status.failedIndexes];
const told = (t: Conversation, type: "Complete" | "Failed") =>
  t.until("jobs/j", has(type), (body) => [outcome(body), conditions(body)]);

const onExitCode = (code: number, action: string) => ({
  podFailurePolicy: { rules: [{ action, onExitCodes: { operator: "In", values: [code] } }] },
});

/** Jobs, and how they judge their pods: limits for each index, policies on failure and success. */
export const jobs = area("jobs", [
  it("a Job's pods, and its end", async (t) => {
    const pods = await started(t, job({ completions: 2, parallelism: 2 }), 2);
    await t.until(
      "jobs/j",
      ({ status }) => status.active === 2,
      ({ spec, status }) => [spec.selector && Object.keys(spec.selector.matchLabels), status.ready, status.terminating],
    );
    const [{ metadata }] = pods;
    t.note("pods", [metadata.finalizers, Object.keys(metadata.labels).sort(), metadata.generateName]);
    await end(t, pods, 0);
    await t.until("jobs/j", has("Complete"), (body) => {
      const { startTime: _, completionTime: __, ...rest } = body.status;
      return { ...rest, conditions: conditions(body) };
    });
  }),
  it("a Job that fails too often", async (t) => {
    await end(t, await started(t, job({ backoffLimit: 0 }), 1), 1);
    await told(t, "Failed");
  }),
  it("a Job whose deadline passes", async (t) => {
    await t.given("jobs", job({ activeDeadlineSeconds: 1 }));
    await told(t, "Failed");
  }),
  it("an indexed Job", async (t) => {
    const pods = await started(t, indexed(2), 2);
    t.note(
      "pods",
      pods.map(({ metadata, spec }) => [
        metadata.annotations,
        metadata.labels["batch.kubernetes.io/job-completion-index"],
        spec.hostname,
        spec.containers[0].env,
        metadata.generateName,
      ]),
    );
  }),
  it("a Job that is suspended, and goes on", async (t) => {
    await t.given("jobs", job({ suspend: true }));
    await t.until("jobs/j", ({ status }) => status.conditions, conditions);
    await t.patch("merge", "jobs/j", { spec: { suspend: false } }, { bare: true });
    await t.until("jobs/j", ({ status }) => status.active === 1, conditions);
  }),
  it("an index is tried again, and its pods tell how often it failed", async (t) => {
    const [first] = await started(t, indexed(2, { backoffLimitPerIndex: 1 }), 2);
    await end(t, [first], 1);
    await t.until(
      "pods",
      ({ items }) => items.filter((pod: Json) => index(pod) === "0").length === 2,
      ({ items }) =>
        items
          .map((pod: Json) => [index(pod), pod.metadata.annotations])
          .sort((a: Json, b: Json) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
    );
    await t.until("jobs/j", ({ status }) => status.failed === 1, outcome);
  }),
  it("an index is given up while the others go on", async (t) => {
    const [first, second] = await started(t, indexed(2, { backoffLimitPerIndex: 0 }), 2);
    await end(t, [first], 1);
    await t.until("jobs/j", ({ status }) => status.failed === 1, outcome);
    await end(t, [second], 0);
    await told(t, "Failed");
  }),
  it("too many failed indexes", async (t) => {
    const [first, second] = await started(t, indexed(3, { backoffLimitPerIndex: 0, maxFailedIndexes: 1 }), 3);
    await end(t, [first, second], 1);
    await told(t, "Failed");
  }),
  it("a policy gives an index up at once", async (t) => {
    const [first] = await started(t, indexed(2, { backoffLimitPerIndex: 4, ...onExitCode(42, "FailIndex") }), 2);
    await end(t, [first], 42);
    await t.until("jobs/j", ({ status }) => status.failedIndexes === "0" && status.failed === 1, outcome);
  }),
  it("a policy fails the Job", async (t) => {
    const [first] = await started(t, job({ backoffLimit: 4, ...onExitCode(42, "FailJob") }), 1);
    await end(t, [first], 42);
    await told(t, "Failed");
  }),
  it("a policy does not count a failure", async (t) => {
    const [first] = await started(t, job({ backoffLimit: 0, ...onExitCode(42, "Ignore") }), 1);
    await end(t, [first], 42);
    await t.until(
      "jobs/j",
      ({ status }) => status.active === 1 && status.uncountedTerminatedPods,
      (body) => [outcome(body), conditions(body)],
    );
    await t.until("pods", ({ items }) => items.length === 2);
  }),
  it("a policy on a condition of the pod", async (t) => {
    const rules = [{ action: "FailJob", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] }];
    const [first] = await started(t, job({ podFailurePolicy: { rules } }), 1);
    const status = { phase: "Failed", conditions: [{ type: "DisruptionTarget", status: "True" }] };
    await t.patch("merge", `pods/${first.metadata.name}/status`, { status }, { bare: true });
    t.entries.pop();
    await told(t, "Failed");
  }),
  it("enough successes of some indexes", async (t) => {
    const successPolicy = { rules: [{ succeededIndexes: "1-2", succeededCount: 1 }] };
    const [first, second] = await started(t, indexed(3, { successPolicy }), 3);
    await end(t, [first], 0);
    await t.until("jobs/j", ({ status }) => status.completedIndexes === "0", outcome);
    await end(t, [second], 0);
    await told(t, "Complete");
  }),
  it("the second rule of a success policy", async (t) => {
    const successPolicy = { rules: [{ succeededIndexes: "0,2" }, { succeededCount: 1 }] };
    const [, second] = await started(t, indexed(3, { successPolicy }), 3);
    await end(t, [second], 0);
    await told(t, "Complete");
    await t.until("pods", ({ items }) => items.length === 1);
  }),
  it("fewer completions of an indexed Job take the pods beyond them", async (t) => {
    await started(t, indexed(3), 3);
    await t.patch("merge", "jobs/j", { spec: { completions: 1, parallelism: 1 } }, { bare: true });
    await t.until(
      "pods",
      ({ items }) => items.length === 1,
      ({ items }) => items.map(index),
    );
  }),
  it("a pod that is deleted counts as failed, and another takes its place", async (t) => {
    const [first] = await started(t, job({ backoffLimit: 3 }), 1);
    await t.del(`pods/${first.metadata.name}`, undefined, { bare: true });
    t.entries.pop();
    await t.until("jobs/j", ({ status }) => status.failed === 1 && status.terminating === 0, outcome);
  }),
  it("a Job that is deleted with its pods", async (t) => {
    await started(t, job(), 1);
    await t.del("jobs/j?propagationPolicy=Background", undefined, { bare: true });
    await t.until("pods", ({ items }) => items.length === 0);
    await t.get("jobs/j", { show: ({ reason }) => reason });
  }),
  ...(
    [
      ["no rule", { rules: [] }],
      ["a rule of nothing", { rules: [{}] }],
      ["indexes that are none", { rules: [{ succeededIndexes: "a" }] }],
      ["indexes out of range", { rules: [{ succeededIndexes: "0-9" }] }],
      ["indexes in disorder", { rules: [{ succeededIndexes: "1,0" }, { succeededIndexes: "1-1" }] }],
      ["an interval of three", { rules: [{ succeededIndexes: "0-1-2" }] }],
      ["a count beyond", { rules: [{ succeededCount: 9 }, { succeededIndexes: "0", succeededCount: 2 }] }],
      ["a count below zero", { rules: [{ succeededCount: -1 }] }],
      ["too many rules", { rules: Array.from({ length: 21 }, () => ({ succeededCount: 1 })) }],
    ] as const
  ).map(([what, successPolicy]) =>
    it(`a success policy is refused: ${what}`, async (t) => {
      await t.post("jobs", indexed(3, { successPolicy }));
    }),
  ),
]);
