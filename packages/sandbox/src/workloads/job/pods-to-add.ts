import type { Job, Pod } from "@bellows/api";
import type { Instant } from "@bellows/kube";
import { isActive, isFinished, isTerminating } from "../pod-state.ts";
import type { Account } from "./accounting.ts";
import { backoffEndsAt, finishedAt, retryAt } from "./backoff.ts";
import { earlierFailures, failureAnnotations } from "./index-failures.ts";
import { indexOfPod, isIndexed, replacesOnlyFailed } from "./pods.ts";
import { wantedPods } from "./pods-to-remove.ts";

/** How many pods are made in one go. */
const burstPods = 500;

interface NewPod {
  readonly index?: number;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** The pods that are missing and may be made now; where failures hold them back, until when. */
export function podsToAdd(
  job: Job,
  pods: readonly Pod[],
  account: Account,
  now: Instant,
): { add: readonly NewPod[]; retryAt?: Instant } {
  const active = pods.filter(isActive);
  const leaving = pods.filter((pod) => isTerminating(pod) && !isFinished(pod));
  const reserved = replacesOnlyFailed(job) ? leaving : [];
  const missing = wantedPods(job, account, active.length) - active.length - reserved.length;
  if (missing <= 0) return { add: [] };
  const count = Math.min(missing, burstPods);
  const perIndex = job.spec?.backoffLimitPerIndex !== undefined;
  if (!perIndex) {
    const at = retryAt(account.failedPods, account.succeededPods);
    if (at > now) return { add: [], retryAt: at };
  }
  if (!isIndexed(job)) return { add: Array.from({ length: count }, () => ({})) };
  const free = freeIndexes(job, account, new Set([...active, ...reserved].map(indexOfPod)), count);
  if (!perIndex) return { add: free.map((index) => ({ index })) };
  return independently(job, account, free, now);
}

function freeIndexes(job: Job, { indexes }: Account, taken: ReadonlySet<number | undefined>, count: number): number[] {
  const free: number[] = [];
  for (let index = 0; index < (job.spec?.completions ?? 0) && free.length < count; index++) {
    if (!indexes?.completed.has(index) && !indexes?.failed?.has(index) && !taken.has(index)) free.push(index);
  }
  return free;
}

/** With `backoffLimitPerIndex` each index waits for its own failures only. */
function independently(job: Job, { indexes }: Account, free: readonly number[], now: Instant) {
  const add: NewPod[] = [];
  let next: Instant | undefined;
  for (const index of free) {
    const replaced = indexes?.toReplace.get(index);
    const at = replaced ? backoffEndsAt(earlierFailures(replaced) + 1, finishedAt(replaced)) : 0;
    if (at <= now) add.push({ index, annotations: failureAnnotations(job, replaced) });
    else next = Math.min(next ?? at, at);
  }
  return { add, ...(next !== undefined && { retryAt: next }) };
}
