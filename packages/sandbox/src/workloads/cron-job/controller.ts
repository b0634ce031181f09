import { CronError, CronJob, type CronSchedule, Job, type ObjectReference, parseCron, timestamp } from "@bellows/api";
import {
  type Controller,
  type ControllerContext,
  isAlreadyExists,
  keyOf,
  lookAgainAt,
  mapped,
  parseTimestamp,
  type ReconcileResult,
  self,
} from "@bellows/kube";
import { isJobFinished } from "../job/controller.ts";
import { byController } from "../object-index.ts";
import { controllerOf } from "../ownership.ts";
import {
  controllerReference,
  deleteExactly,
  fieldManager,
  isNamespaceTerminating,
  toleratingConflicts,
  writeStatus,
} from "../writes.ts";
import { dueStart, jobName, nextStart } from "./schedule.ts";

/** Starts Jobs by the clock. Writes: Jobs, CronJob status, Events. */
export const cronJobController = (): Controller =>
  toleratingConflicts({
    name: "cronjob-controller",
    watches: [
      self(CronJob),
      mapped(Job, (job) => {
        const owner = controllerOf(job);
        return owner?.kind === "CronJob" ? [{ namespace: job.metadata.namespace as string, name: owner.name }] : [];
      }),
    ],
    async reconcile(key, context) {
      const cronJob = context.cache.get(CronJob, key);
      if (!cronJob?.spec || cronJob.metadata.deletionTimestamp) return undefined;
      return new CronSync(cronJob, context).reconcile();
    },
  });

class CronSync {
  readonly #cronJob: CronJob;
  readonly #context: ControllerContext;
  #active: ObjectReference[];
  #lastScheduleTime: string | undefined;
  #lastSuccessfulTime: string | undefined;

  constructor(cronJob: CronJob, context: ControllerContext) {
    this.#cronJob = cronJob;
    this.#context = context;
    this.#active = [...(cronJob.status?.active ?? [])];
    this.#lastScheduleTime = cronJob.status?.lastScheduleTime;
    this.#lastSuccessfulTime = cronJob.status?.lastSuccessfulTime;
  }

