import { apiErrorOf, type Transport, type TransportRequest, type WatchHandle, type WatchHandler } from "@bellows/kube";
import { type ApiRequest, adminUser, Query, type UserInfo } from "./api-request.ts";
import type { ApiServer } from "./api-server.ts";

/** Reaches the API server by function calls: nothing is serialised, objects are shared and frozen. */
export function inProcessTransport(server: ApiServer, user: UserInfo = adminUser): Transport {
  return {
    async request(request) {
      const { status, headers, body } = await server.handle(apiRequest(request, user));
      return { status, headers, body };
    },
    watch(request, handler) {
      return watchInProcess(
        server,
        apiRequest({ ...request, query: { ...request.query, watch: "true" } }, user),
        handler,
      );
    },
  };
}

function watchInProcess(server: ApiServer, request: ApiRequest, handler: WatchHandler): WatchHandle {
  let stopped = false;
  let running: { stop(): void } | undefined;
  void server.handle(request).then(({ status, headers, body, watch }) => {
    if (stopped) return;
    if (!watch) return handler.end(apiErrorOf({ status, headers, body }));
    running = watch.start({
      frame: (frame) => {
        if (!stopped) handler.event(frame);
      },
      end: () => {
        if (!stopped) handler.end();
      },
    });
  });
  return {
    stop() {
      stopped = true;
      running?.stop();
    },
  };
}

const apiRequest = ({ method, path, query, headers, body, signal }: TransportRequest, user: UserInfo): ApiRequest => ({
  method,
  path,
  query: query ? new Query(query) : Query.none,
  headers: headers ?? {},
  body,
  user,
  ...(signal && { signal }),
});
