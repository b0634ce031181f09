import { createHash } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { UpgradeHandler } from "../upgrade.ts";
import { ChunkQueue } from "./chunk-queue.ts";
import { commandOutcome } from "./command-outcome.ts";
import { WebSocketFrames } from "./websocket-frames.ts";

/** The channels of remotecommand: the first byte of every message. */
const channel = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;

const protocols = ["v5.channel.k8s.io", "v4.channel.k8s.io"];

const opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** Speaks Kubernetes' remote command protocol (KEP-4006) on an upgraded connection until `handler` is done. */
export async function serveWebSocket(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  handler: UpgradeHandler,
): Promise<void> {
  const offered = (request.headers["sec-websocket-protocol"] ?? "").split(",").map((protocol) => protocol.trim());
  const protocol = protocols.find((known) => offered.includes(known));
  const key = request.headers["sec-websocket-key"];
  if (!protocol || !key) {
    socket.end("HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    return;
  }
  // The handshake's digest, as RFC 6455 wants it.
  const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: ${protocol}\r\n\r\n`,
  );
  const gone = new AbortController();
  const stdin = new ChunkQueue();
  const frames = new WebSocketFrames((code, payload) => {
    if (code === opcode.close) return void socket.end();
    if (code === opcode.ping) return void socket.write(WebSocketFrames.encode(opcode.pong, payload));
    if (code !== opcode.binary && code !== opcode.text) return;
    if (payload[0] === channel.stdin) stdin.push(payload.subarray(1));
    else if (payload[0] === channel.close && payload[1] === channel.stdin) stdin.end();
  });
  socket.on("data", (bytes: Buffer) => {
    if (!frames.feed(bytes)) socket.destroy();
  });
  socket.on("close", () => {
    stdin.end();
    gone.abort();
  });
  if (head.length > 0) frames.feed(head);
  const send = async (to: number, chunk: string | Uint8Array) => {
    if (socket.destroyed) return;
    const bytes = typeof chunk === "string" ? Buffer.from(chunk, "utf8") : chunk;
    const message = Buffer.concat([Buffer.from([to]), bytes]);
    if (!socket.write(WebSocketFrames.encode(opcode.binary, message)))
      await Promise.race([once(socket, "drain"), once(socket, "close")]);
  };
  const result = await handler.run({
    stdin,
    stdout: (chunk) => send(channel.stdout, chunk),
    stderr: (chunk) => send(channel.stderr, chunk),
    signal: gone.signal,
  });
  await send(channel.error, JSON.stringify(commandOutcome(result)));
  if (socket.destroyed) return;
  socket.end(WebSocketFrames.encode(opcode.close, Buffer.from([0x03, 0xe8])));
}
