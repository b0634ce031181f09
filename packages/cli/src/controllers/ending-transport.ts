import { type Clock, type Transport, TransportError, type TransportRequest } from "@bellows/kube";

/** How long a process that is to end waits for an answer; well below the 30 s that a pod has. */
const answerMs = 5_000;

/**
 * A transport that keeps nobody from ending: from when `signal` aborts on, a request gets five seconds, those under way
 * among them. Where one of them gets no answer, nothing more is asked: the API server is away.
 */
export function endingTransport(
  transport: Transport,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Transport {
  let isAway = false;

  async function request(request: TransportRequest) {
    const unanswered = () => new TransportError(`${request.method} ${request.path}: no answer, and the process ends`);
    if (isAway) throw unanswered();
    const { promise: late, reject } = Promise.withResolvers<never>();
    const giveUp = new AbortController();
    const limit = () => {
      const timer = clock.after(answerMs, () => {
        isAway = true;
        reject(unanswered());
        giveUp.abort();
      });
      stopWaiting = () => timer.cancel();
    };
    let stopWaiting = () => signal.removeEventListener("abort", limit);
    if (signal.aborted) limit();
    else signal.addEventListener("abort", limit, { once: true });
    try {
      const signals = [giveUp.signal, ...(request.signal ? [request.signal] : [])];
      return await Promise.race([transport.request({ ...request, signal: AbortSignal.any(signals) }), late]);
    } catch (error) {
      if (signal.aborted && error instanceof TransportError) isAway = true;
      throw error;
    } finally {
      stopWaiting();
    }
  }

  return { request, watch: (request, handler) => transport.watch(request, handler) };
}
