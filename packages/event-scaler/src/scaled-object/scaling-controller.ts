import { HorizontalPodAutoscaler, isWellFormed, Pod, ScaledObject } from "@bellows/api";
import { type Controller, controller, createDecisionLog, type DecisionLog, lookAgainAt } from "@bellows/kube";
import { isPaused, pushAllowedAt } from "../engine/index.ts";
import type { ScaledObjectParts } from "./controller.ts";
import { actOnPushes, poll } from "./poll.ts";

/** With what is made once the controller has started. */
export interface ScalingParts extends ScaledObjectParts {
  readonly decisions?: DecisionLog;
}

/** Objects that are read at the same time: a source that is slow keeps no other from being read. */
const concurrency = 512;

/**
 * Reads the triggers of each ScaledObject at its polling interval, at the edges of cron windows, at the end of its
 * cooldown and when a source pushes, and takes its target from zero or back to it. Between one and the maximum the HPA
 * scales.
 */
export function scaledObjectScalingController(parts: ScaledObjectParts): Controller {
  const { loops } = parts;
  let scaling: ScalingParts = parts;
  return controller({
    name: "scaledobject-scaling",
    watches: [],
    reads: [ScaledObject as never, HorizontalPodAutoscaler as never, Pod as never],
    concurrency,
    start(context) {
      scaling = { ...parts, decisions: createDecisionLog(context, "scaledobject") };
      loops.onScaling((key) => context.enqueue(key));
    },
    async reconcile(key, context) {
      const loop = loops.get(key);
      const object = context.cache.get(ScaledObject, key);
      if (!loop || !object?.spec || object.metadata.deletionTimestamp || isPaused(object)) return;
      if (!isWellFormed(ScaledObject, object)) return;
      const now = context.clock.now();
      const pushesDueAt = loop.pushed ? pushAllowedAt(loop.pushPace) : Number.POSITIVE_INFINITY;
      if (now >= pushesDueAt) await actOnPushes(object, loop, scaling, context);
      else if (now >= loop.dueAt) await poll(object, loop, scaling, context);
      else return lookAgainAt(Math.min(loop.dueAt, pushesDueAt));
      return loops.get(key) === loop ? lookAgainAt(loop.dueAt) : undefined;
    },
  });
}
