import type { Dispatcher } from "undici";
import { apiErrorOf } from "./api-error.ts";
import { JsonLines } from "./json-lines.ts";
import {
  type Transport,
  TransportError,
  type TransportRequest,
  type TransportResponse,
  type TransportWatchEvent,
  type WatchHandle,
  type WatchHandler,
} from "./transport.ts";

/** What a request to an API server is authenticated with, and how the server is. PEM texts or buffers. */
export interface HttpCredentials {
  readonly headers?: Readonly<Record<string, string>>;
  readonly ca?: string | Buffer | undefined;
  readonly cert?: string | Buffer | undefined;
  readonly key?: string | Buffer | undefined;
  readonly servername?: string | undefined;
  /** false: whoever answers is believed. */
  readonly rejectUnauthorized?: boolean | undefined;
  /** An HTTP(S) proxy on the way. */
  readonly proxy?: string | undefined;
}

export interface HttpTransportOptions {
  /** `https://10.0.0.1:6443`; a path is put before every other. */
  readonly server: string;
  /** Asked before every request: caching is its own matter. `refused` is true after a 401. */
  readonly credentials?: (refused: boolean) => Promise<HttpCredentials> | HttpCredentials;
  /** Longest wait for the head, and between parts, of an answer; default 65 s (the server itself gives up after 60). */
  readonly timeoutMs?: number;
  /**
   * A watch on which nothing came for so long is taken for dead and ended, so that it is begun anew; default 3 minutes.
   * A live one has a bookmark about every minute.
   */
  readonly idleWatchMs?: number;
}

export interface HttpTransport extends Transport {
  readonly server: string;
  /** Ends every watch and closes the connections. */
  close(): Promise<void>;
}

/** Each takes 50 KiB here and a file there; requests beyond wait their turn. Every watch has one to itself. */
const mostConnections = 128;

/** The transport to a real API server: HTTP/1.1 with kept connections. */
export function httpTransport(options: HttpTransportOptions): HttpTransport {
  return new UndiciTransport(options);
}

class UndiciTransport implements HttpTransport {
  readonly server: string;
  readonly #options: HttpTransportOptions;
  readonly #origin: string;
  readonly #basePath: string;
  readonly #closing = new AbortController();
  #dispatcher: { readonly for: string; readonly dispatcher: Dispatcher } | undefined;

  constructor(options: HttpTransportOptions) {
    const url = URL.parse(options.server);
    if (!url || !/^https?:$/.test(url.protocol)) {
      throw new TypeError(`server: ${JSON.stringify(options.server)}, expected an http or https URL`);
    }
    this.#options = options;
    this.server = options.server;
    this.#origin = url.origin;
    this.#basePath = url.pathname.replace(/\/$/, "");
  }

  async request(request: TransportRequest): Promise<TransportResponse> {
    const { timeoutMs = 65_000 } = this.#options;
    const first = await this.#send(request, request.signal, { timeoutMs });
    const response =
      first.statusCode === 401 ? await this.#again(first, request, request.signal, { timeoutMs }) : first;
    try {
      return await decoded(response);
    } catch (error) {
      throw transportError(`${request.method} ${request.path}`, error);
    }
  }

