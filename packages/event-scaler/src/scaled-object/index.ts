import { ScaledObject } from "@bellows/api";
import type { ControllerContext } from "@bellows/kube";
import type { EventScaler } from "../event-scaler.ts";
import { type ScaledObjectParts, scaledObjectController } from "./controller.ts";
import { readMetricValues } from "./metric-values.ts";
import { resultOf, ScaleLoops } from "./scale-loops.ts";
import { scaledObjectScalingController } from "./scaling-controller.ts";

/** The two controllers of ScaledObjects, and what the external metrics API answers from. */
export function createScaledObjectScaling(options: Omit<ScaledObjectParts, "loops">): EventScaler {
  const loops = new ScaleLoops();
  const parts = { ...options, loops };
  const scaling = scaledObjectScalingController(parts);
  let context: ControllerContext | undefined;
  return {
    controllers: [
      scaledObjectController(parts),
      {
        ...scaling,
        async start(started) {
          context = started;
          await scaling.start?.(started);
        },
      },
    ],
    metricNames: () =>
      context ? context.cache.list(ScaledObject).flatMap(({ status }) => status?.externalMetricNames ?? []) : [],
    async metricValues(namespace, name, metricName) {
      if (!context) throw new Error("the event scaler has not started yet");
      const kept = loops.get({ namespace, name })?.lastResults;
      return readMetricValues(
        { namespace, name },
        metricName,
        parts,
        (scaler, metric) => (scaler.declared.useCachedMetrics ? kept && resultOf(kept, metric) : undefined),
        context,
      );
    },
  };
}
