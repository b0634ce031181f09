import { HorizontalPodAutoscaler, ScaledObject } from "@bellows/api";
import { type Controller, type ControllerContext, controller, keyOf, keyText, owned, self } from "@bellows/kube";
import {
  type Engine,
  hasValidFallback,
  isPaused,
  isScaleInPaused,
  isScaleOutPaused,
  ownerLabel,
} from "../engine/index.ts";
import type { EventScalerMetrics } from "../metrics.ts";
import { conditionStatus, initializedConditions, withCondition } from "../object/conditions.ts";
import { ensureFinalizer } from "../object/finalizer.ts";
import { updateStatus } from "../object/status.ts";
import type { Scalers } from "../scalers/index.ts";
import { retryAfter } from "../scalers/retry-after.ts";
import { ensure, startScaling } from "./ensure.ts";
import { finalize } from "./finalize.ts";
import { formProblem } from "./form.ts";
import { pause } from "./pause.ts";
import { Problem, type Step } from "./problem.ts";
import { RegisteredObjects } from "./record-metrics.ts";
import type { ScaleLoops } from "./scale-loops.ts";
import type { Status } from "./status.ts";
import { stopScaling } from "./stop-scaling.ts";
import type { WakeAutoscaler } from "./wake-hpa.ts";

/** Objects that are brought in order at the same time: each takes several requests, one after the other. */
const concurrency = 16;
const readyMessage = "ScaledObject is defined correctly and is ready for scaling";

export interface ScaledObjectParts {
  readonly scalers: Scalers;
  readonly loops: ScaleLoops;
  /** What scales an object between one and the maximum. */
  readonly engineOf: (object: ScaledObject) => Engine;
  readonly wakeAutoscaler?: WakeAutoscaler | undefined;
  /** KEDA's Prometheus metrics of this process. */
  readonly metrics?: EventScalerMetrics | undefined;
}

/**
 * Keeps what belongs to a ScaledObject: its finalizer and label, its HPA, the Ready, Paused and Fallback conditions. What
 * its triggers say is the matter of the scaling controller.
 */
export function scaledObjectController(parts: ScaledObjectParts): Controller {
  const failures = new Map<string, number>();
  const registered = new RegisteredObjects(parts.metrics, "scaledobject");

  return controller({
    name: "scaledobject",
    concurrency,
    watches: [self(ScaledObject), owned(HorizontalPodAutoscaler, ScaledObject)],
    start(context) {
      parts.loops.onObject((key) => context.enqueue(key));
    },
    async reconcile(key, context) {
      const found = context.cache.get(ScaledObject, key);
      if (!found) {
        parts.loops.stop(key);
        parts.scalers.forgetNamed("ScaledObject", key);
        failures.delete(keyText(key));
        registered.forget(key);
        return;
      }
      if (found.metadata.deletionTimestamp) {
        failures.delete(keyText(key));
        registered.forget(key);
        await finalize(found, parts, context);
        return;
      }
      const malformed = formProblem(found);
      registered.count(key, malformed ? {} : found);
      // The label is what its metrics are asked for by. A change of what can't be read might be refused.
      const object = malformed ? found : await ensureFinalizer(context.client, ScaledObject, found, labelsOf(found));
      const problem = await bring(object, malformed, parts, context);
      return retryAfter(key, problem, failures, context);
    },
  });
}

const labelsOf = ({ metadata }: ScaledObject) => ({ [ownerLabel]: metadata.name });

