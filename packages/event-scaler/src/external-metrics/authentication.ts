import { ConfigMap } from "@bellows/api";
import type { Client, Clock, Instant } from "@bellows/kube";
import type { ExternalMetricsRequest } from "./handler.ts";

export interface User {
  readonly username: string;
  readonly groups: readonly string[];
  readonly uid?: string;
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** The other end of a connection. */
export interface Peer {
  /** Common name of a client certificate that the request-header CA has signed; undefined without such a one. */
  readonly commonName: string | undefined;
}

/** How the aggregation layer tells on whose behalf it asks (ConfigMap kube-system/extension-apiserver-authentication). */
export interface RequestHeaderConfig {
  /** PEM text: who may say so. */
  readonly clientCa: string;
  /** Common names that may; none: all that the CA has signed. */
  readonly allowedNames: readonly string[];
  /** Lower case, as headers come. */
  readonly usernameHeaders: readonly string[];
  readonly groupHeaders: readonly string[];
  readonly extraHeaderPrefixes: readonly string[];
}

/** @throws Error  where the cluster's API server has no aggregation layer: which key is missing */
export async function readRequestHeaderConfig(client: Client): Promise<RequestHeaderConfig> {
  const key = { namespace: "kube-system", name: "extension-apiserver-authentication" };
  const { data = {} } = await client.get(ConfigMap, key);
  const list = (name: string): readonly string[] => {
    const text = data[name];
    if (!text) return [];
    try {
      return (JSON.parse(text) as readonly string[]).map(String);
    } catch {
      throw new Error(`configmap ${key.namespace}/${key.name}: ${name} is ${text}, expected a JSON list of texts`);
    }
  };
  const lower = (texts: readonly string[]) => texts.map((text) => text.toLowerCase());
  const clientCa = data["requestheader-client-ca-file"];
  if (!clientCa) {
    throw new Error(`configmap ${key.namespace}/${key.name}: requestheader-client-ca-file is missing, expected a CA`);
  }
  return {
    clientCa,
    allowedNames: list("requestheader-allowed-names"),
    usernameHeaders: lower(list("requestheader-username-headers")),
    groupHeaders: lower(list("requestheader-group-headers")),
    extraHeaderPrefixes: lower(list("requestheader-extra-headers-prefix")),
  };
}

/** Whom the headers name, where the peer may say so; undefined otherwise. */
export function requestHeaderUser(
  config: RequestHeaderConfig,
  { commonName }: Peer,
  headers: ExternalMetricsRequest["headers"] = {},
): User | undefined {
  if (commonName === undefined) return undefined;
  if (config.allowedNames.length > 0 && !config.allowedNames.includes(commonName)) return undefined;
  const username = config.usernameHeaders.map((name) => headers[name]).find(Boolean);
  if (!username) return undefined;
  // Node joins the values of a repeated header by a comma.
  const groups = config.groupHeaders.flatMap((name) => headers[name]?.split(",").map((group) => group.trim()) ?? []);
  const extra: Record<string, readonly string[]> = {};
  for (const [name, value = ""] of Object.entries(headers)) {
    const prefix = config.extraHeaderPrefixes.find((one) => name.startsWith(one));
    if (prefix) extra[decodedKey(name.slice(prefix.length))] = value.split(",").map((one) => one.trim());
  }
  return { username, groups, extra };
}

/** Keys of extra values may be percent-encoded; what can't be decoded is taken as it is. */
function decodedKey(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export const anonymous: User = { username: "system:anonymous", groups: ["system:unauthenticated"] };

/** How long an answer of the API server about a token or an access holds. */
const reviewTtlMs = 10_000;
const maxRemembered = 1024;

/** Remembers the answers of reviews for a while, so that an HPA's request costs no call of its own. */
export class ReviewCache<T> {
  readonly #clock: Clock;
  readonly #known = new Map<string, { readonly answer: Promise<T>; readonly until: Instant }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get(key: string, ask: () => Promise<T>): Promise<T> {
    const now = this.#clock.now();
    const known = this.#known.get(key);
    if (known && known.until > now) return known.answer;
    if (this.#known.size >= maxRemembered) this.#known.clear();
    const answer = ask();
    this.#known.set(key, { answer, until: now + reviewTtlMs });
    answer.catch(() => this.#known.delete(key));
    return answer;
  }
}

interface TokenReview {
  readonly status?: {
    readonly authenticated?: boolean;
    readonly user?: {
      readonly username?: string;
      readonly uid?: string;
      readonly groups?: readonly string[];
      readonly extra?: Readonly<Record<string, readonly string[]>>;
    };
  };
}

/** Whose token it is; undefined for one that is not good (any more). */
export async function tokenUser(client: Client, token: string): Promise<User | undefined> {
  const { status, body } = await client.transport.request({
    method: "POST",
    path: "/apis/authentication.k8s.io/v1/tokenreviews",
    body: { apiVersion: "authentication.k8s.io/v1", kind: "TokenReview", spec: { token } },
  });
  if (status >= 400) throw new Error(`reviewing a token: the server answered ${status}`);
  const { authenticated, user } = (body as TokenReview).status ?? {};
  if (!authenticated || !user?.username) return undefined;
  const { username, groups = [], uid, extra } = user;
  return { username, groups, ...(uid && { uid }), ...(extra && { extra }) };
}
