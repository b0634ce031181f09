import type { Job, Pod } from "@bellows/api";
import { failureAction } from "./failure-policy.ts";
import { parseIndexes } from "./indexes.ts";
import { hasFailed, indexOfPod, isTracked } from "./pods.ts";

/** How often pods of an index failed before this one: those that count, and those that a policy ignores. */
const failureCountAnnotation = "batch.kubernetes.io/job-index-failure-count";
const ignoredFailureCountAnnotation = "batch.kubernetes.io/job-index-ignored-failure-count";

const countIn = ({ metadata }: Pod, annotation: string): number => {
  const text = metadata.annotations?.[annotation];
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : 0;
};

/** Failures of a pod's index before it, whether they count or not. */
export const earlierFailures = (pod: Pod): number =>
  countIn(pod, failureCountAnnotation) + countIn(pod, ignoredFailureCountAnnotation);

/** What a pod of a Job with `backoffLimitPerIndex` carries, given the failed one whose place it takes. */
export function failureAnnotations(job: Job, replaced: Pod | undefined): Record<string, string> {
  if (!replaced) return { [failureCountAnnotation]: "0" };
  const ignored = failureAction(job, replaced).action === "Ignore";
  const count = countIn(replaced, failureCountAnnotation) + (ignored ? 0 : 1);
  const ignoredCount = countIn(replaced, ignoredFailureCountAnnotation) + (ignored ? 1 : 0);
  return {
    [failureCountAnnotation]: String(count),
    ...(ignoredCount > 0 && { [ignoredFailureCountAnnotation]: String(ignoredCount) }),
  };
}

/** The indexes that will not be tried again: those noted in the status, and those of pods that just failed. */
export function failedIndexes(job: Job, pods: readonly Pod[]): Set<number> {
  const { completions = 0, backoffLimitPerIndex = 0 } = job.spec ?? {};
  const failed = parseIndexes(job.status?.failedIndexes, completions);
  for (const pod of pods) {
    const index = indexOfPod(pod);
    if (index === undefined || index >= completions || !isTracked(pod) || !hasFailed(pod, job)) continue;
    const { action } = failureAction(job, pod);
    const counts = action !== "Ignore" && countIn(pod, failureCountAnnotation) >= backoffLimitPerIndex;
    if (action === "FailIndex" || counts) failed.add(index);
  }
  return failed;
}

/**
 * The last failed pod of each index that is still to be tried again. It keeps its finalizer until its successor is there,
 * which takes over its count of failures.
 */
export function podsToReplace(
  job: Job,
  pods: readonly Pod[],
  settled: (index: number) => boolean,
  finishedAt: (pod: Pod) => number,
): Map<number, Pod> {
  const last = new Map<number, Pod>();
  for (const pod of pods) {
    const index = indexOfPod(pod);
    if (index === undefined || index >= (job.spec?.completions ?? 0)) continue;
    if (!isTracked(pod) || !hasFailed(pod, job) || settled(index)) continue;
    const known = last.get(index);
    if (!known || (earlierFailures(known) <= earlierFailures(pod) && finishedAt(pod) >= finishedAt(known)))
      last.set(index, pod);
  }
  return last;
}
