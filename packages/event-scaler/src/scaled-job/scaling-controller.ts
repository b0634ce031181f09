import { isWellFormed, Job, Pod, ScaledJob, timestamp } from "@bellows/api";
import {
  ApiError,
  type Controller,
  type ControllerContext,
  controller,
  type Instant,
  isNotFound,
  keyOf,
  keyText,
  lookAgainAt,
} from "@bellows/kube";
import { nextPollAt } from "../engine/polling.ts";
import { countJobs, jobOf, jobsBeyondHistory, jobsOfOtherGenerations } from "../engine/scaled-job-jobs.ts";
import { combineQueues } from "../engine/scaled-job-queue.ts";
import { decideJobs, type JobDecision, limitsOf, type SpecifiedScaledJob } from "../engine/scaled-job-strategy.ts";
import { conditionStatus, initializedConditions, withCondition } from "../object/conditions.ts";
import { type StatusOf, updateStatus } from "../object/status.ts";
import { listenToSources } from "../object/streams.ts";
import { messageOf, type Scaler, ScalerError } from "../scalers/index.ts";
import { kedaVersion } from "../scaling.ts";
import { isSpecified, type ScaledJobParts } from "./controller.ts";
import type { JobLoop } from "./job-loops.ts";
import { jobsOf, podsByJob } from "./jobs.ts";
import { isPaused } from "./pausing.ts";
import { adaptPolling, pollingInterval } from "./polling-interval.ts";
import { type QueueReadings, readQueues } from "./read-queues.ts";

/** ScaledJobs that are read at the same time: a source that is slow keeps no other from being read. */
const concurrency = 32;
/** A source that floods makes a ScaledJob be read no more often than this. */
const leastBetweenReadingsMs = 1_000;
const readyMessage = "ScaledJob is defined correctly and is ready for scaling";
const activeMessage = "Scaling is performed because triggers are active";
const inactiveMessage = "Scaling is not performed because triggers are not active";

/**
 * Makes the Jobs of ScaledJobs: reads their triggers at their polling interval, at the edges of cron windows and when a
 * source pushes, creates what is missing, and clears away what has ended.
 */
export function scaledJobScalingController(parts: ScaledJobParts): Controller {
  const { loops } = parts;
  return controller({
    name: "scaledjob-scaling",
    watches: [],
    reads: [ScaledJob as never, Job as never, Pod as never],
    concurrency,
    start(context) {
      loops.onWake((key) => context.enqueue(key));
    },
    async reconcile(key, context) {
      const loop = loops.get(key);
      const scaledJob = context.cache.get(ScaledJob, key);
      if (!loop || !scaledJob || scaledJob.metadata.deletionTimestamp || isPaused(scaledJob)) return;
      // The loop of the new spec is started once the Jobs of the old one are dealt with.
      if (
        !isSpecified(scaledJob) ||
        !isWellFormed(ScaledJob, scaledJob) ||
        loop.generation !== scaledJob.metadata.generation
      )
        return;
      const now = context.clock.now();
      const at = lookAt(loop);
      if (now < at) return lookAgainAt(at);
      loop.readAt = now;
      loop.isPushed = false;
      const scalers = await poll(scaledJob, loop, now, parts, context);
      loop.dueAt = nextLookAt(scaledJob, loop, scalers, now);
      return loops.get(key) === loop ? lookAgainAt(lookAt(loop)) : undefined;
    },
  });
}

const lookAt = ({ dueAt, readAt, isPushed }: JobLoop): Instant =>
  isPushed ? Math.min(dueAt, readAt + leastBetweenReadingsMs) : dueAt;

/** The next poll, or the next edge of a cron window where that comes first. */
function nextLookAt(scaledJob: SpecifiedScaledJob, loop: JobLoop, scalers: readonly Scaler[], now: Instant): Instant {
  const key = `ScaledJob/${scaledJob.metadata.namespace}/${scaledJob.metadata.name}`;
  const edges = scalers.flatMap(({ trigger }) => trigger.nextChange?.(now) ?? []);
  return Math.min(nextPollAt(key, pollingInterval(scaledJob, loop), now + 1), ...edges);
}

/** One reading and what follows from it. */
async function poll(
  scaledJob: SpecifiedScaledJob,
  loop: JobLoop,
  now: Instant,
  parts: ScaledJobParts,
  context: ControllerContext,
): Promise<readonly Scaler[]> {
  const { events, clock } = context;
  const { metadata, spec } = scaledJob;
  const namespace = metadata.namespace as string;
  const scalers = await openTriggers(scaledJob, loop, parts, context);
  const isOpen = !(scalers instanceof ScalerError);
  const seen: QueueReadings = isOpen
    ? await readQueues(scaledJob, scalers, parts, context)
    : { readings: [], metricNames: [], activeTriggers: [], errors: [scalers.message] };
  for (const message of seen.errors) {
    events.record(scaledJob, { type: "Warning", reason: "KEDAScalerFailed", message });
    parts.metrics?.scaledJobError(namespace, metadata.name, true);
  }
  // What took long may have been overtaken by a change of the spec, whose Jobs are another matter.
  if (parts.loops.get(keyOf(scaledJob)) !== loop || context.signal.aborted) return isOpen ? scalers : [];
  adaptPolling(scaledJob, loop, seen);

  const demand = combineQueues(seen.readings, spec.scalingStrategy?.multipleScalersCalculation, limitsOf(spec));
  const jobs = jobsOf(scaledJob, context);
  // Those of an older spec are deleted already, only the cache may not know it yet.
  const gone = new Set(jobsOfOtherGenerations(scaledJob, jobs));
  const kept = jobs.filter((job) => !gone.has(job));
  const counts = countJobs(kept, podsByJob(namespace, context), spec.scalingStrategy?.pendingPodConditions);
  const decision = decideJobs(spec, demand, counts);
  await createJobs(scaledJob, decision, { ...counts, queueLength: demand.queueLength }, context);

  const wasActive = conditionStatus(scaledJob.status?.conditions, "Active") === "True";
  if (demand.active && !wasActive) {
    events.record(scaledJob, { type: "Normal", reason: "ScaledJobActive", message: activeMessage });
  } else if (!demand.active && wasActive) {
    events.record(scaledJob, { type: "Normal", reason: "ScaledJobInactive", message: inactiveMessage });
  }
  await updateStatus(context.client, ScaledJob, scaledJob, (status) =>
    concluded(status, demand.active, seen, clock.now()),
  );
  await clearHistory(scaledJob, kept, context);
  parts.metrics?.loopLatency(namespace, "scaledjob", metadata.name, Math.max(0, lateBy(loop.dueAt, now)));
  return isOpen ? scalers : [];
}

