import { createSecureContext, getCACertificates } from "node:tls";
import type { Clock } from "@bellows/kube";
import type { Dispatcher } from "undici";
import { TriggerError } from "./trigger.ts";

/** Whom an HTTPS server has to convince, and what convinces it. PEM texts. */
export interface HttpTls {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** Of the key. */
  readonly passphrase?: string | undefined;
  /** Whoever answers is believed. */
  readonly unsafe?: boolean | undefined;
}

export interface HttpRequest {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  /** What the server calls its status: `Not Found`. */
  readonly statusText: string;
  readonly body: string;
}

/** Asks by HTTP, a POST where there is a form; rejects where nobody answers. */
export type HttpExchange = (request: HttpRequest, form?: URLSearchParams) => Promise<HttpAnswer>;

/** How a request went, for who counts them. */
export interface HttpOutcome {
  /** None where nobody answered. */
  readonly status: number | undefined;
  readonly durationMs: number;
}

/** What a client reaches the world by. */
export interface HttpSeams {
  readonly clock: Clock;
  /** Asks in place of a connection: where sources are simulated. */
  readonly http?: HttpExchange;
  /** Told of each request once it is over. */
  readonly requested?: (outcome: HttpOutcome) => void;
}

/** A source of metrics that is asked by HTTP. */
export interface HttpClient {
  /** A GET; follows redirects. Any status is an answer. */
  get(request: HttpRequest): Promise<HttpAnswer>;
  /** A POST of a form. */
  postForm(request: HttpRequest, form: URLSearchParams): Promise<HttpAnswer>;
  close(): Promise<void>;
}

/** An answer that is longer is a flood and no metric. */
const maxBodyBytes = 16 * 1024 * 1024;
const maxRedirects = 10;
/** To one server: what comes beyond waits, so that thousands of objects with one source are no flood of it. */
const mostConnections = 64;

interface SharedDispatcher {
  readonly dispatcher: Promise<Dispatcher>;
  users: number;
}

/** Triggers that trust the same servers share their connections. */
const sharedDispatchers = new Map<string, SharedDispatcher>();

/**
 * A client that gives up after `timeoutMs` of the clock. It connects with the first request.
 * @throws TriggerError  for certificates that can't be read
 */
export function openHttpClient(seams: HttpSeams, timeoutMs: number, tls: HttpTls = {}): HttpClient {
  checkCertificates(tls);
  return new SharingClient(seams, timeoutMs, tls);
}

/** Shares its connections, and keeps little itself: there are thousands. */
class SharingClient implements HttpClient {
  readonly #seams: HttpSeams;
  readonly #timeoutMs: number;
  readonly #tls: HttpTls;
  #shared: SharedDispatcher | undefined;
  /** What ends the requests under way. */
  readonly #endings = new Set<AbortController>();
  #closed: Error | undefined;

  constructor({ clock, http, requested }: HttpSeams, timeoutMs: number, tls: HttpTls) {
    this.#seams = { clock, ...(http && { http }), ...(requested && { requested }) };
    this.#timeoutMs = timeoutMs;
    this.#tls = tls;
  }

  get(request: HttpRequest): Promise<HttpAnswer> {
    return this.#counted(request);
  }

  postForm(request: HttpRequest, form: URLSearchParams): Promise<HttpAnswer> {
    return this.#counted(request, form);
  }

