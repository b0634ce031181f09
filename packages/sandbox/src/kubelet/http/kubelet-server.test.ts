import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import type { Socket } from "node:net";
import type { Pod } from "@bellows/api";
import { issueCa, issueServing, silentLogger, systemClock, VirtualClock } from "@bellows/kube";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { PodLogOptions } from "../../api-server/subresources/pod-streams.ts";
import { type KubeletServer, serveKubelets } from "./kubelet-server.ts";

const now = Date.parse("2026-01-01T00:00:00Z");
const clock = new VirtualClock(now);
let server: KubeletServer;
let credentials: object;
const asked: PodLogOptions[] = [];

const pod = (name: string, state: object): Pod =>
  ({
    metadata: { name, namespace: "default", uid: name },
    spec: { containers: [{ name: "app", image: "app" }] },
    status: { containerStatuses: [{ name: "app", state }] },
  }) as unknown as Pod;
const pods = [pod("web", { running: {} }), pod("new", { waiting: { reason: "ContainerCreating" } })];

beforeAll(async () => {
  const ca = await issueCa(systemClock.now(), {});
  const serving = await issueServing(ca, systemClock.now(), { names: ["localhost"] });
  const client = await issueServing(ca, systemClock.now(), { names: ["kube-apiserver"], usage: "client" });
  credentials = { ca: ca.certificate, cert: client.certificate, key: client.key };
  server = await serveKubelets({
    clock,
    log: silentLogger,
    host: "127.0.0.1",
    port: 0,
    tls: { ...serving, clientCa: ca.certificate },
    find: (namespace, name) => pods.find(({ metadata }) => metadata.namespace === namespace && metadata.name === name),
    streams: {
      async *logs(_, options) {
        asked.push(options);
        yield "one\n";
        yield "two\n";
      },
      async exec(_pod, _container, command, { stdout }) {
        await stdout(command.join(" "));
        return { exitCode: 0 };
      },
      attach: async () => ({ exitCode: 0 }),
    },
  });
});
afterAll(() => server.close());

const open = (path: string, more: object = {}) =>
  request(`https://localhost:${server.port}${path}`, { ...credentials, agent: false, ...more });

async function ask(path: string, more?: object): Promise<{ status: number | undefined; text: string }> {
  const sent = open(path, more);
  sent.end();
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return { status: response.statusCode, text: Buffer.concat(chunks).toString() };
}

test("logs come as text, by the options of the request", async () => {
  const path = "/containerLogs/default/web/app?follow=true&tailLines=5&sinceSeconds=60&timestamps=true";
  expect(await ask(path)).toEqual({ status: 200, text: "one\ntwo\n" });
  expect(asked.at(-1)).toMatchObject({
    container: "app",
    follow: true,
    previous: false,
    timestamps: true,
    tailLines: 5,
    limitBytes: undefined,
    since: now - 60_000,
  });
});

test.each([
  ["/containerLogs/default/gone/app", 404, 'pod "gone_default" not found'],
  ["/containerLogs/default/web/other", 404, 'container "other" not found in pod "web"'],
  ["/containerLogs/default/new/app", 400, 'container "app" in pod "new" is waiting to start: ContainerCreating'],
  ["/containerLogs/default/web/app?previous=true", 400, 'previous terminated container "app" in pod "web" not found'],
  ["/exec/default/web/app?command=ls", 400, "unable to upgrade: missing upgrade headers in request"],
  ["/portForward/default/web", 501, "/portForward/default/web is not served"],
  ["/runningpods/", 404, "/runningpods/ is not served"],
])("%s is refused with %i", async (path, status, text) => {
  expect(await ask(path)).toEqual({ status, text });
});

test("who shows no certificate of the API server is not let in", async () => {
  await expect(ask("/containerLogs/default/web/app", { cert: undefined, key: undefined })).rejects.toThrow();
});

test("exec is upgraded, whether the path has the pod's uid or not", async () => {
  for (const path of ["/exec/default/web/app", "/exec/default/web/web/app"]) {
    const headers = {
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-key": Buffer.alloc(16).toString("base64"),
      "sec-websocket-version": "13",
      "sec-websocket-protocol": "v4.channel.k8s.io",
    };
    const sent = open(`${path}?command=echo&command=hi&output=1`, { headers });
    sent.end();
    const [response, socket] = (await once(sent, "upgrade")) as [IncomingMessage, Socket];
    expect(response.statusCode).toBe(101);
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString("latin1")).toContain("\u0001echo hi");
  }
});

test("an upgrade that is refused says why", async () => {
  const sent = open("/exec/default/gone/app?command=ls", { headers: { connection: "Upgrade", upgrade: "SPDY/3.1" } });
  sent.end();
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  expect(response.statusCode).toBe(404);
  response.destroy();
});
