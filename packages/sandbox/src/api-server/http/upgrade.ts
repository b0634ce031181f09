import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { ApiRequest } from "../api-request.ts";
import type { ApiServer } from "../api-server.ts";
import { StatusError } from "../status-error.ts";
import { isSpdy, serveSpdy } from "./spdy-remote-command.ts";
import { serveWebSocket } from "./websocket.ts";

/** Answers a request to change the protocol: `kubectl exec`, `attach`, `run -it`. */
export async function acceptUpgrade(
  server: ApiServer,
  request: Omit<ApiRequest, "body"> | StatusError,
  incoming: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<void> {
  socket.on("error", () => socket.destroy());
  if (request instanceof StatusError) return refuse(socket, request.status.code, request.status);
  const answer = await server.handle(request);
  if (!answer.upgrade) return refuse(socket, answer.status, answer.body);
  // What kubectl before 1.31 speaks, and later ones where websockets are refused on the way.
  if (isSpdy(incoming)) return serveSpdy(incoming, socket, head, answer.upgrade);
  if ((incoming.headers.upgrade ?? "").toLowerCase() !== "websocket") {
    const text = `unable to upgrade connection: ${incoming.headers.upgrade}, expected websocket or SPDY/3.1`;
    return refuse(socket, 400, new StatusError(400, "BadRequest", text).status);
  }
  await serveWebSocket(incoming, socket, head, answer.upgrade);
}

function refuse(socket: Duplex, status: number, body: unknown): void {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  socket.end(
    `HTTP/1.1 ${status} Refused\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`,
  );
}