const lateBy = (dueAt: Instant, now: Instant): number => (Number.isFinite(dueAt) ? now - dueAt : 0);

async function openTriggers(
  scaledJob: SpecifiedScaledJob,
  loop: JobLoop,
  parts: ScaledJobParts,
  context: ControllerContext,
): Promise<readonly Scaler[] | ScalerError> {
  const { client, clock, random, log } = context;
  try {
    const scalers = await parts.scalers.open(scaledJob, { client, clock, random, log });
    listen(scaledJob, scalers, loop, parts, context);
    return scalers;
  } catch (error) {
    if (error instanceof ScalerError) return error;
    throw error;
  }
}

/** Each push makes a ScaledJob be read at once. Upstream polls ScaledJobs only. */
function listen(
  scaledJob: SpecifiedScaledJob,
  opened: readonly Scaler[],
  loop: JobLoop,
  { loops, scalers }: ScaledJobParts,
  context: ControllerContext,
): void {
  if (loop.isListening) return;
  loop.isListening = true;
  const key = keyOf(scaledJob);
  const push = () => {
    loop.isPushed = true;
    loops.wake(key);
  };
  const handler = (scaler: Scaler) => ({
    push,
    metricSpecs: (specs: Parameters<typeof scalers.setSpecs>[1]) => scalers.setSpecs(scaler, specs),
  });
  listenToSources(opened, { kind: "ScaledJob", key, handler, ending: loop.ending.signal }, context);
}

/** Creates the Jobs one by one, so that a crash between them leaves none uncounted: the next poll counts what is there. */
async function createJobs(
  scaledJob: SpecifiedScaledJob,
  { create, strategy }: JobDecision,
  seen: { readonly running: number; readonly pending: number; readonly queueLength: number },
  { client, events, log, signal }: ControllerContext,
): Promise<void> {
  if (create === 0) return;
  const job = jobOf(scaledJob, kedaVersion);
  let created = 0;
  for (let count = 0; count < create && !signal.aborted; count++) {
    try {
      await client.create(Job, job);
      created++;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const message = `Failed to create job ${job.metadata.generateName}: ${error.message}`;
      events.record(scaledJob, { type: "Warning", reason: "KEDAJobCreateFailed", message });
    }
  }
  log.info("created jobs", { ScaledJob: keyText(keyOf(scaledJob)), created, asked: create, strategy, ...seen });
  if (created === 0) return;
  events.record(scaledJob, { type: "Normal", reason: "KEDAJobsCreated", message: `Created ${created} jobs` });
}

function concluded(
  before: StatusOf<ScaledJob>,
  active: boolean,
  { errors, metricNames, activeTriggers }: QueueReadings,
  now: Instant,
): StatusOf<ScaledJob> {
  let conditions = initializedConditions(before.conditions);
  if (errors.length === 0) {
    conditions = withCondition(conditions, "Ready", "True", "ScaledJobReady", readyMessage);
  } else if (active) {
    const some = "Some triggers defined in ScaledJob are not working correctly";
    conditions = withCondition(conditions, "Ready", "Unknown", "PartialTriggerError", some);
  } else {
    const all = "Triggers defined in ScaledJob are not working correctly";
    conditions = withCondition(conditions, "Ready", "False", "TriggerError", all);
  }
  conditions = active
    ? withCondition(conditions, "Active", "True", "ScalerActive", activeMessage)
    : withCondition(conditions, "Active", "False", "ScalerNotActive", inactiveMessage);
  const triggersActivity = Object.fromEntries(
    metricNames.map((name) => [name, { isActive: activeTriggers.includes(name) }]),
  );
  return { ...before, ...(active && { lastActiveTime: timestamp(now) }), conditions, triggersActivity };
}

/** Deletes ended Jobs beyond what is kept of them. Where that is refused, it is tried again at the next poll. */
async function clearHistory(
  scaledJob: SpecifiedScaledJob,
  jobs: Parameters<typeof jobsBeyondHistory>[1],
  { client, log, signal }: ControllerContext,
): Promise<void> {
  for (const job of jobsBeyondHistory(scaledJob.spec, jobs)) {
    if (signal.aborted) return;
    try {
      await client.delete(Job, keyOf(job), { propagationPolicy: "Background" });
      log.info("removed a job beyond the history limit", { job: keyText(keyOf(job)) });
    } catch (error) {
      if (isNotFound(error)) continue;
      log.warn("removing a job failed", { job: keyText(keyOf(job)), error: messageOf(error) });
      return;
    }
  }
}
