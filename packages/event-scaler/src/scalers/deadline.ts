import type { Clock } from "@bellows/kube";

/** What a reading that took too long ends with. */
export class DeadlineExceeded extends Error {
  override readonly name = "DeadlineExceeded";
}

/**
 * Runs `work` for at most `ms` of `clock`; then its signal aborts and the promise rejects, whether or not the work heeds
 * the signal.
 */
export async function withinDeadline<T>(
  clock: Clock,
  ms: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const expired = Promise.withResolvers<never>();
  const timer = clock.after(ms, () => {
    const error = new DeadlineExceeded(`no answer within ${ms / 1000} s`);
    controller.abort(error);
    expired.reject(error);
  });
  try {
    return await Promise.race([work(controller.signal), expired.promise]);
  } finally {
    timer.cancel();
  }
}
