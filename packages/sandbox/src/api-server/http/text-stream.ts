import { once } from "node:events";
import type { ServerResponse } from "node:http";
import type { ApiResponse } from "../api-request.ts";

/** Sends text as it comes, no faster than the client takes it. */
export async function streamText(
  response: ServerResponse,
  answer: ApiResponse,
  chunks: AsyncIterable<string | Uint8Array>,
): Promise<void> {
  response.writeHead(answer.status, { ...answer.headers, "cache-control": "no-cache, private" });
  response.flushHeaders();
  for await (const chunk of chunks) {
    if (response.destroyed) return;
    if (!response.write(chunk)) await Promise.race([once(response, "drain"), once(response, "close")]);
  }
  response.end();
}
