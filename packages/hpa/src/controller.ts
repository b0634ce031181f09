import {
  decisionAnnotation,
  decisionRecordAnnotation,
  HorizontalPodAutoscaler,
  type Kind,
  Pod,
  stableJson,
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
  type ScaleTarget,
  self,
} from "@bellows/kube";
import { type HpaMetrics, hpaMetrics } from "./controller-metrics.ts";
import {
  concludeSync,
  decideReplicas,
  defaultConfig,
  type HpaConclusion,
  type HpaConfig,
  type HpaDecision,
} from "./engine/decide.ts";
import { type History, newestOfEachCount, noHistory } from "./engine/history.ts";
import type { Reading } from "./engine/metric.ts";
import { type HpaRecord, recordOf } from "./explain.ts";
import { observeMetrics, observePods } from "./observe-metrics.ts";
import { type ObservedScale, observeScale, readScale, refusal, targetOf, watchedTargets } from "./observe-scale.ts";
import { PodsByLabel } from "./pods-by-label.ts";
import { SelectorsByNamespace } from "./selectors-by-namespace.ts";
import { followMetrics, followPods } from "./wake-ups.ts";

export interface HpaControllerOptions extends Partial<HpaConfig> {
  /** Longest time between two syncs of one autoscaler; default 15 s, as kube-controller-manager's flag. */
  readonly syncPeriodMs?: number;
}

/** What is remembered of an autoscaler while this process runs. */
interface Memory {
  readonly history: History;
  readonly spec: string;
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
  const config: HpaConfig = { ...defaultConfig, ...options };
  const syncPeriodMs = options.syncPeriodMs ?? 15_000;
  const memories = new Map<string, Memory>();
  const selectors = new SelectorsByNamespace();
  const podsByLabel = new PodsByLabel();
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

  return controller({
    name: "horizontal-pod-autoscaler",
    watches: [self(HorizontalPodAutoscaler)],
    reads: [Pod, ...watchedTargets] as unknown as Kind[],
    wake,
    start(context) {
      metrics = hpaMetrics(context.metrics);
      decisions = createDecisionLog(context, "horizontal-pod-autoscaler");
      enqueue = context.enqueue;
      podsByLabel.follow(context.cache);
      followPods(context, selectors, wake);
      followMetrics(context, wake);
    },
    async reconcile(key, context) {
      const id = keyText(key);
      const hpa = context.cache.get(HorizontalPodAutoscaler, key);
      metrics.controlled(context.cache.informer(HorizontalPodAutoscaler).size);
      if (!hpa?.spec || hpa.metadata.deletionTimestamp) {
        memories.delete(id);
        woken.delete(id);
        selectors.delete(key);
        metrics.forget(key.namespace ?? "", key.name);
        return;
      }
      const now = context.clock.now();
      const memory = memories.get(id);
      const spec = JSON.stringify(hpa.spec);
      // Its own status writes wake the controller, too.
      if (memory && memory.spec === spec && now < memory.dueAt) return lookAgainAt(memory.dueAt);
      woken.delete(id);

      const namespace = key.namespace as string;
      const target = targetOf(hpa.spec.scaleTargetRef, namespace);
      const scale = await observeScale(context.client, context.cache, target);
      const selector = "error" in scale ? "" : scale.selector;
      const { pods, selectorError } = observePods(context.cache, podsByLabel, namespace, selector);
      const readings =
        "error" in scale ? [] : await observeMetrics(context.client, namespace, selector, hpa.spec.metrics ?? []);
      if (!("error" in scale)) selectors.set(key, selectorError === undefined ? selector : "");
      const autoscalersOfPods = selectors.selecting(key, pods);
      const seen = {
        scale,
        pods,
        readings,
        autoscalersOfPods,
        isRollingOut: !("error" in scale) && scale.isRollingOut,
        ...(selectorError !== undefined && { selectorError }),
      };

      const computedSeconds = (context.clock.now() - now) / 1000;
      const decision = decideReplicas(hpa, seen, memory?.history ?? noHistory, config, now);
      const rescaled = await rescale(target, scale, decision, context);
      const conclusion = concludeSync(hpa, decision, rescaled, context.clock.now());
      const dueAt = woken.has(id) ? now + minSyncPeriodMs : nextSyncAt(now, readings, syncPeriodMs);
      const recommendations = newestOfEachCount(conclusion.history.recommendations);
      // Before the last write: a pod that changes meanwhile brings the next sync forward.
      memories.set(id, { history: { ...conclusion.history, recommendations }, spec, syncedAt: now, dueAt });
      const record = recordOf(hpa, decision, conclusion, seen, now, dueAt);
      await writeStatus(hpa, conclusion, record, context);
      for (const { type, replicas } of decision.proposals) {
        const error = replicas !== undefined ? "none" : metricTypes.has(type) ? "internal" : "spec";
        metrics.computed(type, actionTo(replicas, hpa.status?.currentReplicas ?? 0), error, computedSeconds);
      }

      report(hpa, key, decision, conclusion, context, metrics, now);
      decisions.explain(record, { regarding: hpa, log: "rescaled" });
      return lookAgainAt(memories.get(id)?.dueAt ?? dueAt);
    },
  });
}

