import { seededRandom, VirtualClock } from "@bellows/kube";
import { type ApiResponse, adminUser, Query, type UserInfo } from "./api-request.ts";
import { ApiServer, type ApiServerOptions } from "./api-server.ts";
import type { WatchFrame } from "./rest/watch.ts";

/** A server on virtual time with the namespace `default`, and short ways to ask it. For tests. */
export async function testServer(options: Partial<ApiServerOptions> = {}) {
  const clock = new VirtualClock(Date.parse("2026-01-01T00:00:00Z"));
  const server = new ApiServer({ clock, random: seededRandom(1), ...options });
  const ask = (
    method: string,
    url: string,
    body?: unknown,
    headers: Record<string, string> = {},
    user: UserInfo = adminUser,
  ): Promise<ApiResponse> => {
    const [path = "", query = ""] = url.split("?");
    return server.handle({ method, path, query: Query.parse(query), headers, body, user });
  };
  const merge = (url: string, body: unknown) =>
    ask("PATCH", url, body, { "content-type": "application/merge-patch+json" });
  const watch = async (url: string) => {
    const frames: WatchFrame[] = [];
    const answer = await ask("GET", url);
    let ended = false;
    const running = answer.watch?.start({ frame: (frame) => frames.push(frame), end: () => (ended = true) });
    return { answer, frames, stop: () => running?.stop(), ended: () => ended };
  };
  await ask("POST", "/api/v1/namespaces", { metadata: { name: "default" } });
  await ask("POST", "/api/v1/namespaces/default/serviceaccounts", { metadata: { name: "default" } });
  return { server, clock, ask, merge, watch };
}

export const configMaps = "/api/v1/namespaces/default/configmaps";
