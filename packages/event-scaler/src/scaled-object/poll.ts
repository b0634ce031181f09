import { type ScaledObject, stableJson } from "@bellows/api";
import { type ControllerContext, keyOf, keyText, type ObjectKey } from "@bellows/kube";
import type { Push } from "@bellows/triggers";
import { afterPush, hpaSyncPeriodMs, nextPollAt, pollingIntervalMs, usesModifiers } from "../engine/index.ts";
import { builtEvent } from "../object/built-event.ts";
import { conditionStatus } from "../object/conditions.ts";
import { messageOf, type Scaler } from "../scalers/index.ts";
import { listen } from "./listen.ts";
import { adaptPolling, nextDueAt } from "./polling-interval.ts";
import { type MetricResult, readMetrics, type TriggerFailure } from "./read-metrics.ts";
import { recordComposite, recordReadings, recordUnread } from "./record-metrics.ts";
import { request } from "./request.ts";
import { resultOf, type ScaleLoop } from "./scale-loops.ts";
import type { ScalingParts } from "./scaling-controller.ts";
import { seamsOf } from "./seams.ts";
import { startReplicas } from "./start-replicas.ts";
import { stateOf } from "./state.ts";
import { tellFallback } from "./status.ts";
import { wakeHpa } from "./wake-hpa.ts";

/** Reads all triggers of an object, acts on what they say, and sets when to read again. */
export async function poll(
  object: ScaledObject,
  loop: ScaleLoop,
  parts: ScalingParts,
  context: ControllerContext,
): Promise<void> {
  const { clock } = context;
  const key = keyOf(object);
  const startedAt = clock.now();
  if (Number.isFinite(loop.dueAt)) {
    parts.metrics?.loopLatency(key.namespace ?? "", "scaledobject", key.name, startedAt - loop.dueAt);
  }
  loop.dueAt = nextDueAt(object, loop, startedAt);
  const { cachedUntil, lastResults } = loop;
  if (startedAt >= cachedUntil) loop.cachedUntil = loop.dueAt;

  const opened = await openTriggers(object, loop, parts, context);
  if (!opened) return;
  const kept = (scaler: Scaler, metricName: string) =>
    scaler.declared.useCachedMetrics && startedAt < cachedUntil ? resultOf(lastResults, metricName) : undefined;
  const { results, failures } = await readMetrics(object, opened, parts.scalers, context, undefined, {
    kept,
    counts: pollsOf(object, loop),
  });
  if (isOver(key, loop, parts, context)) return;
  loop.lastResults = results;
  adaptPolling(object, loop, { results, before: lastResults, startedAt });

  const { errors } = stateOf(object, results, failures);
  const reason = usesModifiers(object.spec) ? "KEDAMetricSourceFailed" : "KEDAScalerFailed";
  for (const message of errors) context.events.record(object, { type: "Warning", reason, message });
  await act(
    object,
    opened,
    { results, failures, fresh: results, hasChanged: differ(results, lastResults) },
    loop,
    parts,
    context,
  );
}

/**
 * Acts on what sources said by themselves: at once on that they are active, then on their values. Only these sources are
 * read; what the others said last still holds.
 */
export async function actOnPushes(
  object: ScaledObject,
  loop: ScaleLoop,
  parts: ScalingParts,
  context: ControllerContext,
): Promise<void> {
  const { pushed = new Map<number, Push>(), lastResults } = loop;
  const key = keyOf(object);
  loop.pushed = undefined;
  loop.pushPace = afterPush(loop.pushPace, context.clock.now());
  const opened = await openTriggers(object, loop, parts, context);
  if (!opened) return;
  // With cached metrics a push says only whether the source is active: values change from poll to poll.
  const keepsValues = ({ index, declared }: Scaler) =>
    !pushed.has(index) || (Boolean(declared.useCachedMetrics) && context.clock.now() < loop.cachedUntil);
  const reading = readMetrics(object, opened, parts.scalers, context, undefined, {
    kept: (scaler, metricName) => (keepsValues(scaler) ? resultOf(lastResults, metricName) : undefined),
    told: ({ index }, metricName) => valuesOf(pushed.get(index), metricName),
    counts: pollsOf(object, loop),
  });
  let latest = object;
  const active = [...pushed].flatMap(([index, push]) => (push.active ? metricsOf(object, index) : []));
  const isActive = conditionStatus(object.status?.conditions, "Active") === "True";
  // With its values a target comes from zero in one step; a source that is slow to give them keeps it from nothing.
  if (active.length > 0 && !isActive && !(await isRead(reading, pushed, context))) {
    const state = { active: true, failing: false, activeTriggers: active };
    latest = (await request(object, { state, results: [], pushed: active }, loop, parts, context)).object;
  }
  const { results, failures } = await reading;
  if (isOver(key, loop, parts, context)) return;
  loop.lastResults = results.map((result) =>
    keepsValues(result.scaler) ? (resultOf(lastResults, result.metricName) ?? result) : result,
  );
  // A source that says it is active is, whatever its value.
  const asked = results.map((result) =>
    pushed.get(result.scaler.index)?.active && result.error === undefined ? { ...result, active: true } : result,
  );
  const fresh = asked.filter(({ scaler }) => pushed.has(scaler.index));
  await act(
    latest,
    opened,
    { results: asked, failures, fresh, hasChanged: differ(fresh, lastResults) },
    loop,
    parts,
    context,
  );
}