const metricTypes: ReadonlySet<string> = new Set(["Resource", "ContainerResource", "Pods", "Object", "External"]);

/** The change that `replicas` means; none where no number could be made. */
const actionTo = (replicas: number | undefined, current: number) =>
  replicas === undefined || replicas === current ? "none" : replicas > current ? "scale_up" : "scale_down";

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

async function writeStatus(
  hpa: HorizontalPodAutoscaler,
  conclusion: HpaConclusion,
  record: HpaRecord,
  context: ControllerContext,
): Promise<void> {
  const { status } = conclusion;
  if (stableJson(status) === stableJson(hpa.status)) return;
  // What is absent now must not stay from before: a merge patch removes what is null.
  const gone = Object.keys(hpa.status ?? {}).filter((field) => !(field in status));
  // The decision goes with the status that it led to: it is no write of its own.
  const annotations = { [decisionAnnotation]: record.id, [decisionRecordAnnotation]: stableJson(record) };
  const body = {
    metadata: { annotations },
    status: { ...status, ...Object.fromEntries(gone.map((field) => [field, null])) },
  };
  const key = { namespace: hpa.metadata.namespace as string, name: hpa.metadata.name };
  try {
    await context.client.patch(HorizontalPodAutoscaler, key, { type: "merge", body }, { subresource: "status" });
  } catch (error) {
    context.events.record(hpa, { type: "Warning", reason: "FailedUpdateStatus", message: refusal(error) });
  }
}

/** The next sync: when the next sample of the slowest pod is due, but no later than the sync period. */
function nextSyncAt(now: number, readings: readonly Reading[], syncPeriodMs: number): number {
  const dues = readings.flatMap((reading) =>
    "podMetrics" in reading
      ? reading.podMetrics.map((item) => Date.parse(item.timestamp ?? "") + syncPeriodMs + publishDelayMs)
      : [],
  );
  const due = dues.length === 0 ? Number.POSITIVE_INFINITY : Math.max(...dues);
  return Math.min(now + syncPeriodMs, Math.max(now + minSyncPeriodMs, due));
}

function report(
  hpa: HorizontalPodAutoscaler,
  key: ObjectKey,
  decision: HpaDecision,
  conclusion: HpaConclusion,
  context: ControllerContext,
  metrics: HpaMetrics,
  startedAt: number,
): void {
  for (const event of conclusion.events) context.events.record(hpa, event);
  const { rescaleTo, currentReplicas } = decision;
  const rescaled = conclusion.events.some((event) => event.reason === "SuccessfulRescale");
  const action = rescaled ? actionTo(rescaleTo, currentReplicas) : "none";
  metrics.reconciled(
    action,
    conclusion.error === undefined ? "none" : "internal",
    (context.clock.now() - startedAt) / 1000,
  );
  metrics.desired(key.namespace ?? "", key.name, conclusion.status.desiredReplicas);
}
