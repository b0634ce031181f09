import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { KubernetesObject } from "@bellows/api";
import { afterEach, expect, test } from "vitest";
import { ApiError, isGone } from "./api-error.ts";
import type { WatchEvent } from "./client.ts";
import { sleep, systemClock } from "./clock.ts";
import { type HttpTransport, type HttpTransportOptions, httpTransport } from "./http-transport.ts";
import { createClient } from "./rest-client.ts";
import { aKind } from "./testing/fake-api-server.ts";
import { TransportError } from "./transport.ts";

const Pod = aKind("Pod");
const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function serving(
  answer: (request: IncomingMessage, response: ServerResponse, body: string) => void,
  options: Partial<HttpTransportOptions> = {},
): Promise<HttpTransport> {
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => answer(request, response, Buffer.concat(chunks).toString()));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const transport = httpTransport({ server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, ...options });
  closers.push(async () => {
    await transport.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return transport;
}

const json = (response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}) =>
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));

/** Collects a watch until it ends. */
function watched(transport: HttpTransport, onEvent?: (events: WatchEvent<KubernetesObject>[]) => void) {
  const events: WatchEvent<KubernetesObject>[] = [];
  return new Promise<{ events: WatchEvent<KubernetesObject>[]; error: unknown }>((resolve) => {
    createClient(transport).watch(Pod, {
      event: (event) => {
        events.push(event as WatchEvent<KubernetesObject>);
        onEvent?.(events);
      },
      end: (error) => resolve({ events, error }),
    });
  });
}

test("sends the method, path, query, type and body, and decodes the answer", async () => {
  const transport = await serving(
    (request, response, body) => {
      json(response, 200, {
        metadata: { name: "a" },
        seen: [
          request.method,
          request.url,
          request.headers["content-type"],
          request.headers.authorization,
          JSON.parse(body),
        ],
      });
    },
    { credentials: () => ({ headers: { authorization: "Bearer t0ken" } }) },
  );
  const patched = await createClient(transport, { fieldManager: "bellows" }).patch(
    Pod,
    { namespace: "default", name: "a" },
    { type: "merge", body: { metadata: { labels: { a: "b" } } } },
  );
  expect((patched as unknown as { seen: unknown }).seen).toEqual([
    "PATCH",
    "/api/v1/namespaces/default/pods/a?fieldManager=bellows",
    "application/merge-patch+json",
    "Bearer t0ken",
    { metadata: { labels: { a: "b" } } },
  ]);
});

test("a watch joins lines and characters that are spread over chunks", async () => {
  const lines = ["파드", "b"].map((name, index) =>
    Buffer.from(
      `${JSON.stringify({ type: "ADDED", object: { metadata: { name, resourceVersion: String(index) } } })}\n`,
    ),
  );
  const bytes = Buffer.concat(lines);
  const transport = await serving(async (_, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    for (const byte of bytes) {
      response.write(Buffer.of(byte));
      if (byte > 127) await sleep(systemClock, 0);
    }
    response.end();
  });
  const { events, error } = await watched(transport);
  expect(error).toBeUndefined();
  expect(events.map((event) => event.type !== "BOOKMARK" && event.object.metadata.name)).toEqual(["파드", "b"]);
});

test("a watch that is refused ends with the server's error", async () => {
  const status = {
    kind: "Status",
    status: "Failure",
    reason: "Expired",
    code: 410,
    message: "too old resource version",
  };
  const transport = await serving((_, response) => json(response, 410, status));
  const { error } = await watched(transport);
  expect(isGone(error)).toBe(true);
  expect((error as Error).message).toBe("too old resource version");
});

test("an ERROR event ends a watch with its Status", async () => {
  const transport = await serving((_, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.write(`${JSON.stringify({ type: "ERROR", object: { kind: "Status", code: 410, reason: "Expired" } })}\n`);
  });
  const { error } = await watched(transport);
  expect(isGone(error)).toBe(true);
});

test("a watch on which nothing comes is ended without an error", async () => {
  const transport = await serving(
    (_, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.write(`${JSON.stringify({ type: "BOOKMARK", object: { metadata: { resourceVersion: "5" } } })}\n`);
    },
    { idleWatchMs: 2000 },
  );
  const { events, error } = await watched(transport);
  expect(events).toEqual([{ type: "BOOKMARK", resourceVersion: "5" }]);
  expect(error).toBeUndefined();
});

test("a connection that breaks is a TransportError, in a watch and in a request", async () => {
  const transport = await serving((request, response) => {
    if (request.url?.includes("watch")) response.writeHead(200).write("{");
    systemClock.after(10, () => request.socket.destroy());
  });
  expect((await watched(transport)).error).toBeInstanceOf(TransportError);
  await expect(createClient(transport).list(Pod)).rejects.toThrow(TransportError);
});

test("nothing comes after a watch was stopped", async () => {
  const transport = await serving((_, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    for (const name of ["a", "b"])
      response.write(`${JSON.stringify({ type: "ADDED", object: { metadata: { name } } })}\n`);
  });
  const seen: string[] = [];
  await new Promise<void>((resolve) => {
    const handle = createClient(transport).watch(Pod, {
      event: (event) => {
        if (event.type !== "BOOKMARK") seen.push((event.object as KubernetesObject).metadata.name);
        handle.stop();
        systemClock.after(20, resolve);
      },
      end: () => seen.push("end"),
    });
  });
  expect(seen).toEqual(["a"]);
});

test("asks for fresh credentials once after a 401", async () => {
  const asked: boolean[] = [];
  const transport = await serving(
    (request, response) =>
      request.headers.authorization === "Bearer new" ? json(response, 200, { items: [] }) : json(response, 401, {}),
    {
      credentials: (refused) => {
        asked.push(refused);
        return { headers: { authorization: refused ? "Bearer new" : "Bearer old" } };
      },
    },
  );
  await createClient(transport).list(Pod);
  expect(asked).toEqual([false, true]);
});

test("the text of a proxy in between is part of the error", async () => {
  const transport = await serving((_, response) => response.writeHead(502).end("upstream is unhappy"));
  const error = await createClient(transport)
    .list(Pod)
    .catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ApiError);
  expect(error).toMatchObject({ code: 502, message: "the server answered 502: upstream is unhappy" });
});
