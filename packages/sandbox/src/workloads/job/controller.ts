import { Job, type JobCondition, type JobStatus, Pod, selectorOf, timestamp } from "@bellows/api";
import {
  type Controller,
  type ControllerContext,
  type Instant,
  lookAgainAt,
  mapped,
  parseTimestamp,
  type ReconcileResult,
  self,
} from "@bellows/kube";
import { claim, controllerOf } from "../ownership.ts";
import { createPod, deletePod, slowStart } from "../pod-creation.ts";
import { isActive, isFinished, isReady, isTerminating } from "../pod-state.ts";
import { toleratingConflicts, writeStatus } from "../writes.ts";
import { type Account, accountOf, type NextCount, nextCount } from "./accounting.ts";
import { formatIndexes } from "./indexes.ts";
import { isTracked, jobPod } from "./pods.ts";
import { podsToAdd } from "./pods-to-add.ts";
import { podsToRemove } from "./pods-to-remove.ts";
import { podsLeftBehind, releaseAll } from "./release.ts";
import { completionOf, type Verdict, verdictOn } from "./verdict.ts";

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
      await releaseAll(context, podsLeftBehind(context.cache, key, job));
      if (!job?.spec || (job.spec.managedBy && job.spec.managedBy !== "kubernetes.io/job-controller")) return undefined;
      return new JobSync(job, context).reconcile();
    },
  });

export const isJobFinished = ({ status }: Job): boolean =>
  status?.conditions?.some(
    ({ type, status: value }) => (type === "Complete" || type === "Failed") && value === "True",
  ) ?? false;

/** How many pods of a Job run after a round, are on their way out, and are ready. */
interface Standing {
  active: number;
  terminating: number;
  ready: number;
  retryAt?: Instant;
}

class JobSync {
  readonly #job: Job;
  readonly #context: ControllerContext;
  readonly #now: Instant;
  readonly #conditions: JobCondition[];

  constructor(job: Job, context: ControllerContext) {
    this.#job = job;
    this.#context = context;
    this.#now = context.clock.now();
    this.#conditions = [...(job.status?.conditions ?? [])];
  }

