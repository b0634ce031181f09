import {
  asAutoscalingV2,
  BellowsHorizontalPodAutoscaler,
  HorizontalPodAutoscaler,
  type HorizontalPodAutoscalerStatus,
  type Kind,
  Pod,
  sameJson,
  specProblem,
  targetsCell,
} from "@bellows/api";
import {
  type Controller,
  type ControllerContext,
  controller,
  createDecisionLog,
  type DecisionLog,
  isConflict,
  keyText,
  lookAgainAt,
  type ObjectKey,
  reportInvalidSpec,
  type ScaleTarget,
} from "@bellows/kube";
import { AutoscalersByTarget } from "./autoscalers-by-target.ts";
import { type HpaMetrics, hpaMetrics } from "./controller-metrics.ts";
import { concludeSync, type HpaConclusion } from "./engine/conclude.ts";
import { decideReplicas, defaultConfig, type HpaConfig, type HpaDecision } from "./engine/decide.ts";
import { type History, newestOfEachCount, noHistory } from "./engine/history.ts";
import type { Reading } from "./engine/metric.ts";
import { recordOf } from "./explain.ts";
import { observeMetrics, observePods } from "./observe-metrics.ts";
import { type ObservedScale, observeScale, readScale, refusal, targetOf, watchedTargets } from "./observe-scale.ts";
import { PodMetricsReader } from "./pod-metrics-reader.ts";
import { PodsByLabel } from "./pods-by-label.ts";
import { SelectorsByNamespace } from "./selectors-by-namespace.ts";
import { followAutoscalers, followMetrics, followPods, followTargets } from "./wake-ups.ts";
import { writeStatus } from "./write-status.ts";

export interface HpaControllerOptions extends Partial<HpaConfig> {
  /** Longest time between two syncs of one autoscaler; default 15 s, as kube-controller-manager's flag. */
  readonly syncPeriodMs?: number;
  /** Autoscalers that are synced at the same time; default 1, so that the order is always the same. */
  readonly concurrency?: number;
  /** autoscaling/v2 HorizontalPodAutoscaler (the default), or its twin. */
  readonly kind?: Kind<HorizontalPodAutoscaler>;
}

/** What is remembered of an autoscaler while this process runs. */
interface Memory {
  readonly history: History;
  readonly spec: HorizontalPodAutoscaler["spec"];
  readonly syncedAt: number;
  readonly dueAt: number;
}

/** The controller, with a way to tell it of what no watch shows. */
export interface HpaController extends Controller {
  /** A metric of this autoscaler has another value (it was pushed): it is synced at once, at most once a second. */
  wake(key: ObjectKey): void;
}

/** Soonest new look at an autoscaler, so that neither odd sample times nor a storm of pod changes make it spin. */
const minSyncPeriodMs = 1_000;
/** A sample is published a moment after it was taken. */
const publishDelayMs = 250;
const conflictRetries = 5;

/**
 * Keeps a workload at the replicas its HorizontalPodAutoscaler asks for. Writes: the target's scale, the autoscaler's
 * status, Events.
 */
