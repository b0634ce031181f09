import { isWellFormed, Job, ScaledJob, specProblem } from "@bellows/api";
import {
  type Controller,
  type ControllerContext,
  controller,
  isNotFound,
  keyOf,
  keyText,
  type ObjectKey,
  self,
} from "@bellows/kube";
import { adaptivePollingProblem } from "../engine/adaptive-polling.ts";
import { jobsOfOtherGenerations } from "../engine/scaled-job-jobs.ts";
import type { SpecifiedScaledJob } from "../engine/scaled-job-strategy.ts";
import type { EventScalerMetrics } from "../metrics.ts";
import { builtEvent } from "../object/built-event.ts";
import { conditionStatus, initializedConditions, withCondition } from "../object/conditions.ts";
import { ensureFinalizer, hasFinalizer, removeFinalizer } from "../object/finalizer.ts";
import { type StatusOf, updateStatus } from "../object/status.ts";
import { RegisteredObjects } from "../scaled-object/record-metrics.ts";
import { triggersProblem, triggersTypesOf } from "../scaled-object/spec-checks.ts";
import { messageOf, ScalerError, type Scalers, withField } from "../scalers/index.ts";
import { retryAfter } from "../scalers/retry-after.ts";
import type { JobLoops } from "./job-loops.ts";
import { jobsOf } from "./jobs.ts";
import { isPaused } from "./pausing.ts";

const checkFailed = "ScaledJob check failed";
const triggersFailed = "ScaledJob doesn't have correct triggers specification";
const pausedMessage = "ScaledJob is paused";
const unpausedMessage = "ScaledJob is unpaused";

/** What the controllers of ScaledJobs share. */
export interface ScaledJobParts {
  readonly scalers: Scalers;
  readonly loops: JobLoops;
  /** KEDA's Prometheus metrics of this process. */
  readonly metrics?: EventScalerMetrics;
}

/** What is wrong with a ScaledJob or around it: ends as a condition and Events. */
class Problem extends Error {
  override readonly name = "Problem";

  /**
   * @param doing  what could not be done, as upstream puts it
   * @param cause  why
   */
  constructor(doing: string, cause: string) {
    super(`${doing}: ${cause}`);
  }
}

/**
 * Keeps a ScaledJob: its finalizer, the Ready and Paused conditions, and what a change of it does to its Jobs. New Jobs
 * are the matter of the scaling controller.
 */
export function scaledJobController(parts: ScaledJobParts): Controller {
  const failures = new Map<string, number>();
  const registered = new RegisteredObjects(parts.metrics, "scaledjob");
  return controller({
    name: "scaledjob",
    watches: [self(ScaledJob)],
    reads: [Job as never],
    async reconcile(key, context) {
      const found = context.cache.get(ScaledJob, key);
      if (!found || found.metadata.deletionTimestamp) {
        failures.delete(keyText(key));
        registered.forget(key);
        if (found) await finalize(found, parts, context);
        else forget(key, parts);
        return;
      }
      const malformed = formProblem(found);
      registered.count(key, malformed ? {} : found);
      const { uid = "", generation = 0 } = found.metadata;
      const loop = parts.loops.get(key);
      // Its own status writes and those of the scaling controller wake it, too.
      if (loop?.uid === uid && loop.generation === generation && !isPaused(found)) return;
      // A change of what can't be read might be refused.
      const scaledJob = malformed ? found : await ensureFinalizer(context.client, ScaledJob, found);
      const problem = await bring(scaledJob, malformed, parts, context);
      return retryAfter(key, problem, failures, context);
    },
  });
}

/**
 * What of a ScaledJob can't be read. Where the definition is another one, or was when the object was stored, anything may
 * be there. Upstream's own words come first for what it has words for.
 */
function formProblem(scaledJob: ScaledJob): Problem | undefined {
  const malformed = specProblem(ScaledJob, scaledJob);
  if (malformed === undefined) return undefined;
  if (!isSpecified(scaledJob)) return new Problem(checkFailed, "ScaledJob.spec.jobTargetRef not found");
  const { triggers } = scaledJob.spec;
  const wrong = Array.isArray(triggers) && triggers.length === 0 ? triggersProblem(triggers) : undefined;
  return wrong === undefined ? new Problem(checkFailed, malformed) : new Problem(triggersFailed, wrong);
}