/** Makes everything as the spec says; what is wrong becomes the Ready condition. */
async function bring(
  object: ScaledObject,
  malformed: Problem | undefined,
  parts: ScaledObjectParts,
  context: ControllerContext,
): Promise<Problem | undefined> {
  const { events } = context;
  const wasReady = conditionStatus(object.status?.conditions, "Ready") === "True";
  let step: Step = { message: readyMessage, status: {} };
  let problem = malformed;
  if (malformed) stopScaling(object, parts, context);
  else {
    try {
      step = isPaused(object) ? await pause(object, parts, context) : await ensure(object, parts, context);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      problem = error;
    }
  }
  const isScaling = parts.loops.get(keyOf(object))?.generation === object.metadata.generation;
  const written = await updateStatus(context.client, ScaledObject, object, (status) =>
    concluded(object, status, step, problem, isScaling),
  );
  // Readings need the status: where it is only written now, the next reconcile, which that brings about, starts them.
  if (!problem && !isPaused(object) && written === object) startScaling(object, parts, context);
  // Another engine is to take over where this one has left off.
  if (written.status?.hpaName !== object.status?.hpaName) parts.loops.readSoon(keyOf(object));
  if (problem) {
    const known = object.status?.conditions?.find(({ type }) => type === "Ready")?.message === problem.message;
    if (!known) {
      for (const event of problem.events) events.record(object, { type: "Warning", ...event });
      events.record(object, { type: "Warning", reason: "ScaledObjectCheckFailed", message: problem.message });
    }
  } else if (!wasReady && !scalingOwnsReady(object.status, isScaling)) {
    const message = "ScaledObject is ready for scaling";
    events.record(object, { type: "Normal", reason: "ScaledObjectReady", message });
  }
  recordPausing(object, context);
  parts.metrics?.paused(object.metadata.namespace as string, object.metadata.name, isHeld(object));
  return problem;
}

/** The status after a reconcile: what the step found, and the conditions. */
function concluded(
  object: ScaledObject,
  before: Status,
  { status, message }: Step,
  problem: Problem | undefined,
  isScaling: boolean,
): Status {
  let conditions = initializedConditions(before.conditions);
  if (problem) {
    conditions = withCondition(conditions, "Ready", "False", "ScaledObjectCheckFailed", problem.message);
    conditions = withCondition(conditions, "Active", "Unknown", "UnknownState", "ScaledObject check failed");
  } else if (!scalingOwnsReady(before, isScaling)) {
    conditions = withCondition(conditions, "Ready", "True", "ScaledObjectReady", message);
  }
  if (isHeld(object)) {
    conditions = withCondition(conditions, "Paused", "True", "ScaledObjectPaused", pausedMessage);
  } else if (conditionStatus(conditions, "Paused") === "True") {
    conditions = withCondition(conditions, "Paused", "False", "ScaledObjectUnpaused", unpausedMessage);
  }
  if (!hasValidFallback(object)) {
    const none = "No fallbacks are active on this scaled object";
    conditions = withCondition(conditions, "Fallback", "False", "NoFallbackFound", none);
  }
  return { ...before, ...status, conditions } as Status;
}

/** What the scaling controller has found wrong stays until it finds it right, as long as it reads the same spec. */
function scalingOwnsReady(status: ScaledObject["status"], isScaling: boolean): boolean {
  const ready = status?.conditions?.find(({ type }) => type === "Ready");
  return isScaling && ready !== undefined && scalingReasons.has(ready.reason ?? "");
}

const scalingReasons: ReadonlySet<string> = new Set([
  "TriggerError",
  "PartialTriggerError",
  "ErrorGettingCurrentReplicas",
]);

const isHeld = (object: ScaledObject): boolean =>
  isPaused(object) || isScaleInPaused(object) || isScaleOutPaused(object);

const pausedMessage = "ScaledObject is paused";
const unpausedMessage = "pause annotation removed for ScaledObject";

function recordPausing(object: ScaledObject, { events }: ControllerContext): void {
  const wasHeld = conditionStatus(object.status?.conditions, "Paused") === "True";
  if (isHeld(object) === wasHeld) return;
  events.record(object, {
    type: "Normal",
    reason: wasHeld ? "ScaledObjectUnpaused" : "ScaledObjectPaused",
    message: wasHeld ? unpausedMessage : pausedMessage,
  });
}
