import type { ScaledObject } from "@bellows/api";
import { type ControllerContext, keyOf } from "@bellows/kube";
import { listenToSources } from "../object/streams.ts";
import type { Scaler } from "../scalers/index.ts";
import type { ScaledObjectParts } from "./controller.ts";
import type { ScaleLoop } from "./scale-loops.ts";

/** Listens to those triggers of an object that push, as long as its loop goes on. */
export function listen(
  object: ScaledObject,
  opened: readonly Scaler[],
  loop: ScaleLoop,
  { loops, scalers }: ScaledObjectParts,
  context: ControllerContext,
): void {
  if (loop.isListening) return;
  loop.isListening = true;
  const key = keyOf(object);
  const handler = (scaler: Scaler) => ({
    push({ active }: { readonly active: boolean }) {
      // That a source is no longer active is found by reading it: only all of them together end the activity.
      if (active) loop.pushed.add(metricOf(object, scaler));
      else loop.dueAt = Math.min(loop.dueAt, context.clock.now());
      loops.wakeScaling(key);
    },
    metricSpecs(specs: Parameters<typeof scalers.setSpecs>[1]) {
      scalers.setSpecs(scaler, specs);
      loops.wakeObject(key);
    },
  });
  listenToSources(opened, { kind: "ScaledObject", key, handler, ending: loop.ending.signal }, context);
}

/** The metric of a trigger, which begins with the trigger's place. */
const metricOf = ({ status }: ScaledObject, { index }: Scaler): string =>
  status?.externalMetricNames?.find((name) => name.startsWith(`s${index}-`)) ?? `s${index}-`;
