import type { IncomingMessage } from "node:http";
import { type Duplex, duplexPair } from "node:stream";
import { describe, expect, test } from "vitest";
import type { UpgradeHandler } from "../upgrade.ts";
import { SpdyHeaderReader, type SpdyHeaders, SpdyHeaderWriter } from "./spdy-headers.ts";
import { serveSpdy } from "./spdy-remote-command.ts";

/** A client as Kubernetes' is: it opens streams, and ends the connection when all of them are over. */
class Client {
  readonly #socket: Duplex;
  readonly #writer = new SpdyHeaderWriter();
  readonly #reader = new SpdyHeaderReader();
  readonly #texts = new Map<number, string>();
  readonly #names = new Map<number, string>();
  readonly #open = new Set<number>();
  replies = 0;
  pings = 0;
  head = "";
  #buffer = Buffer.alloc(0);
  #taking = Promise.resolve();

  constructor(socket: Duplex) {
    this.#socket = socket;
    socket.on("data", (bytes: Buffer) => {
      this.#buffer = Buffer.concat([this.#buffer, bytes]);
      const end = this.head === "" ? this.#buffer.indexOf("\r\n\r\n") : -1;
      if (end >= 0) {
        this.head = this.#buffer.toString("latin1", 0, end);
        this.#buffer = this.#buffer.subarray(end + 4);
      }
      while (this.head !== "" && this.#buffer.length >= 8) {
        const length = 8 + this.#buffer.readUIntBE(5, 3);
        if (this.#buffer.length < length) return;
        const frame = this.#buffer.subarray(0, length);
        this.#buffer = this.#buffer.subarray(length);
        this.#taking = this.#taking.then(() => this.#take(frame));
      }
    });
  }

  async open(id: number, streamtype: string): Promise<void> {
    this.#names.set(id, streamtype);
    if (streamtype !== "stdin") this.#open.add(id);
    const fixed = Buffer.alloc(10);
    fixed.writeUInt32BE(id);
    this.#control(1, Buffer.concat([fixed, await this.#writer.write({ streamtype })]));
  }

  send(id: number, text: string, isFinal: boolean): void {
    const head = Buffer.alloc(8);
    head.writeUInt32BE(id);
    head.writeUInt32BE((isFinal ? 0x01000000 : 0) | text.length, 4);
    this.#socket.write(Buffer.concat([head, Buffer.from(text)]));
  }

  leave(): void {
    this.#socket.destroy();
  }

  ping(): void {
    this.#control(6, Buffer.from([0, 0, 0, 1]));
  }

  said(streamtype: string): string | undefined {
    for (const [id, name] of this.#names) if (name === streamtype) return this.#texts.get(id);
    return undefined;
  }

  #control(type: number, payload: Buffer): void {
    const head = Buffer.alloc(8);
    head.writeUInt32BE((0x80030000 | type) >>> 0);
    head.writeUInt32BE(payload.length, 4);
    this.#socket.write(Buffer.concat([head, payload]));
  }

  async #take(frame: Buffer): Promise<void> {
    const first = frame.readUInt32BE(0);
    const payload = frame.subarray(8);
    if (first >>> 31 === 1) {
      if ((first & 0xffff) === 2) {
        expect(await this.#reader.read(payload.subarray(4))).toEqual({});
        this.replies++;
      } else if ((first & 0xffff) === 6) this.pings++;
      return;
    }
    this.#texts.set(first, (this.#texts.get(first) ?? "") + payload.toString());
    if (frame[4] === 1) this.#open.delete(first);
    if (this.#open.size === 0) this.#socket.destroy();
  }
}

function serve(handler: Partial<UpgradeHandler>, protocol: string | string[] = "v4.channel.k8s.io") {
  const [socket, server] = duplexPair();
  const client = new Client(socket);
  socket.on("close", () => server.destroy());
  const request = { headers: { upgrade: "SPDY/3.1", "x-stream-protocol-version": protocol } } as unknown;
  const all = { stdin: true, stdout: true, stderr: true, tty: false, run: async () => ({ exitCode: 0 }) };
  const done = serveSpdy(request as IncomingMessage, server, Buffer.alloc(0), { ...all, ...handler });
  return { client, done };
}

const streams = ["error", "stdin", "stdout", "stderr"];

describe("a remote command by SPDY", () => {
  test("reads what is typed, and answers on its streams, with the exit code at the end", async () => {
    const { client, done } = serve({
      async run({ stdin, stdout, stderr }) {
        for await (const chunk of stdin) await stdout(chunk);
        await stderr("no more\n");
        return { exitCode: 3 };
      },
    });
    for (const [index, type] of streams.entries()) await client.open(2 * index + 1, type);
    client.ping();
    client.send(3, "one ", false);
    client.send(3, "two", true);
    await done;
    expect(client.head).toMatch(
      /^HTTP\/1\.1 101 .*\r\n.*\r\nUpgrade: SPDY\/3\.1\r\nX-Stream-Protocol-Version: v4\.channel/,
    );
    expect([client.replies, client.pings]).toEqual([4, 1]);
    expect([client.said("stdout"), client.said("stderr")]).toEqual(["one two", "no more\n"]);
    expect(JSON.parse(client.said("error") ?? "")).toMatchObject({
      status: "Failure",
      reason: "NonZeroExitCode",
      details: { causes: [{ reason: "ExitCode", message: "3" }] },
    });
  });

  test("with a terminal has one output, and does not wait for another", async () => {
    const { client, done } = serve({
      tty: true,
      stdin: false,
      async run({ stderr }) {
        await stderr("x".repeat(200_000));
        return { exitCode: 0 };
      },
    });
    await client.open(1, "error");
    await client.open(3, "stdout");
    await done;
    expect(client.said("stdout")).toHaveLength(200_000);
    expect(JSON.parse(client.said("error") ?? "")).toEqual({ metadata: {}, status: "Success" });
  });

  test("tells the handler when the client leaves", async () => {
    const started = Promise.withResolvers<void>();
    const left = Promise.withResolvers<boolean>();
    const { client, done } = serve({
      async run({ signal }) {
        started.resolve();
        signal.addEventListener("abort", () => left.resolve(true), { once: true });
        await left.promise;
        return { exitCode: 0 };
      },
      stdin: false,
      stdout: false,
      stderr: false,
    });
    await client.open(1, "error");
    await started.promise;
    client.leave();
    expect(await left.promise).toBe(true);
    await done;
  });

  test("is refused without a protocol in common", async () => {
    const { client, done } = serve({}, ["v1.channel.k8s.io", "v2.channel.k8s.io"]);
    await done;
    await new Promise((settled) => setImmediate(settled));
    expect(client.head).toMatch(/^HTTP\/1\.1 403 /);
  });
});

test("headers are compressed with what came before them", async () => {
  const [writer, reader] = [new SpdyHeaderWriter(), new SpdyHeaderReader()];
  const lengths: number[] = [];
  for (const headers of [{ streamtype: "stdout" }, { streamtype: "stderr" }, {}] as SpdyHeaders[]) {
    const block = await writer.write(headers);
    lengths.push(block.length);
    expect(await reader.read(block)).toEqual(headers);
  }
  expect(lengths[1]).toBeLessThan(lengths[0] as number);
  await expect(reader.read(Buffer.from("not compressed"))).rejects.toThrow();
});
