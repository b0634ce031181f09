import type { ScaledObject } from "@bellows/api";
import { type ControllerContext, keyOf } from "@bellows/kube";
import type { ScaledObjectParts } from "./controller.ts";

/** Ends the readings of an object and closes its triggers. */
export function stopScaling(
  object: ScaledObject,
  { loops, scalers }: ScaledObjectParts,
  { events }: ControllerContext,
): void {
  scalers.forget(object);
  if (!loops.stop(keyOf(object))) return;
  events.record(object, { type: "Normal", reason: "KEDAScalersStopped", message: "Stopped scalers watch" });
}
