import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import type { Logger } from "@bellows/kube";
import { type ApiRequest, type ApiResponse, anonymousUser, failure, Query, type UserInfo } from "../api-request.ts";
import type { ApiServer } from "../api-server.ts";
import { bodyFormat } from "../media-type.ts";
import { StatusError } from "../status-error.ts";
import { oldClientWarning } from "./client-version.ts";
import { type ParsedBody, parseBody, parsePatch, readBody } from "./request-body.ts";
import { respond } from "./respond.ts";
import { acceptUpgrade } from "./upgrade.ts";

export interface HttpsFrontOptions {
  /** Default 127.0.0.1: nothing outside the machine reaches it. */
  readonly host?: string;
  /** 0: any free port. */
  readonly port: number;
  /** PEM. */
  readonly tls: { readonly key: string; readonly cert: string };
  /** Who a bearer token belongs to; undefined for one that is not known. */
  readonly authenticate: (token: string) => UserInfo | undefined;
  readonly log: Logger;
}

export interface HttpsFront {
  readonly url: string;
  readonly port: number;
  /** Ends open watches and stops listening. */
  close(): Promise<void>;
}

/** Serves an API server over HTTPS. Rejects with a {@link PortTaken} where another process listens on the port. */
export async function serveHttps(server: ApiServer, options: HttpsFrontOptions): Promise<HttpsFront> {
  const host = options.host ?? "127.0.0.1";
  const { key, cert } = options.tls;
  const https = createServer({ key, cert, keepAlive: true, noDelay: true, ALPNProtocols: ["http/1.1"] });
  https.on("request", (request, response) => void answer(server, options, request, response));
  https.on("upgrade", (request, socket, head) => {
    const prepared = authenticated(request, options);
    void acceptUpgrade(server, prepared, request, socket, head);
  });
  // A client that breaks its handshake or its connection is its own trouble.
  https.on("tlsClientError", () => {});
  https.on("clientError", (_error, socket) => socket.destroy());
  // Watches stay open as long as they like.
  https.requestTimeout = 0;
  https.headersTimeout = 60_000;
  https.keepAliveTimeout = 90_000;
  await listen(https, host, options.port);
  const { port } = https.address() as AddressInfo;
  return {
    url: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
    port,
    close: () =>
      new Promise((resolve) => {
        https.close(() => resolve());
        https.closeAllConnections();
      }),
  };
}

/** Another process listens on the port already. */
export class PortTaken extends Error {
  override readonly name = "PortTaken";
  readonly code = "PORT_TAKEN";
}

function listen(https: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    https.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE")
        reject(
          new PortTaken(
            `port ${port} on ${host} is taken by another process: stop that one, or choose another port with --port (0 takes any free one)`,
            { cause: error },
          ),
        );
      else if (error.code === "EACCES")
        reject(
          new PortTaken(`port ${port} on ${host} needs privileges: choose one above 1023 with --port`, {
            cause: error,
          }),
        );
      else if (error.code === "EADDRNOTAVAIL")
        reject(
          new PortTaken(`${host} is no address of this machine: choose one that is with --host`, { cause: error }),
        );
      else reject(error);
    });
    https.listen(port, host, () => resolve());
  });
}

type Prepared = Omit<ApiRequest, "body">;

function authenticated(request: IncomingMessage, options: HttpsFrontOptions): Prepared | StatusError {
  const url = request.url ?? "/";
  const mark = url.indexOf("?");
  const rawPath = mark < 0 ? url : url.slice(0, mark);
  const user = userOf(request, rawPath, options);
  if (user instanceof StatusError) return user;
  let path: string;
  try {
    path = decodeURIComponent(rawPath);
  } catch {
    return new StatusError(400, "BadRequest", `the path is not properly encoded: ${rawPath}`);
  }
  return {
    method: request.method ?? "GET",
    path,
    query: mark < 0 ? Query.none : Query.parse(url.slice(mark + 1)),
    headers: request.headers as Prepared["headers"],
    user,
  };
}

/** The paths that anybody may ask for: what load balancers and kubeadm look at (`system:public-info-viewer`). */
const publicPaths = new Set(["/healthz", "/livez", "/readyz", "/version"]);

function userOf(request: IncomingMessage, path: string, options: HttpsFrontOptions): UserInfo | StatusError {
  const header = request.headers.authorization ?? "";
  const token = /^Bearer\s+(\S+)\s*$/i.exec(header)?.[1] ?? websocketToken(request);
  if (token === undefined) return publicPaths.has(path) ? anonymousUser : unauthorized();
  return options.authenticate(token) ?? unauthorized();
}

/** Browsers cannot set a header on a websocket: they offer the token as a protocol. */
function websocketToken(request: IncomingMessage): string | undefined {
  const offered = request.headers["sec-websocket-protocol"]?.split(",").map((protocol) => protocol.trim());
  const encoded = offered?.find((protocol) => protocol.startsWith("base64url.bearer.authorization.k8s.io."));
  return encoded && Buffer.from(encoded.slice("base64url.bearer.authorization.k8s.io.".length), "base64url").toString();
}

const unauthorized = () => new StatusError(401, "Unauthorized", "Unauthorized");

/** kubectl prints the texts of such headers. */
function withWarning(response: ApiResponse, text: string | undefined): ApiResponse {
  if (text === undefined) return response;
  const { warning } = response.headers;
  const own = `299 - ${JSON.stringify(text)}`;
  return { ...response, headers: { ...response.headers, warning: warning ? `${warning}, ${own}` : own } };
}

async function answer(
  server: ApiServer,
  options: HttpsFrontOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  response.on("close", () => gone.abort());
  try {
    const prepared = authenticated(request, options);
    if (prepared instanceof StatusError) throw prepared;
    const bytes = await readBody(request);
    const content = contentOf(prepared.method, bytes, request.headers["content-type"]);
    const answered = await server.handle({ ...prepared, ...content, signal: gone.signal });
    await respond(request, response, withWarning(answered, oldClientWarning(request.headers["user-agent"])));
  } catch (error) {
    if (response.headersSent || response.destroyed) return response.destroy() as never;
    if (error instanceof StatusError) return respond(request, response, failure(error.status));
    options.log.error("answering a request failed", { method: request.method, url: request.url, error: String(error) });
    response.destroy();
  }
}

function contentOf(method: string, bytes: Buffer, contentType: string | undefined): ParsedBody {
  if (method === "PATCH") return parsePatch(bytes, contentType);
  // Only what must have a body is refused for having none.
  if (bytes.length === 0 && method !== "POST" && method !== "PUT") return {};
  return parseBody(bytes, bodyFormat(contentType));
}
