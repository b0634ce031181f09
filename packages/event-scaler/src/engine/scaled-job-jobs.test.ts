import type { Job, Pod } from "@bellows/api";
import { describe, expect, test } from "vitest";
import { countJobs, endOf, jobOf, jobsBeyondHistory, jobsOfOtherGenerations } from "./scaled-job-jobs.ts";
import type { ScaledJobSpec, SpecifiedScaledJob } from "./scaled-job-strategy.ts";

const ended = (name: string, type: "Complete" | "Failed", at: string): Job => ({
  metadata: { name, namespace: "jobs" },
  status:
    type === "Complete"
      ? { completionTime: at, conditions: [{ type, status: "True", lastTransitionTime: at }] }
      : { conditions: [{ type, status: "True", lastTransitionTime: at }] },
});
const running = (name: string, annotations: Record<string, string> = {}): Job => ({
  metadata: { name, namespace: "jobs", annotations },
});
const names = (jobs: readonly Job[]) => jobs.map(({ metadata }) => metadata.name);
const spec = (fields: Partial<ScaledJobSpec> = {}): ScaledJobSpec => ({
  jobTargetRef: { template: { spec: { containers: [{ name: "work" }] } } },
  triggers: [],
  ...fields,
});

describe("history", () => {
  const mixed = [
    ended("success1", "Complete", "2026-07-29T15:37:00Z"),
    ended("success2", "Complete", "2026-07-29T15:36:00Z"),
    ended("success3", "Complete", "2026-07-29T15:35:00Z"),
    ended("fail1", "Failed", "2026-07-29T15:37:00Z"),
    ended("fail2", "Failed", "2026-07-29T15:36:00Z"),
    ended("fail3", "Failed", "2026-07-29T15:38:00Z"),
    running("busy"),
  ];
  test.each([
    { name: "deletes those that ended first, of each end", limits: [1, 2], deleted: ["success3", "success2", "fail2"] },
    {
      name: "keeps none at zero",
      limits: [0, 0],
      deleted: ["success3", "success2", "success1", "fail2", "fail1", "fail3"],
    },
    { name: "keeps all within the limits", limits: [3, 3], deleted: [] },
  ])("$name", ({ limits: [good, bad], deleted }) => {
    const limits = { successfulJobsHistoryLimit: good as number, failedJobsHistoryLimit: bad as number };
    expect(names(jobsBeyondHistory(spec(limits), mixed))).toEqual(deleted);
  });

  test("keeps 100 of each where nothing is said", () => {
    const many = (type: "Complete" | "Failed") => [
      ended(`${type}-first`, type, "2026-07-29T15:35:00Z"),
      ...Array.from({ length: 100 }, (_, index) => ended(`${type}-${index}`, type, "2026-07-29T15:40:00Z")),
    ];
    expect(names(jobsBeyondHistory(spec(), [...many("Complete"), ...many("Failed")]))).toEqual([
      "Complete-first",
      "Failed-first",
    ]);
  });
});

describe("pending Jobs", () => {
  const pod = (phase: string, ...conditions: string[]): Pod => ({
    metadata: { name: "pod" },
    status: { phase, conditions: conditions.map((type) => ({ type, status: "True" })) },
  });
  const pending = (pods: readonly Pod[], conditions?: readonly string[]) =>
    countJobs([running("one")], () => pods, conditions).pending;

  test.each([
    { phase: "Succeeded", is: 0 },
    { phase: "Running", is: 0 },
    { phase: "Failed", is: 1 },
    { phase: "Pending", is: 1 },
    { phase: "Unknown", is: 1 },
  ])("a Job whose pod is $phase counts $is", ({ phase, is }) => expect(pending([pod(phase)])).toBe(is));

  const both = ["Ready", "PodScheduled"];
  test.each([
    { name: "no condition yet", pods: [[]], is: 1 },
    { name: "one of two conditions", pods: [["Ready"]], is: 1 },
    { name: "all conditions", pods: [both], is: 0 },
    { name: "all conditions on both pods", pods: [both, both], is: 0 },
    { name: "all conditions on one of two pods", pods: [["Ready"], both], is: 0 },
    { name: "the conditions spread over two pods", pods: [["Ready"], ["PodScheduled"]], is: 1 },
    { name: "all conditions on one of three pods", pods: [[], ["Ready"], both], is: 0 },
    { name: "no pod of three with all conditions", pods: [[], ["Ready"], ["PodScheduled"]], is: 1 },
    { name: "no pod", pods: [], is: 1 },
  ])("with conditions asked for: $name counts $is", ({ pods, is }) => {
    expect(
      pending(
        pods.map((conditions) => pod("Running", ...conditions)),
        both,
      ),
    ).toBe(is);
  });

  test("ended Jobs count neither as running nor as pending", () => {
    const jobs = [running("one"), ended("two", "Complete", ""), ended("three", "Failed", "")];
    expect(countJobs(jobs, () => [])).toEqual({ running: 1, pending: 1 });
  });
});

