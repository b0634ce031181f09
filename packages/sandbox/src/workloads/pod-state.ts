import { condition, type Pod } from "@bellows/api";
import { type Instant, parseTimestamp } from "@bellows/kube";

export const isFinished = ({ status }: Pod): boolean => status?.phase === "Succeeded" || status?.phase === "Failed";

export const isTerminating = ({ metadata }: Pod): boolean => metadata.deletionTimestamp !== undefined;

/** Counts towards replicas: neither finished nor on its way out. */
export const isActive = (pod: Pod): boolean => !isFinished(pod) && !isTerminating(pod);

export const isReady = ({ status }: Pod): boolean => condition(status?.conditions, "Ready")?.status === "True";

/** Since when a pod is ready; undefined where it is not. */
export function readySince({ status }: Pod): Instant | undefined {
  const ready = condition(status?.conditions, "Ready");
  return ready?.status === "True" ? (parseTimestamp(ready.lastTransitionTime) ?? 0) : undefined;
}

/** When a pod counts as available: ready for `minReadySeconds`. Undefined where it is not ready. */
export function availableAt(pod: Pod, minReadySeconds = 0): Instant | undefined {
  if (minReadySeconds === 0) return isReady(pod) ? Number.NEGATIVE_INFINITY : undefined;
  const since = readySince(pod);
  return since === undefined ? undefined : since + minReadySeconds * 1000;
}

export function isAvailable(pod: Pod, minReadySeconds: number | undefined, now: Instant): boolean {
  const at = availableAt(pod, minReadySeconds);
  return at !== undefined && at <= now;
}

/** The next instant after `now` at which one of `pods` becomes available by time alone. */
export function nextAvailableAt(
  pods: readonly Pod[],
  minReadySeconds: number | undefined,
  now: Instant,
): Instant | undefined {
  if (!minReadySeconds) return undefined;
  let next: Instant | undefined;
  for (const pod of pods) {
    const at = availableAt(pod, minReadySeconds);
    if (at !== undefined && at > now && (next === undefined || at < next)) next = at;
  }
  return next;
}
