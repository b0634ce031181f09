import { Backoff, type ControllerContext, keyText, type ObjectKey, sleep } from "@bellows/kube";
import type { PushHandler } from "@bellows/triggers";
import { messageOf, type Scaler } from "../scalers/index.ts";

const backoffOfStreams = { baseMs: 1_000, maxMs: 60_000, factor: 2, jitter: 0.1, resetAfterMs: 120_000 };

/** Whose streams these are, and until when they are listened to. */
export interface Listener {
  readonly kind: "ScaledObject" | "ScaledJob";
  readonly key: ObjectKey;
  /** What each trigger's pushes are given to. */
  readonly handler: (scaler: Scaler) => PushHandler;
  readonly ending: AbortSignal;
}

/** Listens to those triggers of an object that push. */
export function listenToSources(
  scalers: readonly Scaler[],
  listener: Listener,
  context: Pick<ControllerContext, "clock" | "random" | "log" | "signal">,
): void {
  for (const scaler of scalers) if (scaler.trigger.listen) void listen(scaler, listener, context);
}

/** A stream that ends or breaks is opened again; ever later where it broke before it told anything, as upstream. */
async function listen(
  scaler: Scaler,
  { kind, key, handler, ending: ofLoop }: Listener,
  { clock, random, log, signal }: Pick<ControllerContext, "clock" | "random" | "log" | "signal">,
): Promise<void> {
  const ending = AbortSignal.any([ofLoop, signal]);
  const backoff = new Backoff(backoffOfStreams, clock, random);
  const told = telling(handler(scaler), () => backoff.reset());
  while (!ending.aborted) {
    try {
      await scaler.trigger.listen?.(told, ending);
      backoff.reset();
    } catch (error) {
      if (ending.aborted) return;
      const fields = { [kind]: keyText(key), trigger: scaler.declared.type, error: messageOf(error) };
      log.warn("a stream of a trigger broke", fields);
    }
    await sleep(clock, backoff.nextMs(), ending);
  }
}

/** The handler, which says whenever the source tells something. */
const telling = (handler: PushHandler, tells: () => void): PushHandler => ({
  push(push) {
    tells();
    handler.push(push);
  },
  metricSpecs(specs) {
    tells();
    handler.metricSpecs(specs);
  },
});
