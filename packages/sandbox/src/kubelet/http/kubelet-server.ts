import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import type { Pod } from "@bellows/api";
import type { Clock, Logger, ServingCertificate } from "@bellows/kube";
import { ok, Query } from "../../api-server/api-request.ts";
import { isSpdy, serveSpdy } from "../../api-server/http/spdy-remote-command.ts";
import { streamText } from "../../api-server/http/text-stream.ts";
import { serveWebSocket } from "../../api-server/http/websocket.ts";
import { noLogReason } from "../../api-server/subresources/pod-log.ts";
import type { PodStreams } from "../../api-server/subresources/pod-streams.ts";
import type { UpgradeHandler } from "../../api-server/upgrade.ts";

export interface KubeletServerOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** What containers answer. */
  readonly streams: PodStreams;
  /** The pod as it is now; undefined where no kubelet here runs it. */
  readonly find: (namespace: string, name: string) => Pod | undefined;
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Its client CA signs the API server's certificate: nobody else is let in. */
  readonly tls: ServingCertificate & { readonly clientCa: string };
}

export interface KubeletServer {
  readonly port: number;
  close(): Promise<void>;
}

/** What a kubelet answers instead of what was asked for. */
class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/**
 * The API of kubelets that an API server asks for logs and remote commands: `/containerLogs`, `/exec`, `/attach`. One
 * server for all nodes: a pod's name tells whose it is.
 */
export async function serveKubelets(options: KubeletServerOptions): Promise<KubeletServer> {
  const { tls, host, port, log } = options;
  const server = createServer({
    cert: tls.certificate,
    key: tls.key,
    ca: tls.clientCa,
    requestCert: true,
    rejectUnauthorized: true,
    ALPNProtocols: ["http/1.1"],
  });
  server.on("request", (request, response) => {
    void answer(request, response, options).catch((error: unknown) => {
      if (response.headersSent) return response.destroy();
      const status = error instanceof Refusal ? error.status : 500;
      if (status === 500) log.error("answering the API server failed", { url: request.url, error: String(error) });
      return response.writeHead(status, { "content-type": "text/plain" }).end((error as Error).message);
    });
  });
  server.on("upgrade", (request, socket, head) => {
    socket.on("error", () => socket.destroy());
    void upgrade(request, socket, head, options).catch((error: unknown) => {
      const { status, message } = error instanceof Refusal ? error : { status: 500, message: String(error) };
      socket.end(
        `HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(message)}\r\n\r\n${message}`,
      );
    });
  });
  server.on("tlsClientError", () => {});
  server.on("clientError", (_, socket) => socket.destroy());
  server.requestTimeout = 0;
  await new Promise<void>((done, fail) => {
    server.once("error", fail);
    server.listen(port, host, done);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

interface Asked {
  readonly what: string;
  readonly pod: Pod;
  readonly container: string;
  readonly query: Query;
}

/** `/containerLogs/NAMESPACE/POD/CONTAINER`; between pod and container the others may have the pod's uid. */
function asked({ url = "/" }: IncomingMessage, { find }: KubeletServerOptions): Asked {
  const { pathname, search } = new URL(url, "https://kubelet");
  const [what = "", namespace, name, ...more] = pathname.slice(1).split("/").map(decodeURIComponent);
  if (!["containerLogs", "exec", "attach"].includes(what) || !namespace || !name)
    throw new Refusal(what === "portForward" || what === "run" ? 501 : 404, `${pathname} is not served`);
  const pod = find(namespace, name);
  if (!pod) throw new Refusal(404, `pod "${name}_${namespace}" not found`);
  const container = more.at(-1) ?? "";
  const { containers = [], initContainers = [] } = pod.spec ?? {};
  if (![...containers, ...initContainers].some((one) => one.name === container))
    throw new Refusal(404, `container ${JSON.stringify(container)} not found in pod ${JSON.stringify(name)}`);
  return { what, pod, container, query: Query.parse(search.slice(1)) };
}

async function answer(request: IncomingMessage, response: ServerResponse, options: KubeletServerOptions) {
  if (request.url === "/healthz") return void response.writeHead(200).end("ok");
  const { what, pod, container, query } = asked(request, options);
  if (what !== "containerLogs") throw new Refusal(400, "unable to upgrade: missing upgrade headers in request");
  const gone = new AbortController();
  response.on("close", () => gone.abort());
  const previous = query.flag("previous");
  const reason = noLogReason(pod as never, container, previous);
  if (reason !== undefined) throw new Refusal(400, reason);
  const number = (name: string) => (query.get(name) === undefined ? undefined : Number(query.get(name)));
  const sinceSeconds = number("sinceSeconds");
  const sinceTime = query.get("sinceTime");
  const lines = options.streams.logs(pod as never, {
    container,
    previous,
    follow: query.flag("follow"),
    timestamps: query.flag("timestamps"),
    tailLines: number("tailLines"),
    limitBytes: number("limitBytes"),
    since:
      sinceSeconds !== undefined
        ? options.clock.now() - sinceSeconds * 1000
        : sinceTime
          ? Date.parse(sinceTime)
          : undefined,
    signal: gone.signal,
  });
  await streamText(response, { ...ok(undefined), headers: { "content-type": "text/plain" } }, lines);
}

async function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, options: KubeletServerOptions) {
  const { what, pod, container, query } = asked(request, options);
  if (what === "containerLogs") throw new Refusal(400, "logs are no connection to upgrade");
  const { streams } = options;
  const command = query.all("command");
  const handler: UpgradeHandler = {
    stdin: query.flag("input"),
    stdout: query.flag("output"),
    stderr: query.flag("error"),
    tty: query.flag("tty"),
    run: (channels) =>
      what === "exec"
        ? streams.exec(pod as never, container, command, channels)
        : streams.attach(pod as never, container, channels),
  };
  if (isSpdy(request)) await serveSpdy(request, socket, head, handler);
  else await serveWebSocket(request, socket, head, handler);
}
