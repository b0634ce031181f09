import { HorizontalPodAutoscaler, ScaledObject, timestamp } from "@bellows/api";
import { ApiError, type ControllerContext, keyOf, keyText, type Scale } from "@bellows/kube";
import {
  decideScaleRequest,
  fallbackActivated,
  fallbackDeactivated,
  hpaHealth,
  nextPollAt,
  pollingIntervalMs,
  type ScaleDecision,
  type ScaleOutcome,
  triggersActivity,
  usesModifiers,
} from "../engine/index.ts";
import { conditionStatus, initializedConditions, withKedaCondition } from "../object/conditions.ts";
import { updateStatus } from "../object/status.ts";
import { messageOf, type Scaler } from "../scalers/index.ts";
import type { ScaledObjectParts } from "./controller.ts";
import { builtEvent } from "./ensure.ts";
import { listen } from "./listen.ts";
import { type MetricResult, readMetrics } from "./read-metrics.ts";
import { recordComposite, recordReadings } from "./record-metrics.ts";
import type { ScaleLoop } from "./scale-loops.ts";
import { targetOf } from "./scale-target.ts";
import { seamsOf } from "./seams.ts";
import { startReplicas } from "./start-replicas.ts";
import { type ScaledObjectState, stateOf } from "./state.ts";
import { healthAfter } from "./status.ts";

/** What was seen of an object's triggers, and how. */
interface Seen {
  readonly state: Pick<ScaledObjectState, "active" | "failing" | "activeTriggers">;
  readonly results: readonly MetricResult[];
  readonly startReplicas?: number;
  /** Only this metric was heard of. */
  readonly pushed?: string;
}

/** Reads all triggers of an object, acts on what they say, and sets when to read again. */
export async function poll(
  object: ScaledObject,
  loop: ScaleLoop,
  parts: ScaledObjectParts,
  context: ControllerContext,
): Promise<void> {
  const { clock, events } = context;
  const key = keyOf(object);
  const startedAt = clock.now();
  if (Number.isFinite(loop.dueAt)) {
    parts.metrics?.loopLatency(key.namespace ?? "", "scaledobject", key.name, startedAt - loop.dueAt);
  }
  const intervalMs = pollingIntervalMs(object.spec?.pollingInterval);
  loop.dueAt = nextPollAt(keyText(key), intervalMs, startedAt + 1);

  let opened: readonly Scaler[];
  try {
    opened = await parts.scalers.open(object, seamsOf(context), builtEvent(object, context));
  } catch (error) {
    events.record(object, { type: "Warning", reason: "KEDAScalerFailed", message: messageOf(error) });
    parts.metrics?.scaledObjectError(key.namespace ?? "", key.name, true);
    return;
  }
  listen(object, opened, loop, parts, context);
  const { results, failures } = await readMetrics(object, opened, parts.scalers, context);
  // The object may have been paused, changed or deleted meanwhile.
  if (parts.loops.get(key) !== loop || context.signal.aborted) return;
  loop.lastResults = new Map(results.map((result) => [result.metricName, result]));
  loop.pushed.clear();

  const state = stateOf(object, results, failures);
  recordReadings(object, results, parts.metrics);
  recordComposite(object, state, parts.metrics);
  const reason = usesModifiers(object.spec) ? "KEDAMetricSourceFailed" : "KEDAScalerFailed";
  for (const message of state.errors) events.record(object, { type: "Warning", reason, message });
  const hadFallback = conditionStatus(object.status?.conditions, "Fallback") === "True";
  if (state.isFallback && !hadFallback) events.record(object, fallbackActivated);
  if (!state.isFallback && hadFallback) events.record(object, fallbackDeactivated);

  const start = startReplicas(object, results, state);
  const decision = await request(
    object,
    { state, results, ...(start !== undefined && { startReplicas: start }) },
    context,
  );
  const edges = opened.map(({ trigger }) => trigger.nextChange?.(clock.now()) ?? Number.POSITIVE_INFINITY);
  loop.dueAt = Math.min(loop.dueAt, decision?.lookAgainAt ?? Number.POSITIVE_INFINITY, ...edges);
}

