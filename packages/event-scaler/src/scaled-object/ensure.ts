import type { ScaledObject } from "@bellows/api";
import { type ControllerContext, keyOf } from "@bellows/kube";
import { adaptivePollingProblem, engineProblem, hasPausedAnnotation, usesModifiers } from "../engine/index.ts";
import { builtEvent } from "../object/built-event.ts";
import { messageOf, type Scaler, ScalerError, withField } from "../scalers/index.ts";
import type { ScaledObjectParts } from "./controller.ts";
import { ensureHpa, ensureNoHpa } from "./ensure-hpa.ts";
import { targetFailed, triggersFailed } from "./form.ts";
import { hpaNameOf } from "./hpa.ts";
import { hpaMetrics } from "./metric-specs.ts";
import { refusedAs } from "./pause.ts";
import { Problem, type Step } from "./problem.ts";
import { rivalHpa, rivalScaledObject } from "./rivals.ts";
import { findTarget, type GroupVersionKindResource, gvkText, targetOf } from "./scale-target.ts";
import { seamsOf } from "./seams.ts";
import { boundsProblem, formulaFallbackProblem, triggersProblem, triggersTypesOf } from "./spec-checks.ts";
import { formulaOf } from "./state.ts";

const hpaFailed = "failed to ensure HPA is correctly created for ScaledObject";

/** Checks the spec and what it refers to, and keeps the HPA. */
export async function ensure(
  object: ScaledObject,
  parts: ScaledObjectParts,
  context: ControllerContext,
): Promise<Step> {
  const triggers = object.spec?.triggers ?? [];
  const { gvkr, replicas } = await scaleTarget(object, parts, context);
  const bounds = boundsProblem(object);
  if (bounds) throw new Problem("ScaledObject doesn't have correct Idle/Min/Max Replica Counts specification", bounds);
  const wrong = triggersProblem(triggers);
  if (wrong) throw new Problem(triggersFailed, wrong);

  const unknown = formulaFallbackProblem(object) ?? engineProblem(object) ?? adaptivePollingProblem(object);
  if (unknown) throw new Problem(hpaFailed, unknown);
  const isDirect = parts.engineOf(object) === "direct";

  const metrics = await metricsOf(object, parts, context);
  if (isDirect)
    await refusedAs("failed to delete HPA for ScaledObject of the direct engine", ensureNoHpa(object, context));
  else await refusedAs(hpaFailed, ensureHpa(object, gvkr, metrics, context));
  const health = Object.entries(object.status?.health ?? {}).filter(([name]) =>
    metrics.externalMetricNames.includes(name),
  );
  return {
    message: "ScaledObject is defined correctly and is ready for scaling",
    status: {
      scaleTargetKind: gvkText(gvkr),
      scaleTargetGVKR: gvkr,
      originalReplicaCount: object.status?.originalReplicaCount ?? replicas,
      externalMetricNames: someOrNone(metrics.externalMetricNames),
      resourceMetricNames: someOrNone(metrics.resourceMetricNames),
      ...(metrics.compositeScalerName && { compositeScalerName: metrics.compositeScalerName }),
      ...(object.status?.health && { health: Object.fromEntries(health) }),
      hpaName: isDirect ? undefined : hpaNameOf(object),
      ...triggersTypesOf(triggers),
      ...(!hasPausedAnnotation(object) && { pausedReplicaCount: undefined }),
    },
  };
}

const someOrNone = (names: readonly string[]): string[] | undefined => (names.length > 0 ? [...names] : undefined);

/** The target; looked for again only where the spec has changed or it isn't in the status. */
async function scaleTarget(
  object: ScaledObject,
  { loops }: ScaledObjectParts,
  { client, cache }: ControllerContext,
): Promise<{ gvkr: GroupVersionKindResource; replicas: number | undefined }> {
  const { scaleTargetGVKR, originalReplicaCount } = object.status ?? {};
  const isSettled = loops.get(keyOf(object))?.generation === object.metadata.generation;
  if (isSettled && scaleTargetGVKR && originalReplicaCount !== undefined) {
    return { gvkr: scaleTargetGVKR, replicas: originalReplicaCount };
  }
  const found = await findTarget(client, object);
  if ("problem" in found) throw new Problem(targetFailed, found.problem.message, [found.problem.event]);
  const workload = `the workload '${targetOf(object).name}' of type '${gvkText(found.gvkr)}' is already managed by`;
  const [other, hpa] = [rivalScaledObject(object, cache), rivalHpa(object, cache)];
  if (other) throw new Problem(targetFailed, `${workload} the ScaledObject '${other.metadata.name}'`);
  if (hpa) throw new Problem(targetFailed, `${workload} the hpa '${hpa.metadata.name}'`);
  return { gvkr: found.gvkr, replicas: found.scale.spec?.replicas ?? 0 };
}

async function metricsOf(object: ScaledObject, { scalers }: ScaledObjectParts, context: ControllerContext) {
  const seams = seamsOf(context);
  let triggers: readonly Scaler[];
  try {
    triggers = await scalers.open(object, seams, builtEvent(object, context));
  } catch (error) {
    if (!(error instanceof ScalerError)) throw error;
    throw new Problem(hpaFailed, withField(error), [{ reason: "KEDAScalerFailed", message: error.message }]);
  }
  try {
    if (usesModifiers(object.spec)) formulaOf(object);
    return await hpaMetrics(object, triggers, scalers, seams);
  } catch (error) {
    throw new Problem(hpaFailed, messageOf(error));
  }
}

/** Starts the readings, anew after a change of the spec. */
export function startScaling(object: ScaledObject, { loops }: ScaledObjectParts, { events }: ControllerContext): void {
  const key = keyOf(object);
  const { uid = "", generation = 0 } = object.metadata;
  const running = loops.get(key);
  if (running?.uid === uid && running.generation === generation) return;
  if (loops.start(key, uid, generation)) {
    events.record(object, { type: "Normal", reason: "KEDAScalersStarted", message: "Started scalers watch" });
  }
}
