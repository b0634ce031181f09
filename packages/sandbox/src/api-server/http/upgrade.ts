import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { ApiRequest } from "../api-request.ts";
import type { ApiServer } from "../api-server.ts";
import { StatusError } from "../status-error.ts";
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
  if ((incoming.headers.upgrade ?? "").toLowerCase() !== "websocket") {
    // SPDY is what older clients fall back to; the answer tells them that only websockets are spoken here.
    const error = new StatusError(
      400,
      "BadRequest",
      "unable to upgrade connection: this server streams over websockets (v5.channel.k8s.io) only; kubectl 1.31 or later speaks them",
    );
    return refuse(socket, 400, error.status);
  }
  await serveWebSocket(incoming, socket, head, answer.upgrade);
}

function refuse(socket: Duplex, status: number, body: unknown): void {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  socket.end(
    `HTTP/1.1 ${status} Refused\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`,
  );
}
