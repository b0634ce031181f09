import type { Pod } from "@bellows/api";
import { condition } from "@bellows/api";
import { type Instant, parseTimestamp } from "@bellows/kube";

/** After the n-th failure in a row new pods wait for 10 s * 2^(n-1), at most ten minutes. */
const failureBackoffMs = { first: 10_000, most: 600_000 };

/** When a pod ended, from the surest sign to the least (controller `getFinishedTime`, 1.35). */
export function finishedAt({ status, metadata }: Pod): Instant {
  const ends = (status?.containerStatuses ?? []).map(({ state }) => parseTimestamp(state?.terminated?.finishedAt));
  if (ends.length > 0 && ends.every((at) => at !== undefined)) return Math.max(...ends);
  const ready = condition(status?.conditions, "Ready");
  const notReadySince = ready?.status === "False" ? parseTimestamp(ready.lastTransitionTime) : undefined;
  if (notReadySince !== undefined) return notReadySince;
  const deletedAt = parseTimestamp(metadata.deletionTimestamp);
  if (deletedAt !== undefined) return deletedAt - (metadata.deletionGracePeriodSeconds ?? 0) * 1000;
  return parseTimestamp(metadata.creationTimestamp) ?? 0;
}

export const backoffEndsAt = (failures: number, lastFailureAt: Instant): Instant =>
  failures === 0 ? 0 : lastFailureAt + Math.min(failureBackoffMs.most, failureBackoffMs.first * 2 ** (failures - 1));

/** When a Job may have a new pod: the failures since its last success count. */
export function retryAt(failed: readonly Pod[], succeeded: readonly Pod[]): Instant {
  const lastSuccessAt = Math.max(0, ...succeeded.map(finishedAt));
  const since = failed.map(finishedAt).filter((at) => at > lastSuccessAt);
  return since.length === 0 ? 0 : backoffEndsAt(since.length, Math.max(...since));
}
