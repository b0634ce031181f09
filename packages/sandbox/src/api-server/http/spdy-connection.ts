import { once } from "node:events";
import type { Duplex } from "node:stream";
import { ChunkQueue } from "./chunk-queue.ts";
import { SpdyHeaderReader, type SpdyHeaders, SpdyHeaderWriter } from "./spdy-headers.ts";

const version = 3;
const frameType = { synStream: 1, synReply: 2, rstStream: 3, settings: 4, ping: 6, goAway: 7, headers: 8 } as const;
const finFlag = 1;
/** A frame that is longer closes the connection. */
const maxFrameBytes = 4 * 1024 * 1024;
/** More than this at a time is cut: a frame's length has 24 bits. */
const maxDataBytes = 64 * 1024;

/** A stream that the client has opened. */
export interface SpdyStream {
  readonly headers: SpdyHeaders;
  /** What the client sends; ends when it closes its side. */
  readonly input: ChunkQueue;
  write(chunk: string | Uint8Array): Promise<void>;
  /** Closes this side. */
  end(): void;
}

/**
 * The server's side of a SPDY/3.1 connection, as far as Kubernetes' remote commands need it: streams that the client
 * opens. There is no flow control but the socket's, as in the library that Kubernetes uses.
 */
export class SpdyConnection {
  readonly #socket: Duplex;
  readonly #opened: (stream: SpdyStream) => void;
  readonly #streams = new Map<number, ChunkQueue>();
  readonly #reader = new SpdyHeaderReader();
  readonly #writer = new SpdyHeaderWriter();
  #buffer: Buffer = Buffer.alloc(0);
  /** Frames are taken one after the other: headers are compressed with what came before. */
  #taking: Promise<void> = Promise.resolve();

  constructor(socket: Duplex, opened: (stream: SpdyStream) => void) {
    this.#socket = socket;
    this.#opened = opened;
    socket.on("data", (bytes: Buffer) => this.feed(bytes));
    socket.on("close", () => {
      for (const input of this.#streams.values()) input.end();
      this.#reader.close();
      this.#writer.close();
    });
  }

  feed(bytes: Buffer): void {
    this.#buffer = this.#buffer.length === 0 ? bytes : Buffer.concat([this.#buffer, bytes]);
    while (this.#buffer.length >= 8) {
      const length = this.#buffer.readUIntBE(5, 3);
      if (length > maxFrameBytes) return void this.#socket.destroy();
      if (this.#buffer.length < 8 + length) return;
      const frame = this.#buffer.subarray(0, 8 + length);
      this.#buffer = this.#buffer.subarray(8 + length);
      this.#taking = this.#taking.then(() => this.#take(frame)).catch(() => void this.#socket.destroy());
    }
  }

  async #take(frame: Buffer): Promise<void> {
    const isFinal = ((frame[4] as number) & finFlag) !== 0;
    const first = frame.readUInt32BE(0);
    const payload = frame.subarray(8);
    if (first >>> 31 === 0) {
      const input = this.#streams.get(first);
      if (payload.length > 0) input?.push(payload);
      if (isFinal) input?.end();
      return;
    }
    if (((first >>> 16) & 0x7fff) !== version) throw new RangeError("another version of SPDY");
    switch (first & 0xffff) {
      case frameType.synStream: {
        const id = payload.readUInt32BE(0) & 0x7fffffff;
        await this.#open(id, await this.#reader.read(payload.subarray(10)), isFinal);
        return;
      }
      case frameType.headers:
        await this.#reader.read(payload.subarray(4));
        return;
      case frameType.rstStream:
        this.#streams.get(payload.readUInt32BE(0) & 0x7fffffff)?.end();
        return;
      case frameType.ping:
        await this.#send(controlFrame(frameType.ping, 0, Buffer.from(payload)));
        return;
      default:
        // Settings, windows and farewells ask for nothing.
        return;
    }
  }

  async #open(id: number, headers: SpdyHeaders, isFinal: boolean): Promise<void> {
    const input = new ChunkQueue();
    if (isFinal) input.end();
    this.#streams.set(id, input);
    const idBytes = Buffer.alloc(4);
    idBytes.writeUInt32BE(id);
    await this.#send(controlFrame(frameType.synReply, 0, Buffer.concat([idBytes, await this.#writer.write({})])));
    this.#opened({
      headers,
      input,
      write: async (chunk) => {
        const bytes = typeof chunk === "string" ? Buffer.from(chunk, "utf8") : chunk;
        for (let at = 0; at < bytes.length; at += maxDataBytes)
          await this.#send(dataFrame(id, 0, bytes.subarray(at, at + maxDataBytes)));
      },
      end: () => void this.#send(dataFrame(id, finFlag, Buffer.alloc(0))),
    });
  }

  async #send(frame: Buffer): Promise<void> {
    const socket = this.#socket;
    if (socket.destroyed || socket.writableEnded) return;
    if (!socket.write(frame)) await Promise.race([once(socket, "drain"), once(socket, "close")]);
  }
}

function controlFrame(type: number, flags: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE((0x80000000 | (version << 16) | type) >>> 0);
  head.writeUInt32BE(((flags << 24) | payload.length) >>> 0, 4);
  return Buffer.concat([head, payload]);
}

function dataFrame(id: number, flags: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(id);
  head.writeUInt32BE(((flags << 24) | payload.length) >>> 0, 4);
  return Buffer.concat([head, payload]);
}
