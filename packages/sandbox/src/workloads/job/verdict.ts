import type { Job, JobCondition, Pod } from "@bellows/api";
import { type Instant, parseTimestamp } from "@bellows/kube";
import type { Account } from "./accounting.ts";
import { failureAction } from "./failure-policy.ts";
import { metSuccessRule } from "./success-policy.ts";

/** That a Job is over; it is noted as this condition until the last pod is gone. */
export interface Verdict {
  readonly type: "SuccessCriteriaMet" | "FailureTarget";
  readonly reason: string;
  readonly message: string;
}

/** Whether a Job is over, whatever still runs: an earlier verdict stands, failures go before successes (1.35). */
export function verdictOn(
  job: Job,
  conditions: readonly JobCondition[],
  pods: readonly Pod[],
  account: Account,
  now: Instant,
): Verdict | undefined {
  for (const type of ["SuccessCriteriaMet", "FailureTarget"] as const) {
    const noted = conditions.find((condition) => condition.type === type && condition.status === "True");
    if (noted) return { type, reason: noted.reason ?? "", message: noted.message ?? "" };
  }
  return failureOf(job, pods, account, now) ?? successByRule(job, account);
}

function successByRule(job: Job, { indexes }: Account): Verdict | undefined {
  const message = indexes && metSuccessRule(job, indexes.completed);
  return message === undefined ? undefined : { type: "SuccessCriteriaMet", reason: "SuccessPolicy", message };
}

/** Whether a Job with no pod left running has all that it is to have. */
export function completionOf({ spec }: Job, { total }: Account, active: number): Verdict | undefined {
  const { completions } = spec ?? {};
  const enough = completions === undefined ? total.succeeded > 0 : total.succeeded >= completions;
  if (!enough || active > 0) return undefined;
  return {
    type: "SuccessCriteriaMet",
    reason: "CompletionsReached",
    message: "Reached expected number of succeeded pods",
  };
}

function failureOf(job: Job, pods: readonly Pod[], account: Account, now: Instant): Verdict | undefined {
  const { spec, status } = job;
  const failure = (reason: string, message: string): Verdict => ({ type: "FailureTarget", reason, message });
  for (const pod of account.failedPods) {
    const action = failureAction(job, pod);
    if (action.action === "FailJob") return failure("PodFailurePolicy", action.message);
  }
  // Without a limit there is none: with one for each index the default is the greatest number there is.
  const { backoffLimit = 6, activeDeadlineSeconds, maxFailedIndexes, completions = 0 } = spec ?? {};
  if (account.total.failed > backoffLimit || restartsExceed(job, pods, backoffLimit))
    return failure("BackoffLimitExceeded", "Job has reached the specified backoff limit");
  const startedAt = parseTimestamp(status?.startTime);
  if (activeDeadlineSeconds !== undefined && startedAt !== undefined && !spec?.suspend)
    if (now >= startedAt + activeDeadlineSeconds * 1000)
      return failure("DeadlineExceeded", "Job was active longer than specified deadline");
  const { failed, completed } = account.indexes ?? {};
  if (!failed || !completed) return undefined;
  if (maxFailedIndexes !== undefined && failed.size > maxFailedIndexes)
    return failure("MaxFailedIndexesExceeded", "Job has exceeded the specified maximal number of failed indexes");
  if (failed.size > 0 && failed.size + completed.size >= completions)
    return failure("FailedIndexes", "Job has failed indexes");
  return undefined;
}

/** With restartPolicy OnFailure it is the restarts of running pods that count. */
function restartsExceed({ spec }: Job, pods: readonly Pod[], backoffLimit: number): boolean {
  if (spec?.template.spec?.restartPolicy !== "OnFailure") return false;
  let restarts = 0;
  for (const { status } of pods) {
    if (status?.phase !== "Running" && status?.phase !== "Pending") continue;
    for (const { restartCount } of [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])])
      restarts += restartCount;
  }
  return backoffLimit === 0 ? restarts > 0 : restarts >= backoffLimit;
}
