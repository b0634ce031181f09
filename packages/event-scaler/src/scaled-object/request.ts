import {
  decision as decisionRecord,
  HorizontalPodAutoscaler,
  type KedaCondition,
  ScaledObject,
  timestamp,
} from "@bellows/api";
import { ApiError, type ControllerContext, type Instant, isNotFound, keyOf, keyText, type Scale } from "@bellows/kube";
import {
  decideScaleRequest,
  hpaHealth,
  type ScaleDecision,
  type ScaleOutcome,
  triggersActivity,
} from "../engine/index.ts";
import { initializedConditions, withKedaCondition } from "../object/conditions.ts";
import { updateStatus } from "../object/status.ts";
import type { Scaler } from "../scalers/index.ts";
import { atRest, scaleDirectly } from "./direct.ts";
import type { TriggerReadings } from "./direct-readings.ts";
import { explain, subjectOf } from "./explain.ts";
import type { MetricResult, TriggerFailure } from "./read-metrics.ts";
import type { ScaleLoop } from "./scale-loops.ts";
import { targetOf, writeReplicas } from "./scale-target.ts";
import type { ScalingParts } from "./scaling-controller.ts";
import type { ScaledObjectState } from "./state.ts";
import { healthAfter } from "./status.ts";

/** What was seen of an object's triggers, and how. */
export interface Seen {
  readonly state: Pick<ScaledObjectState, "active" | "failing" | "activeTriggers">;
  /** Those that were read now. */
  readonly results: readonly MetricResult[];
  readonly startReplicas?: number;
  /** Only these metrics were heard of. */
  readonly pushed?: readonly string[];
  /** All of them, for the direct engine; left out where they were not read. */
  readonly triggers?: TriggerReadings & { readonly failures: readonly TriggerFailure[] };
  readonly opened?: readonly Scaler[];
}

export interface Requested {
  /** As it is after the status was written. */
  readonly object: ScaledObject;
  readonly lookAgainAt?: Instant;
  /** The direct engine scales it, and it stands above zero. */
  readonly isScaledDirectly: boolean;
  /** It has just been taken from zero. */
  readonly activated: boolean;
}

/** Takes the target from zero (or idle) or back, scales it in between where no HPA does, and writes the status. */
export async function request(
  object: ScaledObject,
  seen: Seen,
  loop: ScaleLoop,
  parts: ScalingParts,
  context: ControllerContext,
): Promise<Requested> {
  const { client, clock } = context;
  let scale: Scale;
  try {
    scale = await client.getScale(targetOf(object));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return {
      object: await writeUnknownReplicas(object, seen, error, context),
      isScaledDirectly: false,
      activated: false,
    };
  }
  const decision = decideScaleRequest({
    scaledObject: object,
    currentReplicas: scale.spec?.replicas ?? 0,
    ...seen.state,
    ...(seen.startReplicas !== undefined && { startReplicas: seen.startReplicas }),
    now: clock.now(),
  });
  const { outcome, scale: after } = await act(object, scale, seen, decision, loop, parts, context);
  const isDirect = parts.engineOf(object) === "direct";
  const isScaledDirectly = isDirect && decision.reason !== "Paused" && !stands(object, after, seen.state.active);
  if (!isScaledDirectly) loop.history = atRest;
  const direct =
    isScaledDirectly && seen.triggers && seen.opened
      ? await scaleDirectly(object, after, seen.opened, seen.triggers, loop, parts, context)
      : undefined;
  const health = isDirect && !isScaledDirectly ? standing : direct?.condition;
  const written = await writeDecision(object, seen, decision, outcome, { isDirect, direct: health }, context);
  const lookAgainAt = Math.min(decision.lookAgainAt ?? Infinity, direct?.lookAgainAt ?? Infinity);
  const activated = decision.reason === "Activated" && outcome === decision.action?.written;
  return { object: written, isScaledDirectly, activated, ...(Number.isFinite(lookAgainAt) && { lookAgainAt }) };
}

/** As of an HPA whose target is at zero. */
const standing: KedaCondition = {
  type: "HPAActive",
  status: "True",
  reason: "ScalingDisabled",
  message: "scaling is disabled since the replica count of the target is zero",
};

/** Whether a target is at zero, or idle because no trigger asks for more. */
function stands({ spec }: ScaledObject, scale: Scale, active: boolean): boolean {
  const replicas = scale.spec?.replicas ?? 0;
  return replicas === 0 || (!active && spec?.idleReplicaCount !== undefined && replicas <= spec.idleReplicaCount);
}