/** How failures count that this loop sees: it also polls at the edges of windows, for its own engine and for pushes. */
const pollsOf = ({ spec }: ScaledObject, { failurePace }: ScaleLoop) =>
  failurePace.of("poll", Math.min(pollingIntervalMs(spec?.pollingInterval), hpaSyncPeriodMs));

/** For how long an activation waits for the value of the source that asks for it. */
const longestWaitMs = 250;

/** Whether a source that says it is active gives its value soon. */
async function isRead(
  reading: Promise<{ readonly results: readonly MetricResult[] }>,
  pushed: ReadonlyMap<number, Push>,
  { clock }: Pick<ControllerContext, "clock">,
): Promise<boolean> {
  const late = Promise.withResolvers<undefined>();
  const timer = clock.after(longestWaitMs, () => late.resolve(undefined));
  try {
    const { results = [] } = (await Promise.race([reading, late.promise])) ?? {};
    return results.some(({ scaler, error }) => pushed.get(scaler.index)?.active && error === undefined);
  } finally {
    timer.cancel();
  }
}

/** The metrics of a trigger begin with its place. */
function metricsOf({ status }: ScaledObject, index: number): readonly string[] {
  const names = status?.externalMetricNames?.filter((name) => name.startsWith(`s${index}-`)) ?? [];
  return names.length > 0 ? names : [`s${index}-`];
}

/** What a push says of one metric; undefined where it is to be read. */
function valuesOf(push: Push | undefined, metricName: string): Push | undefined {
  const values = push?.values?.filter((value) => value.metricName === metricName) ?? [];
  return push && values.length > 0 ? { ...push, values } : undefined;
}

/** The object may have been paused, changed or deleted while its triggers were read. */
const isOver = (key: ObjectKey, loop: ScaleLoop, { loops }: ScalingParts, { signal }: ControllerContext): boolean =>
  loops.get(key) !== loop || signal.aborted;

async function openTriggers(
  object: ScaledObject,
  loop: ScaleLoop,
  parts: ScalingParts,
  context: ControllerContext,
): Promise<readonly Scaler[] | undefined> {
  const { namespace = "", name } = keyOf(object);
  try {
    const opened = await parts.scalers.open(object, seamsOf(context), builtEvent(object, context));
    listen(object, opened, loop, parts, context);
    return opened;
  } catch (error) {
    context.events.record(object, { type: "Warning", reason: "KEDAScalerFailed", message: messageOf(error) });
    parts.metrics?.scaledObjectError(namespace, name, true);
    return undefined;
  }
}

/** Whether a metric has another value than at the last reading. */
const differ = (results: readonly MetricResult[], last: readonly MetricResult[]): boolean =>
  results.some(
    ({ metricName, values }) =>
      values.length > 0 && stableJson(values) !== stableJson(resultOf(last, metricName)?.values ?? []),
  );

interface Readings {
  readonly results: readonly MetricResult[];
  /** Those of the results that were read now. */
  readonly fresh: readonly MetricResult[];
  readonly hasChanged: boolean;
  readonly failures: readonly TriggerFailure[];
}

/** Acts on readings, and brings the next look forward where something changes by time alone. */
async function act(
  object: ScaledObject,
  opened: readonly Scaler[],
  { results, fresh, hasChanged, failures }: Readings,
  loop: ScaleLoop,
  parts: ScalingParts,
  context: ControllerContext,
): Promise<void> {
  const { clock } = context;
  const state = stateOf(object, results, failures);
  recordReadings(object, fresh, parts.metrics);
  recordUnread(object, opened, failures, parts.metrics);
  recordComposite(object, state, parts.metrics);

  const start = startReplicas(object, results, state);
  const [error] = state.errors;
  const composite = { values: state.values, ...(error !== undefined && { error }) };
  const triggers = { results, failures, composite };
  const seen = { state, results: fresh, opened, triggers, ...(start !== undefined && { startReplicas: start }) };
  const { object: after, lookAgainAt, isScaledDirectly, activated } = await request(object, seen, loop, parts, context);
  tellFallback(object, after, context);
  if (!isScaledDirectly && (activated || hasChanged)) await wakeHpa(object, parts.wakeAutoscaler, context);
  const edges = opened.map(({ trigger }) => trigger.nextChange?.(clock.now()) ?? Number.POSITIVE_INFINITY);
  const key = keyText(keyOf(object));
  if (isScaledDirectly) edges.push(nextPollAt(key, hpaSyncPeriodMs, clock.now() + 1));
  loop.dueAt = Math.min(loop.dueAt, lookAgainAt ?? Number.POSITIVE_INFINITY, ...edges);
}