  watch(request: TransportRequest, handler: WatchHandler): WatchHandle {
    const stopping = new AbortController();
    const signal = AbortSignal.any([stopping.signal, ...(request.signal ? [request.signal] : [])]);
    const live: WatchHandler = {
      event: (event) => {
        if (!stopping.signal.aborted) handler.event(event);
      },
      end: (error) => {
        if (!stopping.signal.aborted) handler.end(error);
      },
    };
    const asked = { ...request, query: { ...request.query, watch: "true" } };
    void this.#follow(asked, signal, live).then(
      () => live.end(),
      (error: unknown) => live.end(error),
    );
    return { stop: () => stopping.abort() };
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#dispatcher?.dispatcher.destroy();
  }

  async #follow(request: TransportRequest, signal: AbortSignal, handler: WatchHandler): Promise<void> {
    const timeouts = { timeoutMs: 65_000, bodyTimeoutMs: this.#options.idleWatchMs ?? 180_000 };
    const first = await this.#send(request, signal, timeouts);
    const response = first.statusCode === 401 ? await this.#again(first, request, signal, timeouts) : first;
    if (response.statusCode !== 200) throw apiErrorOf(await decoded(response));
    const lines = new JsonLines();
    try {
      for await (const chunk of response.body) {
        for (const event of lines.push(chunk as Buffer)) handler.event(event as TransportWatchEvent);
      }
    } catch (error) {
      if (isIdle(error)) return;
      throw transportError(`watch ${request.path}`, error);
    }
    for (const event of lines.end()) handler.event(event as TransportWatchEvent);
  }

  /** Once more with fresh credentials: a token may have been exchanged before its time. */
  async #again(
    refused: Dispatcher.ResponseData,
    request: TransportRequest,
    signal: AbortSignal | undefined,
    timeouts: { timeoutMs: number; bodyTimeoutMs?: number },
  ): Promise<Dispatcher.ResponseData> {
    await refused.body.dump().catch(() => {});
    return this.#send(request, signal, timeouts, true);
  }

  async #send(
    request: TransportRequest,
    signal: AbortSignal | undefined,
    { timeoutMs, bodyTimeoutMs = timeoutMs }: { timeoutMs: number; bodyTimeoutMs?: number },
    refused = false,
  ): Promise<Dispatcher.ResponseData> {
    const { method, path, query, headers, body } = request;
    try {
      const credentials = (await this.#options.credentials?.(refused)) ?? {};
      const dispatcher = await this.#dispatcherFor(credentials);
      return await dispatcher.request({
        origin: this.#origin,
        path: this.#basePath + path + queryText(query),
        method,
        headers: {
          accept: "application/json",
          ...(body !== undefined && { "content-type": "application/json" }),
          ...headers,
          ...credentials.headers,
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: signal ? AbortSignal.any([signal, this.#closing.signal]) : this.#closing.signal,
        headersTimeout: timeoutMs,
        bodyTimeout: bodyTimeoutMs,
      });
    } catch (error) {
      throw transportError(`${method} ${path}`, error);
    }
  }

  /** One pool of connections, until the certificates change. */
  async #dispatcherFor(credentials: HttpCredentials): Promise<Dispatcher> {
    const { ca, cert, key, servername, rejectUnauthorized, proxy } = credentials;
    const id = [ca, cert, key, servername, rejectUnauthorized, proxy].map(String).join("\0");
    if (this.#dispatcher?.for === id) return this.#dispatcher.dispatcher;
    const { Agent, ProxyAgent } = await import("undici");
    const tls = {
      ...(ca && { ca }),
      ...(cert && { cert }),
      ...(key && { key }),
      ...(servername && { servername }),
      ...(rejectUnauthorized !== undefined && { rejectUnauthorized }),
    };
    if (this.#dispatcher?.for === id) return this.#dispatcher.dispatcher;
    const pool = { keepAliveTimeout: 30_000, allowH2: false, connections: mostConnections };
    const dispatcher = proxy
      ? new ProxyAgent({ ...pool, uri: proxy, requestTls: tls })
      : new Agent({ ...pool, connect: { ...tls, timeout: 10_000, keepAlive: true, keepAliveInitialDelay: 30_000 } });
    // What is under way on the old connections may end there.
    this.#dispatcher?.dispatcher.close().catch(() => {});
    this.#dispatcher = { for: id, dispatcher };
    return dispatcher;
  }
}

async function decoded({ statusCode, headers, body }: Dispatcher.ResponseData): Promise<TransportResponse> {
  const text = await body.text();
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  const isJson = /\bjson\b/.test(flat["content-type"] ?? "");
  return { status: statusCode, headers: flat, body: isJson && text ? JSON.parse(text) : text };
}

function queryText(query: TransportRequest["query"]): string {
  const given = Object.entries(query ?? {}).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return given.length > 0 ? `?${new URLSearchParams(given)}` : "";
}

const isIdle = (error: unknown): boolean => (error as { code?: unknown }).code === "UND_ERR_BODY_TIMEOUT";

function transportError(act: string, cause: unknown): Error {
  if (cause instanceof TransportError) return cause;
  const why = cause instanceof Error ? cause.message || (cause as { code?: string }).code || cause.name : String(cause);
  return new TransportError(`${act}: ${why}`, { cause });
}