/** Acts on what sources said by themselves: that they are active. */
export async function actOnPushes(object: ScaledObject, loop: ScaleLoop, context: ControllerContext): Promise<void> {
  const pushed = [...loop.pushed];
  loop.pushed.clear();
  loop.pushesSeenAt = context.clock.now();
  for (const metricName of pushed) {
    const state = { active: true, failing: false, activeTriggers: [metricName] };
    await request(object, { state, results: [], pushed: metricName }, context);
  }
}

/** Takes the target from zero (or idle) or back, and writes the status. */
async function request(
  object: ScaledObject,
  seen: Seen,
  context: ControllerContext,
): Promise<ScaleDecision | undefined> {
  const { client, clock } = context;
  let scale: Scale;
  try {
    scale = await client.getScale(targetOf(object));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    await writeUnknownReplicas(object, seen, error, context);
    return undefined;
  }
  const decision = decideScaleRequest({
    scaledObject: object,
    currentReplicas: scale.spec?.replicas ?? 0,
    ...seen.state,
    ...(seen.startReplicas !== undefined && { startReplicas: seen.startReplicas }),
    now: clock.now(),
  });
  const outcome = await act(object, scale, decision, context);
  await writeDecision(object, seen, decision, outcome, context);
  return decision;
}

async function act(
  object: ScaledObject,
  scale: Scale,
  { action, reason }: ScaleDecision,
  { client, events, log, signal }: ControllerContext,
): Promise<ScaleOutcome | undefined> {
  if (!action || signal.aborted) return undefined;
  const fields = {
    ScaledObject: keyText(keyOf(object)),
    from: scale.spec?.replicas ?? 0,
    to: action.replicas,
    reason,
  };
  let outcome = action.written;
  try {
    // By the version that was read: whoever scaled meanwhile wins, and the next look decides anew.
    await client.updateScale(targetOf(object), action.replicas, scale.metadata.resourceVersion);
    log.info("scaled target", fields);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    log.warn("scaling the target failed", { ...fields, error: error.message });
    outcome = action.refused;
  }
  if (outcome.event) events.record(object, outcome.event);
  return outcome;
}

async function writeDecision(
  object: ScaledObject,
  seen: Seen,
  decision: ScaleDecision,
  outcome: ScaleOutcome | undefined,
  context: ControllerContext,
): Promise<void> {
  const { client, clock } = context;
  const wasActive = decision.touchesLastActive || outcome?.touchesLastActive === true;
  const health = hpaHealth(hpaOf(object, context));
  const next = [...decision.conditions, outcome?.condition ?? [], health ?? []].flat();
  await updateStatus(client, ScaledObject, object, (before) => {
    const status = healthAfter(object, before, seen.results);
    return {
      ...status,
      conditions: next.reduce(withKedaCondition, initializedConditions(status.conditions)),
      triggersActivity: { ...triggersActivity(object, seen.state.activeTriggers, seen.pushed) },
      ...(wasActive && { lastActiveTime: timestamp(clock.now()) }),
    };
  });
}

async function writeUnknownReplicas(
  object: ScaledObject,
  seen: Seen,
  { message: cause }: ApiError,
  { client, log }: ControllerContext,
): Promise<void> {
  const message = `Error getting current replicas count for ScaleTarget: ${cause}`;
  log.warn("the target's scale can't be read", { ScaledObject: keyText(keyOf(object)), error: cause });
  await updateStatus(client, ScaledObject, object, (before) => {
    const status = healthAfter(object, before, seen.results);
    const ready = { type: "Ready", status: "False", reason: "ErrorGettingCurrentReplicas", message };
    return {
      ...status,
      conditions: withKedaCondition(initializedConditions(status.conditions), ready),
      triggersActivity: { ...triggersActivity(object, seen.state.activeTriggers, seen.pushed) },
    };
  });
}

function hpaOf({ metadata, status }: ScaledObject, { cache }: ControllerContext): HorizontalPodAutoscaler | undefined {
  const name = status?.hpaName;
  return name ? cache.get(HorizontalPodAutoscaler, { namespace: metadata.namespace as string, name }) : undefined;
}
