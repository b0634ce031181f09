import type { ScaledObject } from "@bellows/api";
import { ApiError, type ControllerContext, keyOf } from "@bellows/kube";
import { pausedReplicasOf } from "../engine/annotations.ts";
import type { ScaledObjectParts } from "./controller.ts";
import { ensureNoHpa } from "./ensure-hpa.ts";
import { Problem, type Step } from "./problem.ts";
import { targetOf, writeReplicas } from "./scale-target.ts";
import { stopScaling } from "./stop-scaling.ts";

/** Stops all scaling of an object; with `paused-replicas` its target is given that count. */
export async function pause(object: ScaledObject, parts: ScaledObjectParts, context: ControllerContext): Promise<Step> {
  stopScaling(object, parts, context);
  await refusedAs("failed to delete HPA for paused ScaledObject", ensureNoHpa(object, context));
  const paused = pausedReplicasOf(object);
  if ("problem" in paused) {
    throw new Problem(
      "failed to scale target to paused replica count",
      `failed to parse paused replica count: ${paused.problem}`,
    );
  }
  if (paused.replicas !== undefined) {
    await refusedAs("failed to scale target to paused replica count", scaleTo(object, paused.replicas, context));
  }
  return { message: "ScaledObject is paused", status: { pausedReplicaCount: paused.replicas } };
}

async function scaleTo(object: ScaledObject, replicas: number, { client, log }: ControllerContext): Promise<void> {
  const target = targetOf(object);
  const scale = await client.getScale(target);
  if (scale.spec?.replicas === replicas) return;
  await writeReplicas(client, object, scale, replicas);
  log.info("scaled target to paused replica count", {
    ScaledObject: keyOf(object).name,
    from: scale.spec?.replicas ?? 0,
    to: replicas,
  });
}

/** A refusal of the API server is the user's to see; anything else is a fault. */
export async function refusedAs<T>(doing: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof ApiError) throw new Problem(doing, error.message);
    throw error;
  }
}
