import { Job, type JobCondition, type JobStatus, Pod, selectorOf, timestamp } from "@bellows/api";
import {
  type Controller,
  type ControllerContext,
  isNotFound,
  keyOf,
  lookAgainAt,
  mapped,
  parseTimestamp,
  type ReconcileResult,
  self,
} from "@bellows/kube";
import { claim, controllerOf } from "../ownership.ts";
import { createPod, deletePod, slowStart } from "../pod-creation.ts";
import { isFinished, isReady, isTerminating } from "../pod-state.ts";
import { fieldManager, toleratingConflicts, writeStatus } from "../writes.ts";
import { failureAction } from "./failure-policy.ts";
import { formatIndexes, parseIndexes } from "./indexes.ts";
import { hasFailed, indexOfPod, isIndexed, isTracked, jobPod, trackingFinalizer } from "./pods.ts";

const burstPods = 500;
/** After the n-th failure new pods wait for 10 s * 2^(n-1), at most ten minutes. */
const failureBackoffMs = { first: 10_000, most: 600_000 };
/** How many terminated pods are in the making of being counted at a time. */
const maxUncounted = 500;

/** Runs pods to completion. Writes: pods (and their finalizer), Job status, Events. */
export const jobController = (): Controller =>
  toleratingConflicts({
    name: "job-controller",
    watches: [
      self(Job),
      mapped(Pod, (pod) => {
        const owner = controllerOf(pod);
        return owner?.kind === "Job" ? [{ namespace: pod.metadata.namespace as string, name: owner.name }] : [];
      }),
    ],
    async reconcile(key, context) {
      const job = context.cache.get(Job, key);
      if (!job?.spec || (job.spec.managedBy && job.spec.managedBy !== "kubernetes.io/job-controller")) return undefined;
      return new JobSync(job, context).reconcile();
    },
  });

export const isJobFinished = ({ status }: Job): boolean =>
  status?.conditions?.some(
    ({ type, status: value }) => (type === "Complete" || type === "Failed") && value === "True",
  ) ?? false;

interface Verdict {
  readonly type: "SuccessCriteriaMet" | "FailureTarget";
  readonly reason: string;
  readonly message: string;
}

interface Counts {
  /** What the status has counted. */
  readonly counted: { readonly succeeded: number; readonly failed: number };
  /** Counted, and in the making of being counted. */
  readonly succeeded: number;
  readonly failed: number;
  readonly noted: { readonly succeeded: ReadonlySet<string>; readonly failed: ReadonlySet<string> };
  readonly uncounted: number;
  /** The completed indexes of an Indexed job. */
  readonly indexes: ReadonlySet<number> | undefined;
  readonly toRelease: readonly Pod[];
  readonly allFailedPods: readonly Pod[];
}

class JobSync {
  readonly #job: Job;
  readonly #context: ControllerContext;
  readonly #now: number;
  readonly #conditions: JobCondition[];
  #pods: readonly Pod[] = [];
  #active: readonly Pod[] = [];

  constructor(job: Job, context: ControllerContext) {
    this.#job = job;
    this.#context = context;
    this.#now = context.clock.now();
    this.#conditions = [...(job.status?.conditions ?? [])];
  }