  async close(): Promise<void> {
    this.#closed = new Error("the trigger was closed");
    for (const ending of this.#endings) ending.abort(this.#closed);
    const used = this.#shared;
    this.#shared = undefined;
    if (!used || --used.users > 0) return;
    sharedDispatchers.delete(keyOf(this.#tls));
    await (await used.dispatcher).destroy();
  }

  async #counted(request: HttpRequest, form?: URLSearchParams): Promise<HttpAnswer> {
    const { clock, requested } = this.#seams;
    const startedAt = clock.now();
    let status: number | undefined;
    try {
      const answer = await this.#ask(request, form);
      status = answer.status;
      return answer;
    } finally {
      requested?.({ status, durationMs: clock.now() - startedAt });
    }
  }

  async #ask(request: HttpRequest, form?: URLSearchParams): Promise<HttpAnswer> {
    if (this.#closed) throw this.#closed;
    const { http: exchange } = this.#seams;
    if (exchange) return await this.#withTimeout(request.signal, (signal) => exchange({ ...request, signal }, form));
    this.#shared ??= sharedDispatcher(this.#tls);
    // Loading the client is not the source's time.
    const dispatcher = await this.#shared.dispatcher;
    return await this.#withTimeout(request.signal, (signal) => send(dispatcher, request, signal, form));
  }

  async #withTimeout<T>(asked: AbortSignal, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
    // By hand: AbortSignal.any leaves something behind in a signal that lives long, for each request.
    const ending = new AbortController();
    const ms = this.#timeoutMs;
    const timer = this.#seams.clock.after(ms, () => ending.abort(new Error(`no answer within ${ms} ms`)));
    const abort = () => ending.abort(asked.reason);
    if (this.#closed) ending.abort(this.#closed);
    else if (asked.aborted) abort();
    else asked.addEventListener("abort", abort, { once: true });
    this.#endings.add(ending);
    try {
      return await run(ending.signal);
    } finally {
      timer.cancel();
      asked.removeEventListener("abort", abort);
      this.#endings.delete(ending);
    }
  }
}

const keyOf = ({ ca, cert, key, passphrase, unsafe }: HttpTls): string =>
  JSON.stringify([ca, cert, key, passphrase, unsafe === true]);

function sharedDispatcher(tls: HttpTls): SharedDispatcher {
  const key = keyOf(tls);
  const shared = sharedDispatchers.get(key) ?? { dispatcher: createDispatcher(tls), users: 0 };
  shared.users++;
  sharedDispatchers.set(key, shared);
  return shared;
}

/** @throws TriggerError  for certificates that can't be read, or a key of another certificate */
export function checkCertificates({ ca, cert, key, passphrase }: HttpTls): void {
  // A context alone costs a millisecond, and most triggers have none of these.
  if (ca === undefined && cert === undefined && key === undefined) return;
  try {
    createSecureContext({ ca, cert, key, passphrase });
  } catch (error) {
    throw new TriggerError(`error creating the TLS config: ${(error as Error).message}`, { cause: error });
  }
}

/** What convinces whom, in the words of node:tls: for the clients of other systems. */
export function tlsOptionsOf({ ca, cert, key, passphrase, unsafe }: HttpTls) {
  const trusted = trustedCertificates(ca);
  return {
    ...(trusted === undefined ? {} : { ca: trusted }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(passphrase === undefined ? {} : { passphrase }),
    rejectUnauthorized: unsafe !== true,
  };
}

/** A certificate beside those that this process trusts anyway; undefined for these alone. */
export const trustedCertificates = (ca: string | undefined): string[] | undefined =>
  ca === undefined ? undefined : [...getCACertificates("default"), ca];

async function createDispatcher(tls: HttpTls): Promise<Dispatcher> {
  const { EnvHttpProxyAgent, interceptors } = await import("undici");
  const connect = tlsOptionsOf(tls);
  return new EnvHttpProxyAgent({ connect, requestTls: connect, connections: mostConnections }).compose(
    interceptors.redirect({ maxRedirections: maxRedirects }),
  );
}

async function send(
  dispatcher: Dispatcher,
  request: HttpRequest,
  signal: AbortSignal,
  form?: URLSearchParams,
): Promise<HttpAnswer> {
  const url = URL.parse(request.url);
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new Error(`${JSON.stringify(withoutSecrets(request.url))}: expected an http or https URL`);
  }
  const method = form ? "POST" : "GET";
  const formType = form && { "content-type": "application/x-www-form-urlencoded" };
  try {
    const answer = await dispatcher.request({
      origin: url.origin,
      path: url.pathname + url.search,
      method,
      headers: { ...userInfo(url), ...formType, ...request.headers },
      ...(form && { body: form.toString() }),
      signal,
    });
    return { status: answer.statusCode, statusText: answer.statusText, body: await bounded(answer.body) };
  } catch (error) {
    const cause: unknown = signal.aborted ? signal.reason : error;
    throw new Error(`${method} ${url.origin}${url.pathname}: ${reasonOf(cause)}`, { cause });
  }
}

/** A name and a password in front of the host are sent as basic authentication. */
function userInfo({ username, password }: URL): Record<string, string> {
  if (username === "") return {};
  return { authorization: basicAuthorization(decodeURIComponent(username), decodeURIComponent(password)) };
}

/** The value of an Authorization header. */
export const basicAuthorization = (username: string, password: string): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;

async function bounded(body: Dispatcher.ResponseData["body"]): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += (chunk as Buffer).length;
    if (size > maxBodyBytes) throw new Error(`the answer is longer than ${maxBodyBytes} bytes`);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** An address that was tried in both versions of IP fails with a list of errors and no text of its own. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.map(reasonOf).join("; ");
  if (!(error instanceof Error)) return String(error);
  return error.message || (error as NodeJS.ErrnoException).code || error.name;
}

/** Queries and what stands before the host may hold credentials. */
function withoutSecrets(url: string): string {
  return url.replace(/\?.*$/s, "").replace(/\/\/[^/]*@/, "//");
}
