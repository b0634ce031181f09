import type { ScaledObject } from "@bellows/api";
import { Backoff, type ControllerContext, keyOf, sleep } from "@bellows/kube";
import type { Push } from "@bellows/triggers";
import { messageOf, type Scaler } from "../scalers/index.ts";
import type { ScaledObjectParts } from "./controller.ts";
import type { ScaleLoop } from "./scale-loops.ts";

const backoffOfStreams = { baseMs: 1_000, maxMs: 60_000, factor: 2, jitter: 0.1, resetAfterMs: 120_000 };

/** Listens to those triggers of an object that push, as long as its loop goes on. */
export function listenToSources(
  object: ScaledObject,
  scalers: readonly Scaler[],
  loop: ScaleLoop,
  parts: ScaledObjectParts,
  context: ControllerContext,
): void {
  if (loop.isListening) return;
  loop.isListening = true;
  for (const scaler of scalers) if (scaler.trigger.listen) void listen(object, scaler, loop, parts, context);
}

/** A stream that ends or breaks is opened again, ever later. */
async function listen(
  object: ScaledObject,
  scaler: Scaler,
  loop: ScaleLoop,
  { loops, scalers }: ScaledObjectParts,
  { clock, random, log, signal }: ControllerContext,
): Promise<void> {
  const key = keyOf(object);
  const ending = AbortSignal.any([loop.ending.signal, signal]);
  const backoff = new Backoff(backoffOfStreams, clock, random);
  const push = ({ active }: Push) => {
    // That a source is no longer active is found by reading it: only all of them together end the activity.
    if (active) loop.pushed.add(metricOf(object, scaler));
    else loop.dueAt = Math.min(loop.dueAt, clock.now());
    loops.wakeScaling(key);
  };
  while (!ending.aborted) {
    try {
      await scaler.trigger.listen?.(
        {
          push,
          metricSpecs(specs) {
            scalers.setSpecs(scaler, specs);
            loops.wakeObject(key);
          },
        },
        ending,
      );
    } catch (error) {
      if (!ending.aborted) {
        log.warn("a stream of a trigger broke", {
          ScaledObject: key,
          trigger: scaler.declared.type,
          error: messageOf(error),
        });
      }
    }
    await sleep(clock, backoff.nextMs(), ending);
  }
}

/** The metric of a trigger, which begins with the trigger's place. */
const metricOf = ({ status }: ScaledObject, { index }: Scaler): string =>
  status?.externalMetricNames?.find((name) => name.startsWith(`s${index}-`)) ?? `s${index}-`;