  async reconcile(): Promise<ReconcileResult> {
    const job = this.#job;
    const selector = selectorOf(job.spec?.selector);
    this.#pods = await claim(this.#context, {
      owner: job,
      ownerKind: Job,
      kind: Pod,
      matches: (pod) => selector.matches(pod.metadata.labels),
      adoptable: isTracked,
    });
    if (isJobFinished(job) || job.metadata.deletionTimestamp) return this.#releasePods(this.#pods.filter(isTracked));
    this.#active = this.#pods.filter((pod) => !isFinished(pod) && !isTerminating(pod));

    const counts = this.#count();
    const verdict = this.#verdict(counts.succeeded, counts.failed, counts.allFailedPods);
    const suspended = job.spec?.suspend ?? false;
    let startTime = job.status?.startTime;
    if (!startTime && !suspended) startTime = timestamp(this.#now);

    let active = this.#active.length;
    let failure: unknown;
    let again: number | undefined;
    try {
      if (verdict || suspended) {
        await this.#deleteActive(this.#active);
        active = 0;
      } else {
        const managed = await this.#managePods(counts);
        active += managed.change;
        again = managed.retryAt;
      }
    } catch (error) {
      failure = error;
    }
    const resumedAt = this.#noteSuspension(suspended, verdict);
    if (resumedAt) startTime = resumedAt;
    if (suspended && this.#conditions.some(({ type, status }) => type === "Suspended" && status === "True"))
      startTime = undefined;

    const terminating = this.#pods.filter((pod) => isTerminating(pod) && !isFinished(pod)).length;
    const finished = verdict ? this.#finish(verdict, active, terminating, counts.uncounted > 0) : undefined;
    const status = this.#status(counts, { active, terminating, startTime, finished });
    await writeStatus(this.#context.client, Job, job, status);
    if (finished) this.#tell(finished);
    await this.#releasePods(counts.toRelease);
    if (failure) throw failure;
    return this.#next(again, startTime, verdict);
  }

  /** Adds up what has ended: first a pod's uid is noted in the status, then its finalizer goes, then it is counted. */
  #count(): Counts {
    const { status, spec } = this.#job;
    const noted = {
      succeeded: new Set(status?.uncountedTerminatedPods?.succeeded),
      failed: new Set(status?.uncountedTerminatedPods?.failed),
    };
    const byUid = new Map(this.#pods.map((pod) => [pod.metadata.uid ?? "", pod]));
    const pending = (uid: string) => {
      const pod = byUid.get(uid);
      return pod !== undefined && isTracked(pod);
    };
    let succeeded = status?.succeeded ?? 0;
    let failed = status?.failed ?? 0;
    for (const uid of [...noted.succeeded]) {
      if (pending(uid)) continue;
      noted.succeeded.delete(uid);
      succeeded++;
    }
    for (const uid of [...noted.failed]) {
      if (pending(uid)) continue;
      noted.failed.delete(uid);
      failed++;
    }
    const completions = spec?.completions ?? 0;
    const indexes = isIndexed(this.#job) ? parseIndexes(status?.completedIndexes, completions) : undefined;
    const toRelease: Pod[] = [];
    const allFailedPods: Pod[] = [];
    for (const pod of this.#pods) {
      const isFailed = hasFailed(pod, this.#job);
      if (isFailed) allFailedPods.push(pod);
      if (!isTracked(pod)) continue;
      const uid = pod.metadata.uid ?? "";
      if (pod.status?.phase === "Succeeded") {
        const index = indexOfPod(pod);
        if (indexes) {
          if (index !== undefined && index < completions) indexes.add(index);
        } else if (noted.succeeded.size + noted.failed.size < maxUncounted) noted.succeeded.add(uid);
        toRelease.push(pod);
      } else if (isFailed && noted.succeeded.size + noted.failed.size < maxUncounted) {
        if (failureAction(this.#job, pod).action !== "Ignore") noted.failed.add(uid);
        toRelease.push(pod);
      }
    }
    if (indexes) succeeded = indexes.size;
    const uncounted = noted.succeeded.size + noted.failed.size;
    return {
      counted: { succeeded, failed },
      succeeded: succeeded + noted.succeeded.size,
      failed: failed + noted.failed.size,
      noted,
      uncounted,
      indexes,
      toRelease,
      allFailedPods,
    };
  }

  #verdict(succeeded: number, failed: number, failedPods: readonly Pod[]): Verdict | undefined {
    const { spec, status } = this.#job;
    const kept = this.#conditions.find(({ type, status: value }) => {
      return (type === "SuccessCriteriaMet" || type === "FailureTarget") && value === "True";
    });
    if (kept) return { type: kept.type as Verdict["type"], reason: kept.reason ?? "", message: kept.message ?? "" };
    const failure = (reason: string, message: string): Verdict => ({ type: "FailureTarget", reason, message });
    for (const pod of failedPods) {
      const action = failureAction(this.#job, pod);
      if (action.action === "FailJob") return failure("PodFailurePolicy", action.message);
    }
    const backoffLimit = spec?.backoffLimit ?? 6;
    if (failed > backoffLimit || this.#restartsExceed(backoffLimit)) {
      return failure("BackoffLimitExceeded", "Job has reached the specified backoff limit");
    }
    const startedAt = parseTimestamp(status?.startTime);
    const deadline = spec?.activeDeadlineSeconds;
    if (
      deadline !== undefined &&
      startedAt !== undefined &&
      !spec?.suspend &&
      this.#now >= startedAt + deadline * 1000
    ) {
      return failure("DeadlineExceeded", "Job was active longer than specified deadline");
    }
    const completions = spec?.completions;
    const done =
      completions === undefined
        ? succeeded > 0 && this.#active.length === 0
        : succeeded >= completions && !spec?.suspend;
    const reached = { reason: "CompletionsReached", message: "Reached expected number of succeeded pods" };
    return done ? { type: "SuccessCriteriaMet", ...reached } : undefined;
  }

  /** With restartPolicy OnFailure it is the restarts of running pods that count. */
  #restartsExceed(backoffLimit: number): boolean {
    if (this.#job.spec?.template.spec?.restartPolicy !== "OnFailure") return false;
    let restarts = 0;
    for (const { status } of this.#active) {
      const statuses = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
      if (status?.phase === "Running" || status?.phase === "Pending")
        for (const each of statuses) restarts += each.restartCount;
    }
    return backoffLimit === 0 ? restarts > 0 : restarts >= backoffLimit;
  }

  async #managePods(counts: Counts): Promise<{ change: number; retryAt?: number }> {
    const { spec } = this.#job;
    const parallelism = spec?.parallelism ?? 1;
    const terminating = this.#pods.filter((pod) => isTerminating(pod) && !isFinished(pod)).length;
    let wanted: number;
    if (spec?.completions === undefined) wanted = counts.succeeded > 0 ? this.#active.length : parallelism;
    else wanted = Math.min(parallelism, Math.max(0, spec.completions - counts.succeeded));
    const surplus = this.#active.length - wanted;
    if (surplus > 0) {
      await this.#deleteActive([...this.#active].sort(compareForRemoval).slice(0, surplus));
      return { change: -surplus };
    }
    const replacesFailedOnly = spec?.podReplacementPolicy === "Failed" || spec?.podFailurePolicy !== undefined;
    const missing = Math.min(wanted - this.#active.length - (replacesFailedOnly ? terminating : 0), burstPods);
    if (missing <= 0) return { change: 0 };
    const retryAt = this.#backoffUntil(counts.allFailedPods, counts.failed);
    if (retryAt > this.#now) return { change: 0, retryAt };
    const indexes = counts.indexes ? this.#freeIndexes(counts.indexes, missing) : undefined;
    let created = 0;
    await slowStart(indexes?.length ?? missing, async (position) => {
      await createPod(this.#context, this.#job, jobPod(this.#job, indexes?.[position]));
      created++;
    });
    return { change: created };
  }

  #freeIndexes(completed: ReadonlySet<number>, count: number): number[] {
    const taken = new Set(this.#active.map(indexOfPod));
    const free: number[] = [];
    for (let index = 0; index < (this.#job.spec?.completions ?? 0) && free.length < count; index++) {
      if (!completed.has(index) && !taken.has(index)) free.push(index);
    }
    return free;
  }

  #backoffUntil(failedPods: readonly Pod[], failed: number): number {
    if (failed === 0 || failedPods.length === 0) return 0;
    let last = 0;
    for (const pod of failedPods) last = Math.max(last, finishedAt(pod) ?? this.#now);
    const exponent = Math.min(failed - 1, 10);
    return last + Math.min(failureBackoffMs.most, failureBackoffMs.first * 2 ** exponent);
  }

  async #deleteActive(pods: readonly Pod[]): Promise<void> {
    await Promise.all(
      pods.map(async (pod) => {
        await this.#release(pod);
        await deletePod(this.#context, this.#job, pod);
      }),
    );
  }

  #put(type: string, status: string, reason: string, message: string): boolean {
    const at = timestamp(this.#now);
    const index = this.#conditions.findIndex((condition) => condition.type === type);
    const before = this.#conditions[index];
    if (before?.status === status && before.reason === reason && before.message === message) return false;
    const next: JobCondition = { type, status, lastProbeTime: at, lastTransitionTime: at, reason, message };
    if (before) this.#conditions[index] = next;
    else if (status === "True") this.#conditions.push(next);
    else return false;
    return true;
  }

  /** @returns the new start time where the job has just been resumed */
  #noteSuspension(suspended: boolean, verdict: Verdict | undefined): string | undefined {
    const { events } = this.#context;
    if (verdict) return undefined;
    if (suspended) {
      if (this.#put("Suspended", "True", "JobSuspended", "Job suspended")) {
        events.record(this.#job, { type: "Normal", reason: "Suspended", message: "Job suspended" });
      }
      return undefined;
    }
    if (!this.#conditions.some(({ type, status }) => type === "Suspended" && status === "True")) return undefined;
    this.#put("Suspended", "False", "JobResumed", "Job resumed");
    events.record(this.#job, { type: "Normal", reason: "Resumed", message: "Job resumed" });
    return timestamp(this.#now);
  }

  /** First the verdict is noted; the job is over when no pod of it is left running and all are counted. */
  #finish(verdict: Verdict, active: number, terminating: number, uncounted: boolean): JobCondition | undefined {
    this.#put(verdict.type, "True", verdict.reason, verdict.message);
    if (active > 0 || terminating > 0 || uncounted) return undefined;
    this.#put(verdict.type === "FailureTarget" ? "Failed" : "Complete", "True", verdict.reason, verdict.message);
    return this.#conditions.at(-1);
  }

  #tell({ type, reason = "", message = "" }: JobCondition): void {
    const { events } = this.#context;
    if (type === "Failed") return events.record(this.#job, { type: "Warning", reason, message });
    events.record(this.#job, { type: "Normal", reason: "Completed", message: "Job completed" });
  }

  #status(
    counts: Counts,
    is: { active: number; terminating: number; startTime: string | undefined; finished: JobCondition | undefined },
  ): JobStatus {
    const { succeeded, failed } = counts.counted;
    const ready = is.active === 0 ? 0 : this.#active.filter(isReady).length;
    const { noted } = counts;
    return {
      ...(is.active > 0 && { active: is.active }),
      ...(counts.indexes && counts.indexes.size > 0 && { completedIndexes: formatIndexes(counts.indexes) }),
      ...(is.finished?.type === "Complete" && { completionTime: timestamp(this.#now) }),
      ...(this.#conditions.length > 0 && { conditions: this.#conditions }),
      ...(failed > 0 && { failed }),
      ready,
      ...(is.startTime && { startTime: is.startTime }),
      ...(succeeded > 0 && { succeeded }),
      terminating: is.terminating,
      uncountedTerminatedPods: {
        ...(noted.succeeded.size > 0 && { succeeded: [...noted.succeeded] }),
        ...(noted.failed.size > 0 && { failed: [...noted.failed] }),
      },
    };
  }

  async #releasePods(pods: readonly Pod[]): Promise<undefined> {
    await Promise.all(pods.map((pod) => this.#release(pod)));
    return undefined;
  }

  async #release(pod: Pod): Promise<void> {
    if (!isTracked(pod)) return;
    const finalizers = pod.metadata.finalizers?.filter((finalizer) => finalizer !== trackingFinalizer);
    const body = { metadata: { uid: pod.metadata.uid, finalizers: finalizers?.length ? finalizers : null } };
    await this.#context.client
      .patch(Pod, keyOf(pod), { type: "merge", body }, { fieldManager })
      .catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
      });
  }

  #next(retryAt: number | undefined, startTime: string | undefined, verdict: Verdict | undefined): ReconcileResult {
    const { activeDeadlineSeconds, suspend } = this.#job.spec ?? {};
    const startedAt = parseTimestamp(startTime);
    const times = retryAt === undefined ? [] : [retryAt];
    if (activeDeadlineSeconds !== undefined && startedAt !== undefined && !suspend && !verdict) {
      times.push(startedAt + activeDeadlineSeconds * 1000);
    }
    return times.length === 0 ? undefined : lookAgainAt(Math.min(...times));
  }
}

function finishedAt({ status, metadata }: Pod): number | undefined {
  let last: number | undefined;
  for (const { state } of status?.containerStatuses ?? []) {
    const at = parseTimestamp(state?.terminated?.finishedAt);
    if (at !== undefined) last = Math.max(last ?? 0, at);
  }
  return last ?? parseTimestamp(metadata.deletionTimestamp);
}

/** Not assigned, not running, not ready, younger go first. */
function compareForRemoval(a: Pod, b: Pod): number {
  const rank = (pod: Pod) =>
    (pod.spec?.nodeName ? 1 : 0) + (pod.status?.phase === "Running" ? 2 : 0) + (isReady(pod) ? 4 : 0);
  const [left, right] = [a.metadata.creationTimestamp ?? "", b.metadata.creationTimestamp ?? ""];
  return rank(a) - rank(b) || (left > right ? -1 : left < right ? 1 : a.metadata.name < b.metadata.name ? -1 : 1);
}
