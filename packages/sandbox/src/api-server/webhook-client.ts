import { isObject } from "./json-value.ts";
import { type ResolveService, type ServiceTarget, serviceHost } from "./service-target.ts";

/** Where a webhook is, as admission and conversion webhooks say it. */
export interface WebhookClientConfig {
  readonly url?: string;
  readonly service?: {
    readonly namespace: string;
    readonly name: string;
    readonly path?: string;
    readonly port?: number;
  };
  /** PEM in base64; without it the machine's own roots are trusted. */
  readonly caBundle?: string;
}

/** An AdmissionReview or a ConversionReview. */
export interface Review {
  readonly apiVersion: string;
  readonly kind: string;
  readonly request?: Readonly<Record<string, unknown>>;
}

/**
 * Sends a review to a webhook's URL or Service and resolves with the decoded answer. Rejects with an Error whose message
 * says what went wrong (`Post "https://...": context deadline exceeded`), after at most `timeoutSeconds`.
 */
export type CallWebhook = (
  clientConfig: WebhookClientConfig,
  review: Review,
  options: { readonly timeoutSeconds: number },
) => Promise<unknown>;

/** A webhook in this process: resolves with the answer to a review that came to one of its paths, rejects with why there is none. */
export type WebhookHandler = (path: string, review: Review) => Promise<unknown>;

export interface Reply {
  readonly status: number;
  /** Its content type. */
  readonly type?: string | undefined;
  readonly text: string;
}

/** Posts JSON over HTTPS; rejects with what kept it from arriving, in Go's words. */
export type Post = (
  url: string,
  body: object,
  options: {
    readonly timeoutSeconds: number;
    readonly caBundle?: string | undefined;
    /** Where to connect instead of the URL's host, and whom to expect there. */
    readonly target?: ServiceTarget | undefined;
  },
) => Promise<Reply>;

/** Calls webhooks by `post`, and those of Services where `resolve` says. */
export const webhookCaller =
  (post: Post, resolve: ResolveService): CallWebhook =>
  async ({ url, service, caBundle }, review, { timeoutSeconds }) => {
    const base = service
      ? `https://${serviceHost(service)}:${service.port ?? 443}${service.path || "/"}`
      : new URL(url ?? "").href;
    const address = `${base}${base.includes("?") ? "&" : "?"}timeout=${timeoutSeconds}s`;
    let reply: Reply;
    try {
      reply = await post(address, review, { timeoutSeconds, caBundle, target: service && resolve(service) });
    } catch (error) {
      throw new Error(`Post ${JSON.stringify(address)}: ${(error as Error).message}`, { cause: error });
    }
    if (reply.status < 200 || reply.status > 206) throw new Error(serverProblem(reply));
    return JSON.parse(reply.text);
  };

/** What an answer that is no success means, in the words of client-go (`NewGenericServerResponse`, 1.35). */
function serverProblem({ status, type = "text/", text }: Reply): string {
  const known = statusMessage(text) ?? problems[status];
  if (known !== undefined) return known;
  const said = (type.startsWith("text/") && text.trim().slice(0, 2048)) || "unknown";
  if (status === 403) return said;
  if (status >= 500)
    return `an error on the server (${JSON.stringify(said)}) has prevented the request from succeeding`;
  return `the server responded with the status code ${status} but did not return more information`;
}

const problems: Readonly<Record<number, string>> = {
  400: "the server rejected our request for an unknown reason",
  401: "the server has asked for the client to provide credentials",
  404: "the server could not find the requested resource",
  405: "the server does not allow this method on the requested resource",
  409: "the server reported a conflict",
  429: "the server has received too many requests and has asked us to try again later",
  503: "the server is currently unable to handle the request",
  504: "the server was unable to return a response in the time allotted, but may still be processing the request",
};

function statusMessage(text: string): string | undefined {
  try {
    const { kind, message } = JSON.parse(text);
    return kind === "Status" && typeof message === "string" && message !== "" ? message : undefined;
  } catch {
    return undefined;
  }
}

/** A review's `response`, where there is one. */
export const responseOf = (answer: unknown): Readonly<Record<string, unknown>> | undefined => {
  const { response } = isObject(answer) ? answer : {};
  return isObject(response) ? response : undefined;
};
