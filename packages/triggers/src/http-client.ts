import { createSecureContext, rootCertificates } from "node:tls";
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
export function openHttpClient(
  { clock, http: exchange, requested }: HttpSeams,
  timeoutMs: number,
  tls: HttpTls = {},
): HttpClient {
  checkCertificates(tls);
  const key = JSON.stringify([tls.ca, tls.cert, tls.key, tls.passphrase, tls.unsafe === true]);
  let shared: SharedDispatcher | undefined;
  const closing = new AbortController();
  const ask = async (request: HttpRequest, form?: URLSearchParams) => {
    closing.signal.throwIfAborted();
    const signals = [request.signal, closing.signal];
    if (exchange) {
      return await withTimeout(clock, timeoutMs, signals, (signal) => exchange({ ...request, signal }, form));
    }
    if (!shared) {
      shared = sharedDispatchers.get(key) ?? { dispatcher: createDispatcher(tls), users: 0 };
      shared.users++;
      sharedDispatchers.set(key, shared);
    }
    // Loading the client is not the source's time.
    const dispatcher = await shared.dispatcher;
    return await withTimeout(clock, timeoutMs, signals, (signal) => send(dispatcher, request, signal, form));
  };
  const counted = async (request: HttpRequest, form?: URLSearchParams) => {
    const startedAt = clock.now();
    let status: number | undefined;
    try {
      const answer = await ask(request, form);
      status = answer.status;
      return answer;
    } finally {
      requested?.({ status, durationMs: clock.now() - startedAt });
    }
  };
  return {
    get: (request) => counted(request),
    postForm: (request, form) => counted(request, form),
    async close() {
      closing.abort(new Error("the trigger was closed"));
      const used = shared;
      shared = undefined;
      if (!used || --used.users > 0) return;
      sharedDispatchers.delete(key);
      await (await used.dispatcher).destroy();
    },
  };
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

/** A certificate beside those that are trusted anyway; undefined for these alone. */
export const trustedCertificates = (ca: string | undefined): string[] | undefined =>
  ca === undefined ? undefined : [...rootCertificates, ca];

async function createDispatcher(tls: HttpTls): Promise<Dispatcher> {
  const { EnvHttpProxyAgent, interceptors } = await import("undici");
  const connect = { ...tlsOptionsOf(tls), minVersion: "TLSv1.2" as const };
  return new EnvHttpProxyAgent({ connect, requestTls: connect, connections: mostConnections }).compose(
    interceptors.redirect({ maxRedirections: maxRedirects }),
  );
}

async function withTimeout<T>(
  clock: Clock,
  ms: number,
  signals: readonly AbortSignal[],
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  // By hand: AbortSignal.any leaves something behind in a signal that lives long, for each request.
  const ending = new AbortController();
  const timer = clock.after(ms, () => ending.abort(new Error(`no answer within ${ms} ms`)));
  const followed = signals.map((signal) => {
    const abort = () => ending.abort(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
    return () => signal.removeEventListener("abort", abort);
  });
  try {
    return await run(ending.signal);
  } finally {
    timer.cancel();
    for (const stop of followed) stop();
  }
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
