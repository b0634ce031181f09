import type { Job, Pod } from "@bellows/api";
import { isActive } from "../pod-state.ts";
import { finishedAt } from "./backoff.ts";
import { failureAction } from "./failure-policy.ts";
import { failedIndexes, podsToReplace } from "./index-failures.ts";
import { parseIndexes } from "./indexes.ts";
import { hasFailed, indexOfPod, isIndexed, isTracked } from "./pods.ts";

/** How many terminated pods are in the making of being counted at a time. */
const maxUncounted = 500;

interface Outcome {
  readonly succeeded: number;
  readonly failed: number;
}

/** What has become of a Job's pods so far. */
export interface Account {
  /** What the status has counted. */
  readonly counted: Outcome;
  /** With those that are in the making of being counted, and those that are new. */
  readonly total: Outcome;
  readonly noted: { readonly succeeded: ReadonlySet<string>; readonly failed: ReadonlySet<string> };
  readonly failedPods: readonly Pod[];
  readonly succeededPods: readonly Pod[];
  /** Of an Indexed job. */
  readonly indexes?: {
    readonly completed: ReadonlySet<number>;
    /** With `backoffLimitPerIndex`: those that are given up, and whose failed pod waits for a successor. */
    readonly failed?: ReadonlySet<number>;
    readonly toReplace: ReadonlyMap<number, Pod>;
  };
}

/**
 * Adds up what has ended. A pod is counted in three steps, so that none is forgotten or counted twice whenever this stops:
 * its uid is noted in the status, its finalizer goes, then the number grows and the uid goes too.
 */
export function accountOf(job: Job, pods: readonly Pod[]): Account {
  const { status, spec } = job;
  const completions = spec?.completions ?? 0;
  const tracked = new Set(pods.filter(isTracked).map(({ metadata }) => metadata.uid ?? ""));
  const noted = { succeeded: new Set<string>(), failed: new Set<string>() };
  const counted = { succeeded: status?.succeeded ?? 0, failed: status?.failed ?? 0 };
  for (const outcome of ["succeeded", "failed"] as const)
    for (const uid of status?.uncountedTerminatedPods?.[outcome] ?? []) {
      if (tracked.has(uid)) noted[outcome].add(uid);
      else counted[outcome]++;
    }
  const failedPods = pods.filter((pod) => hasFailed(pod, job));
  const succeededPods = pods.filter((pod) => pod.status?.phase === "Succeeded");
  const isNew = (pod: Pod) => isTracked(pod) && isValid(job, pod);
  const newlyFailed = failedPods.filter(
    (pod) => isNew(pod) && !noted.failed.has(pod.metadata.uid ?? "") && failureAction(job, pod).action !== "Ignore",
  );
  const newlySucceeded = succeededPods.filter((pod) => isNew(pod) && !noted.succeeded.has(pod.metadata.uid ?? ""));
  const failed = counted.failed + noted.failed.size + newlyFailed.length;
  const account = { counted, noted, failedPods, succeededPods };
  if (!isIndexed(job)) {
    const succeeded = counted.succeeded + noted.succeeded.size + newlySucceeded.length;
    return { ...account, total: { succeeded, failed } };
  }
  const completed = parseIndexes(status?.completedIndexes, completions);
  for (const pod of newlySucceeded) completed.add(indexOfPod(pod) as number);
  const indexes = { completed, ...givenUp(job, pods, completed) };
  counted.succeeded = completed.size;
  return { ...account, total: { succeeded: completed.size, failed }, indexes };
}

function givenUp(job: Job, pods: readonly Pod[], completed: ReadonlySet<number>) {
  if (job.spec?.backoffLimitPerIndex === undefined) return { toReplace: new Map<number, Pod>() };
  const failed = failedIndexes(job, pods);
  const active = new Set(pods.filter(isActive).map(indexOfPod));
  const settled = (index: number) => completed.has(index) || failed.has(index) || active.has(index);
  return { failed, toReplace: podsToReplace(job, pods, settled, finishedAt) };
}

/** Pods of an Indexed job count only with an index of its range. */
function isValid(job: Job, pod: Pod): boolean {
  if (!isIndexed(job)) return true;
  const index = indexOfPod(pod);
  return index !== undefined && index < (job.spec?.completions ?? 0);
}

/** What to note in the status next, and which pods may lose their finalizer once that is written. */
export interface NextCount {
  readonly noted: { readonly succeeded: readonly string[]; readonly failed: readonly string[] };
  readonly toRelease: readonly Pod[];
}

/**
 * @param over how the Job ends, if it does: its pods are all let go then, and where it fails, those that still ran count
 * as failed
 */
export function nextCount(
  job: Job,
  pods: readonly Pod[],
  account: Account,
  over: "succeeds" | "fails" | undefined,
): NextCount {
  const succeeded = [...account.noted.succeeded];
  const failed = [...account.noted.failed];
  const toRelease: Pod[] = [];
  const replaced = new Set(account.indexes?.toReplace.values());
  for (const pod of pods) {
    if (succeeded.length + failed.length >= maxUncounted) break;
    if (!isTracked(pod)) continue;
    const hasSucceeded = pod.status?.phase === "Succeeded";
    const isFailure = hasFailed(pod, job);
    if (!over && !hasSucceeded && (!isFailure || replaced.has(pod))) continue;
    toRelease.push(pod);
    const { uid = "" } = pod.metadata;
    if (hasSucceeded) {
      // The index is enough to know a success again.
      if (!isIndexed(job) && !account.noted.succeeded.has(uid)) succeeded.push(uid);
    } else if ((isFailure || over === "fails") && isValid(job, pod) && !account.noted.failed.has(uid)) {
      if (failureAction(job, pod).action !== "Ignore") failed.push(uid);
    }
  }
  return { noted: { succeeded, failed }, toRelease };
}
