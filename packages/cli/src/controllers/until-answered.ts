import { ApiError, Backoff, type Clock, type Logger, type Random, sleep, TransportError } from "@bellows/kube";

const backoff = { baseMs: 1_000, maxMs: 30_000, factor: 2, jitter: 0.1, resetAfterMs: 120_000 };

/**
 * Runs what can't begin without the API server until the server has answered and let it. What else goes wrong is thrown.
 * @param run  its signal aborts what a try has begun when the try fails
 * @returns undefined where `signal` aborted first
 */
export async function untilAnswered<T>(
  { clock, random, log }: { readonly clock: Clock; readonly random: Random; readonly log: Logger },
  signal: AbortSignal,
  run: (signal: AbortSignal) => Promise<T> | T,
): Promise<T | undefined> {
  const waits = new Backoff(backoff, clock, random);
  while (!signal.aborted) {
    const attempt = new AbortController();
    try {
      return await run(AbortSignal.any([signal, attempt.signal]));
    } catch (error) {
      attempt.abort();
      if (signal.aborted) break;
      if (!(error instanceof ApiError || error instanceof TransportError)) throw error;
      log.warn("not started yet, trying again", { error: error.message });
      await sleep(clock, waits.nextMs(), signal);
    }
  }
  return undefined;
}
