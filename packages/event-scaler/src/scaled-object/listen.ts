import type { ScaledObject } from "@bellows/api";
import { type ControllerContext, keyOf } from "@bellows/kube";
import type { Push } from "@bellows/triggers";
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
  const key = keyOf(object);
  // It may have ended while its triggers were opened.
  if (loop.isListening || loops.get(key) !== loop) return;
  loop.isListening = true;
  if (!opened.some(({ trigger }) => trigger.listen)) return;
  loop.ending = new AbortController();
  const handler = (scaler: Scaler) => ({
    push(push: Push) {
      // Of many the last one counts: a source that floods fills nothing.
      loop.pushed ??= new Map();
      loop.pushed.set(scaler.index, push);
      loops.wakeScaling(key);
    },
    metricSpecs(specs: Parameters<typeof scalers.setSpecs>[1]) {
      scalers.setSpecs(scaler, specs);
      loops.wakeObject(key);
    },
  });
  listenToSources(opened, { kind: "ScaledObject", key, handler, ending: loop.ending.signal }, context);
}
