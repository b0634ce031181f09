import type { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { StreamChannels, UpgradeHandler } from "../upgrade.ts";
import { commandOutcome } from "./command-outcome.ts";
import { SpdyConnection, type SpdyStream } from "./spdy-connection.ts";

/** Later ones differ in what they add to websockets; earlier ones tell no exit code. */
const protocol = "v4.channel.k8s.io";
/** How long a client is given to close what is over. */
const farewellMs = 10_000;

export const isSpdy = ({ headers }: IncomingMessage): boolean => headers.upgrade?.toLowerCase() === "spdy/3.1";

/** Speaks Kubernetes' remote command protocol by SPDY on an upgraded connection until `handler` is done. */
export async function serveSpdy(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  handler: UpgradeHandler,
): Promise<void> {
  const offered = [request.headers["x-stream-protocol-version"] ?? ""].flat().flatMap((each) => each.split(/,\s*/));
  if (!offered.includes(protocol)) {
    const text = `unable to upgrade: none of ${offered.join(", ")} is spoken here, expected ${protocol}\n`;
    socket.end(
      `HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
    );
    return;
  }
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: ${protocol}\r\n\r\n`,
  );
  const gone = new AbortController();
  socket.on("close", () => gone.abort());
  // With a terminal there is one output.
  const wanted = [
    "error",
    ...(handler.stdin ? ["stdin"] : []),
    ...(handler.stdout ? ["stdout"] : []),
    ...(handler.stderr && !handler.tty ? ["stderr"] : []),
  ];
  const streams = new Map<string, SpdyStream>();
  const { promise: allOpen, resolve } = Promise.withResolvers<void>();
  const connection = new SpdyConnection(socket, (stream) => {
    streams.set(stream.headers["streamtype"] ?? "", stream);
    if (wanted.every((type) => streams.has(type))) resolve();
  });
  if (head.length > 0) connection.feed(head);
  await Promise.race([allOpen, new Promise((left) => socket.once("close", left))]);
  if (socket.destroyed) return;
  const channels: StreamChannels = {
    stdin: streams.get("stdin")?.input ?? nothing(),
    stdout: async (chunk) => streams.get("stdout")?.write(chunk),
    stderr: async (chunk) => (streams.get("stderr") ?? streams.get("stdout"))?.write(chunk),
    signal: gone.signal,
  };
  const result = await handler.run(channels);
  for (const type of ["stdout", "stderr"]) streams.get(type)?.end();
  await streams.get("error")?.write(JSON.stringify(commandOutcome(result)));
  streams.get("error")?.end();
  // The client ends the connection once it has read all; one that does not is cut off.
  if (socket instanceof Socket) socket.setTimeout(farewellMs, () => socket.destroy());
  if (!socket.closed) await new Promise((left) => socket.once("close", left));
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