  async reconcile(): Promise<ReconcileResult> {
    const { cache, client } = this.#context;
    const jobs = byController(cache, Job).at(this.#cronJob.metadata.uid ?? "");
    this.#followJobs(jobs);
    await this.#cleanUp(jobs);
    let failure: unknown;
    let result: ReconcileResult;
    try {
      result = await this.#start();
    } catch (error) {
      failure = error;
    }
    const status = {
      ...(this.#active.length > 0 && { active: this.#active }),
      ...(this.#lastScheduleTime && { lastScheduleTime: this.#lastScheduleTime }),
      ...(this.#lastSuccessfulTime && { lastSuccessfulTime: this.#lastSuccessfulTime }),
    };
    await writeStatus(client, CronJob, this.#cronJob, status);
    if (failure) throw failure;
    return result;
  }

  #tell(type: "Normal" | "Warning", reason: string, message: string): void {
    this.#context.events.record(this.#cronJob, { type, reason, message });
  }

  /** Takes finished and lost Jobs off the list of active ones. */
  #followJobs(jobs: readonly Job[]): void {
    const isListed = (job: Job) => this.#active.some(({ uid }) => uid === job.metadata.uid);
    const drop = (uid: string | undefined) => {
      this.#active = this.#active.filter((reference) => reference.uid !== uid);
    };
    for (const job of jobs) {
      const { name, uid } = job.metadata;
      const finished = isJobFinished(job);
      if (!isListed(job) && !finished) {
        this.#tell("Warning", "UnexpectedJob", `Saw a job that the controller did not create or forgot: ${name}`);
      } else if (isListed(job) && finished) {
        drop(uid);
        const complete = job.status?.conditions?.some(({ type, status }) => type === "Complete" && status === "True");
        const outcome = complete ? "Complete" : "Failed";
        this.#tell("Normal", "SawCompletedJob", `Saw completed job: ${name}, condition: ${outcome}`);
      }
      const completionTime = job.status?.completionTime;
      if (completionTime && completionTime > (this.#lastSuccessfulTime ?? ""))
        this.#lastSuccessfulTime = completionTime;
    }
    for (const reference of [...this.#active]) {
      if (jobs.some((job) => job.metadata.uid === reference.uid)) continue;
      this.#tell("Normal", "MissingJob", `Active job went missing: ${reference.name}`);
      drop(reference.uid);
    }
  }

  async #cleanUp(jobs: readonly Job[]): Promise<void> {
    const ended = (type: string) =>
      jobs
        .filter((job) =>
          job.status?.conditions?.some((condition) => condition.type === type && condition.status === "True"),
        )
        .sort((a, b) => ((a.status?.startTime ?? "") < (b.status?.startTime ?? "") ? -1 : 1));
    const { successfulJobsHistoryLimit: successful, failedJobsHistoryLimit: failed } = this.#cronJob.spec ?? {};
    const complete = ended("Complete");
    const failures = ended("Failed");
    const surplus = [
      ...complete.slice(0, successful === undefined ? 0 : Math.max(0, complete.length - successful)),
      ...failures.slice(0, failed === undefined ? 0 : Math.max(0, failures.length - failed)),
    ];
    for (const job of surplus) if (!job.metadata.deletionTimestamp) await this.#deleteJob(job);
  }

  async #deleteJob(job: Job): Promise<void> {
    await deleteExactly(this.#context.client, Job, job, "Background");
    this.#active = this.#active.filter(({ uid }) => uid !== job.metadata.uid);
    this.#tell("Normal", "SuccessfulDelete", `Deleted job ${job.metadata.name}`);
  }

  async #start(): Promise<ReconcileResult> {
    const { spec } = this.#cronJob;
    const now = this.#context.clock.now();
    if (!spec || spec.suspend) return undefined;
    const schedule = this.#schedule(spec.schedule, spec.timeZone);
    if (!schedule) return undefined;
    const next = nextStart(schedule, now);
    const later = next === undefined ? undefined : lookAgainAt(next);
    const { at, missedMany } = dueStart(this.#cronJob, schedule, now);
    if (at === undefined) return later;
    if (missedMany) {
      const message = "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew";
      this.#tell("Warning", "TooManyMissedTimes", message);
    }
    const { startingDeadlineSeconds: deadline, concurrencyPolicy } = spec;
    if (deadline !== undefined && at + deadline * 1000 < now) {
      const text = new Date(at).toUTCString().replace("GMT", "+0000");
      this.#tell("Warning", "MissSchedule", `Missed scheduled time to start a job: ${text}`);
      return later;
    }
    const name = jobName(this.#cronJob, at);
    if (this.#active.some((reference) => reference.name === name)) return later;
    if (parseTimestamp(this.#lastScheduleTime) === at) return later;
    if (concurrencyPolicy === "Forbid" && this.#active.length > 0) {
      const message = "Not starting job because prior execution is running and concurrency policy is Forbid";
      this.#tell("Normal", "JobAlreadyActive", message);
      return later;
    }
    if (concurrencyPolicy === "Replace") {
      for (const { name: old = "" } of this.#active) {
        const job = this.#context.cache.get(Job, { namespace: this.#cronJob.metadata.namespace as string, name: old });
        if (job) await this.#deleteJob(job);
      }
    }
    await this.#createJob(name, at);
    return later;
  }

  #schedule(expression: string, timeZone: string | undefined): CronSchedule | undefined {
    try {
      return parseCron(expression, timeZone ?? "UTC");
    } catch (error) {
      if (!(error instanceof CronError)) throw error;
      this.#tell(
        "Warning",
        "UnparseableSchedule",
        `unparseable schedule: ${JSON.stringify(expression)} : ${error.message}`,
      );
      return undefined;
    }
  }

  async #createJob(name: string, at: number): Promise<void> {
    const { client } = this.#context;
    const { metadata, spec } = this.#cronJob;
    const template = spec?.jobTemplate;
    const zone = spec?.timeZone;
    const wanted: Job = {
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: {
        name,
        ...(metadata.namespace && { namespace: metadata.namespace }),
        ...(template?.metadata?.labels && { labels: template.metadata.labels }),
        annotations: {
          ...template?.metadata?.annotations,
          "batch.kubernetes.io/cronjob-scheduled-timestamp": zone ? zonedTimestamp(at, zone) : timestamp(at),
        },
        ownerReferences: [controllerReference(CronJob as never, this.#cronJob)],
      },
      ...(template?.spec && { spec: template.spec }),
    };
    let job: Job;
    try {
      job = await client.create(Job, wanted, { fieldManager });
      this.#tell("Normal", "SuccessfulCreate", `Created job ${name}`);
    } catch (error) {
      if (!isAlreadyExists(error)) {
        const cause = error instanceof Error ? error.message : String(error);
        if (!isNamespaceTerminating(error)) this.#tell("Warning", "FailedCreate", `Error creating job: ${cause}`);
        throw error;
      }
      const existing = await client.find(Job, keyOf(wanted));
      if (!existing || controllerOf(existing)?.uid !== metadata.uid) return;
      job = existing;
    }
    const { namespace, uid, resourceVersion } = job.metadata;
    const reference = { apiVersion: "batch/v1", kind: "Job", name, namespace, resourceVersion, uid };
    this.#active.push(reference as ObjectReference);
    this.#lastScheduleTime = timestamp(at);
  }
}

/** RFC 3339 with the offset that a time zone has at that instant. */
function zonedTimestamp(at: number, timeZone: string): string {
  const parts = new Intl.DateTimeFormat("en-US", { timeZone, timeZoneName: "longOffset" }).formatToParts(at);
  const name = parts.find((part) => part.type === "timeZoneName")?.value ?? "GMT";
  const offset = name === "GMT" ? "+00:00" : name.slice(3);
  const sign = offset.startsWith("-") ? -1 : 1;
  const [hours = 0, minutes = 0] = offset.slice(1).split(":").map(Number);
  const local = timestamp(at + sign * (hours * 60 + minutes) * 60_000).slice(0, 19);
  return `${local}${hours === 0 && minutes === 0 ? "Z" : offset}`;
}