  async reconcile(): Promise<ReconcileResult> {
    const job = this.#job;
    const selector = selectorOf(job.spec?.selector);
    const pods = await claim(this.#context, {
      owner: job,
      ownerKind: Job,
      kind: Pod,
      matches: (pod) => selector.matches(pod.metadata.labels),
      adoptable: isTracked,
    });
    if (isJobFinished(job) || job.metadata.deletionTimestamp) return releaseAll(this.#context, pods);

    const activePods = pods.filter(isActive);
    const account = accountOf(job, pods);
    let verdict = verdictOn(job, this.#conditions, pods, account, this.#now);
    const standing: Standing = {
      active: activePods.length,
      terminating: pods.filter((pod) => isTerminating(pod) && !isFinished(pod)).length,
      ready: activePods.filter(isReady).length,
    };
    let failure: unknown;
    try {
      if (verdict) await this.#delete(activePods, standing);
      else await this.#manage(pods, activePods, account, standing);
    } catch (error) {
      failure = error;
    }
    verdict ??= completionOf(job, account, standing.active);
    const startTime = this.#started(verdict);
    const over = verdict && (verdict.type === "FailureTarget" ? "fails" : "succeeds");
    const next = nextCount(job, pods, account, over);
    const finished = verdict && this.#finish(verdict, standing, next);
    await writeStatus(this.#context.client, Job, job, this.#status(account, next, standing, startTime, finished));
    if (finished) this.#tell(finished);
    await releaseAll(this.#context, next.toRelease);
    if (failure) throw failure;
    return this.#lookAgain(standing.retryAt, startTime, verdict);
  }

  async #manage(pods: readonly Pod[], active: readonly Pod[], account: Account, standing: Standing): Promise<void> {
    const job = this.#job;
    const surplus = podsToRemove(job, active, account);
    if (surplus.length > 0) {
      await releaseAll(this.#context, surplus);
      return this.#delete(surplus, standing);
    }
    if (job.spec?.suspend) return;
    const { add, retryAt } = podsToAdd(job, pods, account, this.#now);
    if (retryAt !== undefined) standing.retryAt = retryAt;
    await slowStart(add.length, async (position) => {
      const { index, annotations } = add[position] ?? {};
      await createPod(this.#context, job, jobPod(job, index, annotations));
      standing.active++;
    });
  }

  async #delete(pods: readonly Pod[], standing: Standing): Promise<void> {
    await Promise.all(
      pods.map(async (pod) => {
        await deletePod(this.#context, this.#job, pod);
        standing.active--;
        standing.terminating++;
        if (isReady(pod)) standing.ready--;
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

  /** Since when the job runs: not while it is suspended, and anew once it is resumed. */
  #started(verdict: Verdict | undefined): string | undefined {
    const { events } = this.#context;
    const { spec, status } = this.#job;
    const now = timestamp(this.#now);
    if (!spec?.suspend) {
      const resumed = !verdict && this.#put("Suspended", "False", "JobResumed", "Job resumed");
      if (resumed) events.record(this.#job, { type: "Normal", reason: "Resumed", message: "Job resumed" });
      return resumed ? now : (status?.startTime ?? now);
    }
    if (verdict) return status?.startTime;
    if (!this.#put("Suspended", "True", "JobSuspended", "Job suspended")) return status?.startTime;
    events.record(this.#job, { type: "Normal", reason: "Suspended", message: "Job suspended" });
    return undefined;
  }

  /** First the verdict is noted; the job is over when no pod of it is left and all are counted. */
  #finish(verdict: Verdict, { active, terminating }: Standing, { noted }: NextCount): JobCondition | undefined {
    this.#put(verdict.type, "True", verdict.reason, verdict.message);
    if (active > 0 || terminating > 0 || noted.succeeded.length + noted.failed.length > 0) return undefined;
    this.#put(verdict.type === "FailureTarget" ? "Failed" : "Complete", "True", verdict.reason, verdict.message);
    return this.#conditions.at(-1);
  }

  #tell({ type, reason = "", message = "" }: JobCondition): void {
    const { events } = this.#context;
    if (type === "Failed") return events.record(this.#job, { type: "Warning", reason, message });
    events.record(this.#job, { type: "Normal", reason: "Completed", message: "Job completed" });
  }

  #status(
    { counted, indexes }: Account,
    { noted }: NextCount,
    { active, ready, terminating }: Standing,
    startTime: string | undefined,
    finished: JobCondition | undefined,
  ): JobStatus {
    const { succeeded, failed } = counted;
    return {
      ...(active > 0 && { active }),
      ...(indexes && indexes.completed.size > 0 && { completedIndexes: formatIndexes(indexes.completed) }),
      ...(finished?.type === "Complete" && { completionTime: timestamp(this.#now) }),
      ...(this.#conditions.length > 0 && { conditions: this.#conditions }),
      ...(failed > 0 && { failed }),
      ...(indexes?.failed && { failedIndexes: formatIndexes(indexes.failed) }),
      ready,
      ...(startTime && { startTime }),
      ...(succeeded > 0 && { succeeded }),
      terminating,
      uncountedTerminatedPods: {
        ...(noted.succeeded.length > 0 && { succeeded: [...noted.succeeded] }),
        ...(noted.failed.length > 0 && { failed: [...noted.failed] }),
      },
    };
  }

  #lookAgain(
    retryAt: Instant | undefined,
    startTime: string | undefined,
    verdict: Verdict | undefined,
  ): ReconcileResult {
    const { activeDeadlineSeconds, suspend } = this.#job.spec ?? {};
    const startedAt = parseTimestamp(startTime);
    const times = retryAt === undefined ? [] : [retryAt];
    if (activeDeadlineSeconds !== undefined && startedAt !== undefined && !suspend && !verdict) {
      times.push(startedAt + activeDeadlineSeconds * 1000);
    }
    return times.length === 0 ? undefined : lookAgainAt(Math.min(...times));
  }
}
