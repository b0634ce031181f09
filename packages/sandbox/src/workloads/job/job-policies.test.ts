import type { Job, Pod } from "@bellows/api";
import { describe, expect, test } from "vitest";
import { accountOf } from "./accounting.ts";
import { podsToAdd } from "./pods-to-add.ts";
import { metSuccessRule } from "./success-policy.ts";
import { verdictOn } from "./verdict.ts";

const now = Date.parse("2026-01-01T01:00:00Z");
const indexed = (spec: object): Job =>
  ({
    metadata: { name: "work", namespace: "default" },
    spec: {
      completionMode: "Indexed",
      completions: 4,
      parallelism: 4,
      template: { spec: { containers: [] } },
      backoffLimit: 2 ** 31 - 1,
      ...spec,
    },
  }) as Job;

interface PodFacts {
  readonly phase?: string;
  readonly exitCode?: number;
  readonly failures?: number;
  readonly secondsAgo?: number;
}

const pod = (index: number, { phase = "Failed", exitCode = 1, failures, secondsAgo = 60 }: PodFacts = {}): Pod =>
  ({
    metadata: {
      name: `work-${index}-x`,
      namespace: "default",
      uid: `uid-${index}-${failures}`,
      finalizers: ["batch.kubernetes.io/job-tracking"],
      annotations: {
        "batch.kubernetes.io/job-completion-index": String(index),
        ...(failures !== undefined && { "batch.kubernetes.io/job-index-failure-count": String(failures) }),
      },
    },
    status: {
      phase,
      containerStatuses: [
        {
          name: "main",
          state: { terminated: { exitCode, finishedAt: new Date(now - secondsAgo * 1000).toISOString() } },
        },
      ],
    },
  }) as unknown as Pod;

const verdict = (job: Job, pods: readonly Pod[]) => verdictOn(job, [], pods, accountOf(job, pods), now);

describe("successPolicy", () => {
  test.each([
    { name: "asks for all its indexes", rules: [{ succeededIndexes: "0,2" }], completed: [0, 2], met: 0 },
    { name: "is not met by some", rules: [{ succeededIndexes: "0,2" }], completed: [0, 1, 3], met: undefined },
    {
      name: "takes some where it counts",
      rules: [{ succeededIndexes: "0-2", succeededCount: 1 }],
      completed: [2],
      met: 0,
    },
    {
      name: "counts only its own indexes",
      rules: [{ succeededIndexes: "0-2", succeededCount: 1 }],
      completed: [3],
      met: undefined,
    },
    { name: "counts any index", rules: [{ succeededCount: 2 }], completed: [1, 3], met: 0 },
    { name: "tells which rule", rules: [{ succeededCount: 4 }, { succeededIndexes: "3" }], completed: [3], met: 1 },
    { name: "needs a success", rules: [{ succeededIndexes: "9" }], completed: [], met: undefined },
  ])("$name", ({ rules, completed, met }) => {
    const message = met === undefined ? undefined : `Matched rules at index ${met}`;
    expect(metSuccessRule(indexed({ successPolicy: { rules } }), new Set(completed))).toBe(message);
  });

  test("ends the Job while pods of other indexes run", () => {
    const job = indexed({ successPolicy: { rules: [{ succeededIndexes: "1" }] } });
    expect(verdict(job, [pod(0, { phase: "Running" }), pod(1, { phase: "Succeeded", exitCode: 0 })])).toEqual({
      type: "SuccessCriteriaMet",
      reason: "SuccessPolicy",
      message: "Matched rules at index 0",
    });
  });
});

describe("backoffLimitPerIndex", () => {
  const job = indexed({ backoffLimitPerIndex: 1 });

  test("tries an index again, after its own back-off, with the count of its failures", () => {
    const pods = [pod(0, { failures: 0, secondsAgo: 60 }), pod(1, { failures: 0, secondsAgo: 3 })];
    const { add, retryAt } = podsToAdd(job, pods, accountOf(job, pods), now);
    expect(add).toEqual(
      [0, 2, 3].map((index) => ({
        index,
        annotations: { "batch.kubernetes.io/job-index-failure-count": index === 0 ? "1" : "0" },
      })),
    );
    expect(retryAt).toBe(now + 7_000);
  });

  test("gives an index up, and goes on with the others", () => {
    const pods = [pod(0, { failures: 1 }), pod(1, { phase: "Running" })];
    expect([...(accountOf(job, pods).indexes?.failed ?? [])]).toEqual([0]);
    expect(verdict(job, pods)).toBeUndefined();
    expect(podsToAdd(job, pods, accountOf(job, pods), now).add.map(({ index }) => index)).toEqual([2, 3]);
  });

  test("fails the Job when every index has ended", () => {
    const succeeded = [1, 2, 3].map((index) => pod(index, { phase: "Succeeded", exitCode: 0 }));
    expect(verdict(job, [pod(0, { failures: 1 }), ...succeeded])?.reason).toBe("FailedIndexes");
  });

  test("fails it at once when more than maxFailedIndexes have failed", () => {
    const limited = indexed({ backoffLimitPerIndex: 0, maxFailedIndexes: 1 });
    expect(verdict(limited, [pod(0)])).toBeUndefined();
    expect(verdict(limited, [pod(0), pod(1)])?.reason).toBe("MaxFailedIndexesExceeded");
  });

  test("a podFailurePolicy may give an index up at once, or forgive", () => {
    const rules = [
      { action: "FailIndex", onExitCodes: { operator: "In", values: [42] } },
      { action: "Ignore", onExitCodes: { operator: "In", values: [43] } },
    ];
    const judged = indexed({ backoffLimitPerIndex: 5, podFailurePolicy: { rules } });
    const pods = [pod(0, { exitCode: 42 }), pod(1, { exitCode: 43, failures: 0 })];
    const account = accountOf(judged, pods);
    expect([...(account.indexes?.failed ?? [])]).toEqual([0]);
    expect(podsToAdd(judged, pods, account, now).add[0]).toEqual({
      index: 1,
      annotations: {
        "batch.kubernetes.io/job-index-failure-count": "0",
        "batch.kubernetes.io/job-index-ignored-failure-count": "1",
      },
    });
  });
});