function forget(key: ObjectKey, { loops, scalers }: ScaledJobParts): void {
  loops.stop(key);
  scalers.forgetNamed("ScaledJob", key);
}

/** Its Jobs go with it, by their owner reference. */
async function finalize(scaledJob: ScaledJob, parts: ScaledJobParts, context: ControllerContext): Promise<void> {
  if (!hasFinalizer(scaledJob)) return;
  stopScaling(scaledJob, parts, context);
  await removeFinalizer(context.client, ScaledJob, scaledJob);
  context.events.record(scaledJob, { type: "Warning", reason: "ScaledJobDeleted", message: "ScaledJob was deleted" });
}

function stopScaling(scaledJob: ScaledJob, { loops, scalers }: ScaledJobParts, { events }: ControllerContext): void {
  scalers.forget(scaledJob);
  if (!loops.stop(keyOf(scaledJob))) return;
  events.record(scaledJob, { type: "Normal", reason: "KEDAScalersStopped", message: "Stopped scalers watch" });
}

/** Makes everything as the spec says; what is wrong becomes the Ready condition. */
async function bring(
  scaledJob: ScaledJob,
  malformed: Problem | undefined,
  parts: ScaledJobParts,
  context: ControllerContext,
): Promise<Problem | undefined> {
  const { events } = context;
  const paused = isPaused(scaledJob);
  if (paused) stopScaling(scaledJob, parts, context);
  let ready = "ScaledJob is paused, skipping reconcile loop";
  let problem = malformed;
  if (malformed) stopScaling(scaledJob, parts, context);
  else if (!paused) {
    try {
      ready = await ensure(scaledJob, parts, context);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      problem = error;
      // What ran by an older spec ends: its Jobs would be made by the new one.
      parts.loops.stop(keyOf(scaledJob));
    }
  }
  const before = scaledJob.status?.conditions;
  await updateStatus(context.client, ScaledJob, scaledJob, (status) => concluded(scaledJob, status, ready, problem));
  const wasPaused = conditionStatus(before, "Paused") === "True";
  if (paused && !wasPaused)
    events.record(scaledJob, { type: "Normal", reason: "ScaledJobPaused", message: pausedMessage });
  if (!paused && wasPaused) {
    events.record(scaledJob, { type: "Normal", reason: "ScaledJobUnpaused", message: unpausedMessage });
  }
  if (problem) {
    const isKnown = before?.find(({ type }) => type === "Ready")?.message === problem.message;
    if (!isKnown)
      events.record(scaledJob, { type: "Warning", reason: "ScaledJobCheckFailed", message: problem.message });
    return problem;
  }
  if (conditionStatus(before, "Ready") !== "True") {
    events.record(scaledJob, { type: "Normal", reason: "ScaledJobReady", message: "ScaledJob is ready for scaling" });
  }
  if (!paused) startScaling(scaledJob, parts, context);
  return undefined;
}

function concluded(
  scaledJob: ScaledJob,
  before: StatusOf<ScaledJob>,
  ready: string,
  problem: Problem | undefined,
): StatusOf<ScaledJob> {
  let conditions = initializedConditions(before.conditions);
  if (problem) {
    conditions = withCondition(conditions, "Ready", "False", "ScaledJobCheckFailed", problem.message);
    conditions = withCondition(conditions, "Active", "Unknown", "UnknownState", "ScaledJob check failed");
  } else {
    conditions = withCondition(conditions, "Ready", "True", "ScaledJobReady", ready);
  }
  if (isPaused(scaledJob)) {
    conditions = withCondition(conditions, "Paused", "True", "ScaledJobPaused", pausedMessage);
  } else if (conditionStatus(conditions, "Paused") === "True") {
    conditions = withCondition(conditions, "Paused", "False", "ScaledJobUnpaused", unpausedMessage);
  }
  const types = isWellFormed(ScaledJob, scaledJob) ? triggersTypesOf(scaledJob.spec?.triggers ?? []) : {};
  return { ...before, ...types, conditions };
}

