import { type HorizontalPodAutoscaler, type KedaCondition, type ScaledObject, stableJson } from "@bellows/api";
import {
  concludeSync,
  decideReplicas,
  defaultConfig,
  type HpaConclusion,
  type HpaDecision,
  noHistory,
  recordOf,
} from "@bellows/hpa/engine";
import { ApiError, type ControllerContext, type Instant, keyOf, keyText, type Scale } from "@bellows/kube";
import { hpaSyncPeriodMs } from "../engine/index.ts";
import { messageOf, type Scaler } from "../scalers/index.ts";
import { directReadings, podsOfTarget, type TriggerReadings } from "./direct-readings.ts";
import { explain, subjectOf } from "./explain.ts";
import { behaviorWithDefaults, hpaFor } from "./hpa.ts";
import { hpaMetrics } from "./metric-specs.ts";
import { rivalHpa } from "./rivals.ts";
import type { ScaleLoop } from "./scale-loops.ts";
import { targetOf, writeReplicas } from "./scale-target.ts";
import type { ScalingParts } from "./scaling-controller.ts";
import { seamsOf } from "./seams.ts";

/** After a write that was refused, or one that overtook ours. */
const retryMs = 1_000;

export interface DirectOutcome {
  /** HPAActive, which says of the direct engine what it says of an HPA elsewhere. */
  readonly condition: KedaCondition;
  /** Sooner than the next reading; undefined where that is soon enough. */
  readonly lookAgainAt?: Instant;
}

/**
 * Scales a target between one and the maximum by the values that were just read, as its HPA would: by the same engine,
 * behavior and metrics, without an HPA object and its loop.
 * @param failures  why triggers could not even say what they measure
 */
export async function scaleDirectly(
  object: ScaledObject,
  scale: Scale,
  opened: readonly Scaler[],
  triggers: TriggerReadings & { readonly failures: readonly { readonly error: string }[] },
  loop: ScaleLoop,
  parts: ScalingParts,
  context: ControllerContext,
): Promise<DirectOutcome> {
  const { client, clock } = context;
  const rival = rivalHpa(object, context.cache);
  if (rival) {
    const message = `the target is already managed by the hpa '${rival.metadata.name}'`;
    return { condition: inactive("AmbiguousSelector", message) };
  }
  let hpa: HorizontalPodAutoscaler;
  try {
    hpa = await standIn(object, opened, triggers.failures.length, parts, context);
  } catch (error) {
    return { condition: inactive("NoMetrics", messageOf(error)) };
  }
  const specs = hpa.spec?.metrics ?? [];
  const target = { namespace: object.metadata.namespace as string, selector: scale.status?.selector ?? "" };
  const now = clock.now();
  const pods = podsOfTarget(specs, target, context);
  const { replicas: specReplicas = 0 } = scale.spec ?? {};
  const seen = {
    // The status counts the pods of a rollout twice; written back, they would be rolled out on top of.
    scale: { specReplicas, statusReplicas: specReplicas, selector: target.selector },
    ...pods,
    autoscalersOfPods: [keyText(keyOf(object))],
    readings: await directReadings(specs, triggers, target, client),
  };
  const decision = decideReplicas(hpa, seen, loop.history, defaultConfig, now);
  const written = await rescale(object, scale, decision, context);
  const conclusion = concludeSync(hpa, decision, written, clock.now());
  loop.history = conclusion.history;
  for (const event of conclusion.events) context.events.record(object, event);
  const record = recordOf(hpa, decision, conclusion, seen, now, now + hpaSyncPeriodMs, subjectOf(object));
  await explain(object, record, noteworthy(decision, conclusion), loop, parts, context);
  return {
    condition: conditionOf(conclusion),
    ...(written.error !== undefined && { lookAgainAt: now + retryMs }),
  };
}

/** What of a decision is worth a write: what it came to, not the values, which change all the time. */
const noteworthy = (decision: HpaDecision, { error }: HpaConclusion): string =>
  stableJson([decision.currentReplicas, decision.proposals, decision.limits.map(({ reason }) => reason), error]);

/** The HPA that the object would have, for the engine to go by. */
async function standIn(
  object: ScaledObject,
  opened: readonly Scaler[],
  unknownMetrics: number,
  { scalers }: ScalingParts,
  context: ControllerContext,
): Promise<HorizontalPodAutoscaler> {
  const { specs } = await hpaMetrics(object, opened, scalers, seamsOf(context));
  // A metric that no one can name now might ask for more than the others: with it the engine grows, but never shrinks.
  const unknown = { type: "External", external: { metric: { name: "unknown" }, target: { type: "AverageValue" } } };
  const metrics = [...specs, ...Array.from({ length: unknownMetrics }, () => unknown)];
  const { apiVersion = "apps/v1", kind } = targetOf(object);
  const [group = "", version = group] = apiVersion.includes("/") ? apiVersion.split("/") : ["", apiVersion];
  const hpa = hpaFor(object, { group, version, kind, resource: "" }, metrics);
  const { spec } = hpa;
  if (!spec?.behavior) return hpa;
  return { ...hpa, spec: { ...spec, behavior: behaviorWithDefaults(spec.behavior) } };
}

async function rescale(
  object: ScaledObject,
  scale: Scale,
  { rescaleTo }: HpaDecision,
  { client, signal }: ControllerContext,
): Promise<{ error?: string }> {
  if (rescaleTo === undefined || signal.aborted) return {};
  try {
    await writeReplicas(client, object, scale, rescaleTo);
    return {};
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return { error: error.message };
  }
}

function conditionOf({ status }: HpaConclusion): KedaCondition {
  const conditions = status.conditions ?? [];
  const failed = ["AbleToScale", "ScalingActive"]
    .map((type) => conditions.find((one) => one.type === type))
    .find((one) => one?.status === "False");
  if (failed) return inactive(failed.reason ?? "", failed.message ?? "");
  return {
    type: "HPAActive",
    status: "True",
    reason: "DirectEngine",
    message: "The direct engine is actively scaling",
  };
}

const inactive = (reason: string, message: string): KedaCondition => ({
  type: "HPAActive",
  status: "False",
  reason,
  message: `The direct engine is not actively scaling: ${message}`,
});

/** What is remembered of an object that stands still. */
export const atRest = noHistory;