export function hpaController(options: HpaControllerOptions = {}): HpaController {
  const { kind = HorizontalPodAutoscaler, syncPeriodMs = 15_000, concurrency = 1 } = options;
  const isTwin = kind === BellowsHorizontalPodAutoscaler;
  // The API server of autoscaling/v2 has a gate of its own: what it lets through is meant.
  const config: HpaConfig = { ...defaultConfig, ...options, ...(!isTwin && { scaleToZero: true }) };
  const name = isTwin ? "horizontal-pod-autoscaler-twin" : "horizontal-pod-autoscaler";
  const memories = new Map<string, Memory>();
  const selectors = new SelectorsByNamespace();
  const podsByLabel = new PodsByLabel();
  const podMetrics = new PodMetricsReader();
  const byTarget = new AutoscalersByTarget();
  /** The twin leaves a target alone that an autoscaler of autoscaling/v2 has. */
  const rivals = isTwin ? new AutoscalersByTarget() : undefined;
  /** Those that were woken since their last sync began: what it read may be outdated. */
  const woken = new Set<string>();
  let metrics: HpaMetrics;
  let decisions: DecisionLog;
  let enqueue: (key: ObjectKey) => void = () => {};

  function wake(key: ObjectKey): void {
    const id = keyText(key);
    const memory = memories.get(id);
    if (memory) memories.set(id, { ...memory, dueAt: Math.min(memory.dueAt, memory.syncedAt + minSyncPeriodMs) });
    woken.add(id);
    enqueue(key);
  }

  function forget(key: ObjectKey): void {
    const id = keyText(key);
    memories.delete(id);
    woken.delete(id);
    selectors.delete(key);
    podMetrics.forget(key);
    metrics.forget(key.namespace ?? "", key.name);
  }

  async function observe(
    hpa: HorizontalPodAutoscaler,
    key: ObjectKey,
    target: ScaleTarget,
    context: ControllerContext,
  ) {
    const { client, cache, clock } = context;
    const { namespace } = target;
    const scale = await observeScale(client, cache, target);
    const selector = "error" in scale ? "" : scale.selector;
    const { pods, selectorError } = observePods(cache, podsByLabel, namespace, selector);
    if (!("error" in scale)) selectors.set(key, selectorError === undefined ? selector : "");
    const readPodMetrics = () => podMetrics.read(client, clock, key, selector, pods, podsByLabel.size(namespace));
    const readings =
      "error" in scale
        ? []
        : await observeMetrics(client, namespace, selector, hpa.spec?.metrics ?? [], readPodMetrics);
    const others = (rivals?.of(namespace, target) ?? []).map((other) => `${keyText(other)} (autoscaling/v2)`);
    return {
      scale,
      pods,
      readings,
      autoscalersOfPods: [...selectors.selecting(key, pods), ...others],
      isRollingOut: !("error" in scale) && scale.isRollingOut,
      ...(selectorError !== undefined && { selectorError }),
    };
  }

  return controller({
    name,
    // Followed by hand: most of their changes are statuses that this one wrote.
    watches: [],
    reads: [kind, Pod, ...watchedTargets, ...(rivals ? [HorizontalPodAutoscaler] : [])] as unknown as Kind[],
    concurrency,
    wake,
    start(context) {
      metrics = hpaMetrics(context.metrics);
      decisions = createDecisionLog(context, name);
      enqueue = context.enqueue;
      podsByLabel.follow(context.cache);
      rivals?.follow(context.cache, HorizontalPodAutoscaler);
      byTarget.follow(context.cache, kind);
      followAutoscalers(context, kind);
      followPods(context, selectors, wake);
      followTargets(context, byTarget, wake);
      followMetrics(context, kind, wake);
    },
    async reconcile(key, context) {
      const id = keyText(key);
      const found = context.cache.get(kind, key);
      metrics.controlled(kind, context.cache.informer(kind).size);
      if (!found || found.metadata.deletionTimestamp) return forget(key);
      // What autoscaling/v2 holds has passed the API server's own types; a definition of another release lets anything by.
      const malformed = isTwin ? specProblem(kind, found) : undefined;
      if (malformed !== undefined) {
        forget(key);
        return reportInvalidSpec(kind, found, { type: "AbleToScale" }, malformed, context);
      }
      if (!found.spec) return forget(key);
      const now = context.clock.now();
      const memory = memories.get(id);
      // It was woken more than once, or for an outdated reason.
      if (memory && now < memory.dueAt && sameJson(memory.spec, found.spec)) return lookAgainAt(memory.dueAt);
      woken.delete(id);

      const hpa = isTwin ? asAutoscalingV2(found) : found;
      const target = targetOf(found.spec.scaleTargetRef, key.namespace as string);
      const seen = await observe(hpa, key, target, context);
      const computedSeconds = (context.clock.now() - now) / 1000;
      const decision = decideReplicas(hpa, seen, memory?.history ?? noHistory, config, now);
      const rescaled = await rescale(target, seen.scale, decision, context);
      const conclusion = concludeSync(hpa, decision, rescaled, context.clock.now());
      const dueAt = woken.has(id) ? now + minSyncPeriodMs : nextSyncAt(now, seen.readings, syncPeriodMs);
      const recommendations = newestOfEachCount(conclusion.history.recommendations);
      // Before the last write: a pod that changes meanwhile brings the next sync forward.
      memories.set(id, {
        history: { ...conclusion.history, recommendations },
        spec: found.spec,
        syncedAt: now,
        dueAt,
      });
      const status = isTwin ? { ...conclusion.status, ...columnsOf(hpa, conclusion.status) } : conclusion.status;
      if (!sameJson(status, found.status)) {
        const record = recordOf(hpa, decision, conclusion, seen, now, dueAt);
        await writeStatus(kind, found, status, record, context);
        decisions.explain(record, { regarding: found, log: "rescaled" });
      }
      for (const { type, replicas } of decision.proposals) {
        const error = replicas !== undefined ? "none" : metricTypes.has(type) ? "internal" : "spec";
        metrics.computed(type, actionTo(replicas, hpa.status?.currentReplicas ?? 0), error, computedSeconds);
      }
      const isSpecError = "error" in seen.scale && seen.scale.isSpec === true;
      report(found, key, decision, conclusion, isSpecError, context, metrics, now);
      return lookAgainAt(memories.get(id)?.dueAt ?? dueAt);
    },
  });
}

