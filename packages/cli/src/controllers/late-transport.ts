import type { Transport } from "@bellows/kube";

/** A transport that is still being made: requests wait for it, so that what serves can start before it. */
export function lateTransport(made: Promise<Transport>): Transport {
  return {
    request: async (request) => (await made).request(request),
    watch(request, handler) {
      let stopped = false;
      let stop = () => {
        stopped = true;
      };
      made.then(
        (transport) => {
          if (!stopped) stop = transport.watch(request, handler).stop;
        },
        (error: unknown) => handler.end(error),
      );
      return { stop: () => stop() };
    },
  };
}
