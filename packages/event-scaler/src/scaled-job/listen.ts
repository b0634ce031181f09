import { Backoff, type ControllerContext, keyOf, keyText, sleep } from "@bellows/kube";
import type { SpecifiedScaledJob } from "../engine/scaled-job-strategy.ts";
import { messageOf, type Scaler } from "../scalers/index.ts";
import type { ScaledJobParts } from "./controller.ts";
import type { JobLoop } from "./job-loops.ts";

const backoffOfStreams = { baseMs: 1_000, maxMs: 60_000, factor: 2, jitter: 0.1, resetAfterMs: 120_000 };
/**
 * Listens to those triggers of a ScaledJob that push, as long as its loop goes on: each push makes it be read at once.
 * Upstream polls ScaledJobs only.
 */
export function listenToSources(
  scaledJob: SpecifiedScaledJob,
  scalers: readonly Scaler[],
  loop: JobLoop,
  parts: ScaledJobParts,
  context: ControllerContext,
): void {
  if (loop.isListening) return;
  loop.isListening = true;
  for (const scaler of scalers) if (scaler.trigger.listen) void listen(scaledJob, scaler, loop, parts, context);
}

/** A stream that ends or breaks is opened again, ever later. */
async function listen(
  scaledJob: SpecifiedScaledJob,
  scaler: Scaler,
  loop: JobLoop,
  { loops, scalers }: ScaledJobParts,
  { clock, random, log, signal }: ControllerContext,
): Promise<void> {
  const key = keyOf(scaledJob);
  const ending = AbortSignal.any([loop.ending.signal, signal]);
  const backoff = new Backoff(backoffOfStreams, clock, random);
  const push = () => {
    loop.isPushed = true;
    loops.wake(key);
  };
  while (!ending.aborted) {
    try {
      const metricSpecs = (specs: Parameters<Scalers["setSpecs"]>[1]) => scalers.setSpecs(scaler, specs);
      await scaler.trigger.listen?.({ push, metricSpecs }, ending);
    } catch (error) {
      if (ending.aborted) return;
      const fields = { ScaledJob: keyText(key), trigger: scaler.declared.type, error: messageOf(error) };
      log.warn("a stream of a trigger broke", fields);
    }
    await sleep(clock, backoff.nextMs(), ending);
  }
}

type Scalers = ScaledJobParts["scalers"];
