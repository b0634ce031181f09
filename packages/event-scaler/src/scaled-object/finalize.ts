import { ScaledObject } from "@bellows/api";
import { ApiError, type ControllerContext } from "@bellows/kube";
import { hasFinalizer, removeFinalizer } from "../object/finalizer.ts";
import type { ScaledObjectParts } from "./controller.ts";
import { ensureNoHpa } from "./ensure-hpa.ts";
import { targetOf } from "./scale-target.ts";
import { stopScaling } from "./stop-scaling.ts";

/** What is to be done before a ScaledObject may go. Its HPA goes with it, by its owner reference. */
export async function finalize(
  object: ScaledObject,
  parts: ScaledObjectParts,
  context: ControllerContext,
): Promise<void> {
  if (!hasFinalizer(object)) return;
  stopScaling(object, parts, context);
  if (object.spec?.advanced?.restoreToOriginalReplicaCount) await restore(object, context);
  await removeFinalizer(context.client, ScaledObject, object);
  context.events.record(object, {
    type: "Warning",
    reason: "ScaledObjectDeleted",
    message: "ScaledObject was deleted",
  });
}

/** Gives the target the replicas it had before. Where that is refused, the object goes all the same, as upstream. */
async function restore(object: ScaledObject, context: ControllerContext): Promise<void> {
  const { client, log } = context;
  const { scaleTargetGVKR, originalReplicaCount } = object.status ?? {};
  // Scaling never began: the target was not there.
  if (!scaleTargetGVKR || originalReplicaCount === undefined) return;
  const fields = { ScaledObject: object.metadata.name, to: originalReplicaCount };
  try {
    // Else it would scale by its metrics once more before the garbage collector finds it.
    await ensureNoHpa(object, context);
    await client.updateScale(targetOf(object), originalReplicaCount);
    log.info("restored the target's replicas", fields);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    log.warn("restoring the target's replicas failed", { ...fields, error: error.message });
  }
}