async function act(
  object: ScaledObject,
  scale: Scale,
  { state }: Seen,
  { action, reason }: ScaleDecision,
  loop: ScaleLoop,
  parts: ScalingParts,
  context: ControllerContext,
): Promise<{ readonly outcome?: ScaleOutcome; readonly scale: Scale }> {
  const { client, clock, events, log, signal } = context;
  if (!action || signal.aborted) return { scale };
  const from = scale.spec?.replicas ?? 0;
  const fields = { ScaledObject: keyText(keyOf(object)), from, to: action.replicas, reason };
  let outcome = action.written;
  let after = scale;
  try {
    after = await writeReplicas(client, object, scale, action.replicas);
    log.info("scaled target", fields);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    log.warn("scaling the target failed", { ...fields, error: error.message });
    outcome = action.refused;
  }
  if (outcome.event) events.record(object, outcome.event);
  if (outcome === action.written) {
    const record = decisionRecord({
      subject: subjectOf(object),
      generation: object.metadata.generation,
      at: clock.now(),
      validUntil: loop.dueAt,
      seen: { replicas: from, active: state.active, activeTriggers: state.activeTriggers },
      computed: [`${reason}: ${from} -> ${action.replicas}`],
      action: { replicas: action.replicas, reason },
    });
    await explain(object, record, reason, loop, parts, context);
  }
  return { outcome, scale: after };
}

async function writeDecision(
  object: ScaledObject,
  seen: Seen,
  decision: ScaleDecision,
  outcome: ScaleOutcome | undefined,
  { isDirect, direct }: { readonly isDirect: boolean; readonly direct: KedaCondition | undefined },
  context: ControllerContext,
): Promise<ScaledObject> {
  const { client, clock } = context;
  const wasActive = decision.touchesLastActive || outcome?.touchesLastActive === true;
  // Paused between a reading and what is made of it: nothing is looked at then.
  const observed = isDirect ? direct : hpaHealth(hpaOf(object, context));
  const health = decision.reason === "Paused" ? undefined : observed;
  const next = [...decision.conditions, outcome?.condition ?? [], health ?? []].flat();
  return updateStatus(client, ScaledObject, object, (before) => {
    const status = healthAfter(object, before, seen.results);
    return {
      ...status,
      conditions: withAll(status.conditions, next),
      triggersActivity: { ...triggersActivity({ ...object, status }, seen.state.activeTriggers, seen.pushed) },
      ...(wasActive && { lastActiveTime: timestamp(clock.now()) }),
    };
  });
}

const withAll = (conditions: KedaCondition[] | undefined, next: readonly KedaCondition[]) =>
  next.reduce(withKedaCondition, initializedConditions(conditions));

async function writeUnknownReplicas(
  object: ScaledObject,
  seen: Seen,
  refusal: ApiError,
  { client, log }: ControllerContext,
): Promise<ScaledObject> {
  const cause = causeOf(object, refusal);
  const message = `Error getting current replicas count for ScaleTarget: ${cause}`;
  log.warn("the target's scale can't be read", { ScaledObject: keyText(keyOf(object)), error: cause });
  return updateStatus(client, ScaledObject, object, (before) => {
    const status = healthAfter(object, before, seen.results);
    const ready = { type: "Ready", status: "False", reason: "ErrorGettingCurrentReplicas", message };
    return {
      ...status,
      conditions: withKedaCondition(initializedConditions(status.conditions), ready),
      triggersActivity: { ...triggersActivity({ ...object, status }, seen.state.activeTriggers, seen.pushed) },
    };
  });
}

const cachedKinds: ReadonlySet<string> = new Set(["Deployment", "StatefulSet", "ReplicaSet"]);

/** Upstream reads workloads of the kinds above itself, and names them by their kind. */
function causeOf(object: ScaledObject, refusal: ApiError): string {
  const { apiVersion, kind, name } = targetOf(object);
  const isCached = apiVersion.startsWith("apps/") && cachedKinds.has(kind);
  return isNotFound(refusal) && isCached ? `${kind}.apps ${JSON.stringify(name)} not found` : refusal.message;
}

function hpaOf({ metadata, status }: ScaledObject, { cache }: ControllerContext): HorizontalPodAutoscaler | undefined {
  const name = status?.hpaName;
  return name ? cache.get(HorizontalPodAutoscaler, { namespace: metadata.namespace as string, name }) : undefined;
}