/**
 * Checks the spec, deletes the Jobs of older ones and opens the triggers.
 * @returns the message of the Ready condition
 */
async function ensure(scaledJob: ScaledJob, { scalers }: ScaledJobParts, context: ControllerContext): Promise<string> {
  const { client, clock, random, log, events } = context;
  if (!isSpecified(scaledJob)) throw new Problem(checkFailed, "ScaledJob.spec.jobTargetRef not found");
  const { triggers } = scaledJob.spec;
  const wrong = triggersProblem(triggers);
  if (wrong) throw new Problem(triggersFailed, wrong);
  const often = adaptivePollingProblem(scaledJob);
  if (often) throw new Problem(checkFailed, often);
  await deleteJobsOfOtherGenerations(scaledJob, context);
  try {
    await scalers.open(scaledJob, { client, clock, random, log }, builtEvent(scaledJob, context));
  } catch (error) {
    if (!(error instanceof ScalerError)) throw error;
    events.record(scaledJob, { type: "Warning", reason: "KEDAScalerFailed", message: error.message });
    throw new Problem("Failed to ensure ScaledJob is correctly created", withField(error));
  }
  for (const trigger of triggers) {
    if (trigger.useCachedMetrics)
      log.warn("useCachedMetrics is not supported for ScaledJobs", { trigger: trigger.type });
    // The CRD doesn't have the field, but one that was installed by another may.
    if ("metricType" in trigger && trigger.metricType) {
      throw new Problem(
        "Cannot set metricType in ScaledJob triggers",
        "metricType is set in one of the ScaledJob scaler",
      );
    }
  }
  return "ScaledJob is defined correctly and is ready to scaling";
}

/** Whether there is something to make Jobs of; the CRD lets the whole spec be left out. */
export function isSpecified(scaledJob: ScaledJob): scaledJob is SpecifiedScaledJob {
  return ((scaledJob.spec?.jobTargetRef ?? undefined) as unknown) !== undefined;
}

/** What the rollout `immediate` does with Jobs of an older spec. */
async function deleteJobsOfOtherGenerations(scaledJob: SpecifiedScaledJob, context: ControllerContext): Promise<void> {
  const { client, events, log } = context;
  const jobs = jobsOfOtherGenerations(scaledJob, jobsOf(scaledJob, context));
  if (jobs.length === 0) return;
  const count = `${jobs.length} jobs owned by the previous version of the scaledJob`;
  events.record(scaledJob, {
    type: "Normal",
    reason: "ScaledJobRolloutCleanupStarted",
    message: `Deleting ${count}`,
  });
  const isForeground = scaledJob.spec.rollout?.propagationPolicy === "foreground";
  for (const job of jobs) {
    try {
      await client.delete(Job, keyOf(job), { propagationPolicy: isForeground ? "Foreground" : "Background" });
    } catch (error) {
      if (isNotFound(error)) continue;
      const message = `Failed to delete job ${job.metadata.name}: ${messageOf(error)}`;
      events.record(scaledJob, { type: "Warning", reason: "ScaledJobRolloutCleanupFailed", message });
      throw new Problem(`Not able to delete job: ${job.metadata.name}`, messageOf(error));
    }
  }
  log.info("deleted jobs of an older spec", { ScaledJob: keyText(keyOf(scaledJob)), jobs: jobs.length });
  events.record(scaledJob, { type: "Normal", reason: "ScaledJobRolloutCleanupCompleted", message: `Deleted ${count}` });
}

function startScaling(scaledJob: ScaledJob, { loops }: ScaledJobParts, { events }: ControllerContext): void {
  const { uid = "", generation = 0 } = scaledJob.metadata;
  if (!loops.start(keyOf(scaledJob), uid, generation)) return;
  events.record(scaledJob, { type: "Normal", reason: "KEDAScalersStarted", message: "Started scalers watch" });
}