const metricTypes: ReadonlySet<string> = new Set(["Resource", "ContainerResource", "Pods", "Object", "External"]);

/** The change that `replicas` means; none where no number could be made. */
const actionTo = (replicas: number | undefined, current: number) =>
  replicas === undefined || replicas === current ? "none" : replicas > current ? "scale_up" : "scale_down";

/** What the columns of the twin's table show: the API server makes those of autoscaling/v2 itself. */
const columnsOf = ({ spec }: HorizontalPodAutoscaler, { currentMetrics = [] }: HorizontalPodAutoscalerStatus) => ({
  reference: `${spec?.scaleTargetRef.kind}/${spec?.scaleTargetRef.name}`,
  targets: targetsCell(spec?.metrics ?? [], currentMetrics),
});

/** Writes spec.replicas by the version that was read; where that is outdated, reads again and writes the same count. */
async function rescale(
  target: ScaleTarget,
  scale: ObservedScale,
  decision: HpaDecision,
  context: ControllerContext,
): Promise<{ error?: string }> {
  if (decision.rescaleTo === undefined || context.signal.aborted) return {};
  let version = "error" in scale ? undefined : scale.resourceVersion;
  for (let attempt = 1; ; attempt++) {
    try {
      await context.client.updateScale(target, decision.rescaleTo, version);
      return {};
    } catch (error) {
      const message = refusal(error);
      if (!isConflict(error) || attempt === conflictRetries) return { error: message };
      const latest = await readScale(context.client, target);
      if ("error" in latest) return { error: latest.error };
      version = latest.resourceVersion;
    }
  }
}

/** The next sync: when the next sample of the slowest pod is due, but no later than the sync period. */
function nextSyncAt(now: number, readings: readonly Reading[], syncPeriodMs: number): number {
  let newest = "";
  for (const reading of readings) {
    if (!("podMetrics" in reading)) continue;
    // As text: RFC 3339 in UTC, to the second.
    for (const { timestamp = "" } of reading.podMetrics) if (timestamp > newest) newest = timestamp;
  }
  const due = newest === "" ? Number.POSITIVE_INFINITY : Date.parse(newest) + syncPeriodMs + publishDelayMs;
  return Math.min(now + syncPeriodMs, Math.max(now + minSyncPeriodMs, due));
}

function report(
  hpa: HorizontalPodAutoscaler,
  key: ObjectKey,
  decision: HpaDecision,
  conclusion: HpaConclusion,
  isSpecError: boolean,
  context: ControllerContext,
  metrics: HpaMetrics,
  startedAt: number,
): void {
  for (const event of conclusion.events) context.events.record(hpa, event);
  const { rescaleTo, currentReplicas } = decision;
  const rescaled = conclusion.events.some((event) => event.reason === "SuccessfulRescale");
  const action = rescaled ? actionTo(rescaleTo, currentReplicas) : "none";
  const error = conclusion.error === undefined ? "none" : isSpecError ? "spec" : "internal";
  metrics.reconciled(action, error, (context.clock.now() - startedAt) / 1000);
  const isRefused = conclusion.events.some((event) => event.reason === "FailedRescale");
  if (!decision.failed && !isRefused) metrics.desired(key.namespace ?? "", key.name, conclusion.status.desiredReplicas);
}
