import { z } from "zod";
import type { Opening } from "./define-trigger.ts";
import { basicAuthorization, type HttpTls, openHttpClient } from "./http-client.ts";
import { checked, parseJson } from "./json-answer.ts";
import { clientCredentialsTokens, type TokenSource } from "./oauth-client-credentials.ts";
import { composed, figuresOf, type ObservedQueue, QueueAnswer, type QueueOperation } from "./rabbitmq-queues.ts";

/** Which queues are asked for, and where. */
export interface ManagementQuery {
  /** URL of the management plugin. */
  readonly host: string;
  readonly vhostName?: string | undefined;
  readonly queueName: string;
  readonly useRegex: boolean;
  readonly pageSize: number;
  readonly operation: string;
  readonly excludeUnacknowledged: boolean;
  readonly timeout: number;
  readonly unsafeSsl: boolean;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly oauthTokenURI?: string | undefined;
  readonly clientID?: string | undefined;
  readonly clientSecret?: string | undefined;
  readonly scopes?: readonly string[] | undefined;
  readonly endpointParams?: Readonly<Record<string, readonly string[]>> | undefined;
}

const rootVhost = "/%2F";
/** More of an answer that is no success is not for a message. */
const maxShownBody = 500;

const QueuePage = z.object({ items: z.array(QueueAnswer).nullish(), page_count: z.number().optional() });

/** The queue, or the queues that match, by the HTTP API of RabbitMQ's management plugin. */
export function openManagementApi(values: ManagementQuery, tls: HttpTls | undefined, opening: Opening): ObservedQueue {
  const { config, clock } = opening;
  const http = openHttpClient(opening, values.timeout || config.httpTimeoutMs, tls ?? { unsafe: values.unsafeSsl });
  const { oauthTokenURI, clientID, clientSecret } = values;
  const tokens =
    oauthTokenURI !== undefined && clientID !== undefined && clientSecret !== undefined
      ? clientCredentialsTokens(http, clock, {
          tokenUrl: oauthTokenURI,
          clientId: clientID,
          clientSecret,
          scopes: values.scopes ?? [],
          parameters: values.endpointParams ?? {},
        })
      : undefined;

  async function ask(signal: AbortSignal): Promise<unknown> {
    const { url, shown } = queueUrl(values);
    const headers = await authorization(values, tokens, signal);
    const answer = await http.get({ url, headers, signal });
    if (answer.status === 401) tokens?.forget();
    if (answer.status !== 200) {
      const said = answer.body.slice(0, maxShownBody);
      const status = `${answer.status} ${answer.statusText}`;
      throw new Error(`error requesting RabbitMQ API status: ${status}, response: ${said}, from: ${shown}`);
    }
    return parseJson(answer.body);
  }

  return {
    async read(needed, signal) {
      const answer = await ask(signal);
      if (!values.useRegex) return figuresOf(checked(QueueAnswer, answer), values.excludeUnacknowledged, needed);
      const { items, page_count: pages = 1 } = checked(QueuePage, answer);
      if (pages > 1) throw new Error("regex matches more queues than can be recovered at once");
      const queues = (items ?? []).map((queue) => figuresOf(queue, values.excludeUnacknowledged, needed));
      return composed(queues, values.operation as QueueOperation);
    },
    close: () => http.close(),
  };
}

/** Where the queue is asked for, and that as it may be shown. */
export function queueUrl({
  host,
  username,
  vhostName,
  queueName,
  useRegex,
  pageSize,
}: Pick<ManagementQuery, "host" | "username" | "vhostName" | "queueName" | "useRegex" | "pageSize">) {
  const url = URL.parse(host);
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new Error("host: expected the http or https URL of the management plugin");
  }
  const { vhost, path } = vhostAndPath(url.pathname, vhostName);
  const name = encodeURIComponent(queueName);
  const query = `page=1&use_regex=true&pagination=false&name=${name}&page_size=${pageSize}`;
  const asked = `${path}/api/queues${vhost}${useRegex ? `?${query}` : `/${name}`}`;
  const userInfo = url.username !== "" ? `${url.username}:${url.password}@` : "";
  const shownInfo = userInfo !== "" || username !== undefined ? "user:password@" : "";
  return {
    url: `${url.protocol}//${userInfo}${url.host}${asked}`,
    shown: `${url.protocol}//${shownInfo}${url.host}${asked}`,
  };
}

/**
 * The last part of a URL's path is the vhost, unless that is given by its name; what is before it leads to the API.
 * @returns both with a slash in front; the path is empty where the API is at the root
 */
export function vhostAndPath(pathname: string, vhostName: string | undefined): { vhost: string; path: string } {
  const parts = pathname.split("/");
  const last = parts.pop() ?? "";
  const path = parts.filter((part) => part !== "").join("/");
  const vhost = vhostName === undefined ? last : encodeURIComponent(vhostName);
  return { vhost: vhost === "" ? rootVhost : `/${vhost}`, path: path === "" ? "" : `/${path}` };
}

async function authorization(
  { username, password }: ManagementQuery,
  tokens: TokenSource | undefined,
  signal: AbortSignal,
): Promise<Record<string, string>> {
  if (tokens) return { authorization: `Bearer ${await tokens.token(signal)}` };
  if (username === undefined || password === undefined) return {};
  return { authorization: basicAuthorization(username, password) };
}