test.each([
  { name: "no conditions", conditions: [], is: undefined },
  { name: "Complete", conditions: [{ type: "Complete", status: "True" }], is: "Complete" },
  { name: "Failed", conditions: [{ type: "Failed", status: "True" }], is: "Failed" },
  { name: "a Complete that is False", conditions: [{ type: "Complete", status: "False" }], is: undefined },
  { name: "a Suspended", conditions: [{ type: "Suspended", status: "True" }], is: undefined },
])("a Job with $name has ended as $is", ({ conditions, is }) => {
  expect(endOf({ metadata: { name: "work" }, status: { conditions } })).toBe(is);
});

const scaledJob = (fields: Partial<ScaledJobSpec> = {}, metadata: object = {}): SpecifiedScaledJob => ({
  apiVersion: "keda.sh/v1alpha1",
  kind: "ScaledJob",
  metadata: { name: "orders", namespace: "jobs", uid: "u1", generation: 2, ...metadata },
  spec: spec(fields),
});

describe("rollout", () => {
  const generation = (text: string) => running(`g${text}`, { "scaledjob.keda.sh/generation": text });
  const jobs = [generation("1"), generation("2"), running("none")];
  test.each([
    { name: "immediate by default", of: {}, deleted: ["g1", "none"] },
    { name: "immediate", of: { rollout: { strategy: "immediate" as const } }, deleted: ["g1", "none"] },
    { name: "gradual deletes none", of: { rollout: { strategy: "gradual" as const } }, deleted: [] },
    {
      name: "the old field goes first",
      of: { rolloutStrategy: "gradual" as const, rollout: { strategy: "immediate" as const } },
      deleted: [],
    },
  ])("$name", ({ of, deleted }) => expect(names(jobsOfOtherGenerations(scaledJob(of), jobs))).toEqual(deleted));
});

describe("a new Job", () => {
  test("has the name, labels, annotations and owner that KEDA gives it", () => {
    const labels = { team: "shop", secret: "yes" };
    const annotations = { note: "x", "scaledjob.keda.sh/job-excluded-labels": "foo,secret" };
    const job = jobOf(scaledJob({}, { labels, annotations }), "2.21.0");
    expect(job.metadata).toEqual({
      generateName: "orders-",
      namespace: "jobs",
      labels: {
        "app.kubernetes.io/name": "orders",
        "app.kubernetes.io/version": "2.21.0",
        "app.kubernetes.io/part-of": "orders",
        "app.kubernetes.io/managed-by": "keda-operator",
        "scaledjob.keda.sh/name": "orders",
        team: "shop",
      },
      annotations: { "scaledjob.keda.sh/generation": "2", ...annotations },
      ownerReferences: [
        {
          apiVersion: "keda.sh/v1alpha1",
          kind: "ScaledJob",
          name: "orders",
          uid: "u1",
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    });
    expect(job.spec?.template).toEqual({
      metadata: { generateName: "orders-", labels: { "scaledjob.keda.sh/name": "orders" } },
      spec: { containers: [{ name: "work" }], restartPolicy: "OnFailure" },
    });
  });

  test("keeps the restart policy and the pod labels that are given", () => {
    const template = { metadata: { labels: { app: "a" } }, spec: { restartPolicy: "Never", containers: [] } };
    const job = jobOf(scaledJob({ jobTargetRef: { parallelism: 2, template } }), "2.21.0");
    expect(job.spec).toMatchObject({ parallelism: 2, template: { spec: { restartPolicy: "Never" } } });
    expect(job.spec?.template.metadata?.labels).toEqual({ app: "a", "scaledjob.keda.sh/name": "orders" });
  });
});
