import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { Agent, request } from "node:https";
import type { CertificateAndKey } from "@bellows/kube";
import type { Forward } from "../aggregation/aggregation.ts";
import type { ApiRequest, ApiResponse } from "../api-request.ts";
import { connectionProblem } from "./connection-problem.ts";

/** What of a request another server is told; who asks is told by headers of our own. */
const passedOn = ["accept", "user-agent", "if-none-match"];
const passedBack = ["content-type", "etag", "vary", "warning", "retry-after", "location"];

/**
 * Passes requests on to aggregated API servers over HTTPS. `identity` is the certificate by which they know that the
 * headers naming a user can be believed.
 */
export function forwarder(identity: CertificateAndKey): Forward {
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  return async (target, asked, { caBundle, insecure, timeoutMs }) => {
    const { path, query, method, body, signal } = asked;
    const search = query.toString();
    const timeout = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs);
    const signals = [signal, timeout].filter((one) => one !== undefined);
    const out = request({
      agent,
      host: target.host,
      port: target.port,
      servername: target.serverName,
      method,
      path: `${path.split("/").map(encodeURIComponent).join("/")}${search && `?${search}`}`,
      headers: {
        ...headersOf(asked),
        host: `${target.serverName}:${target.port}`,
        ...(body !== undefined && { "content-type": asked.headers["content-type"] ?? "application/json" }),
      },
      cert: identity.certificate,
      key: identity.key,
      rejectUnauthorized: !insecure,
      ...(caBundle && { ca: Buffer.from(caBundle, "base64") }),
      ...(signals.length > 0 && { signal: AbortSignal.any(signals) }),
    });
    out.end(body === undefined ? undefined : JSON.stringify(body));
    try {
      const [answer] = (await once(out, "response")) as [IncomingMessage];
      return await responseOf(answer, query.flag("watch") || query.flag("follow"));
    } catch (error) {
      throw new Error(connectionProblem(error as Error), { cause: error });
    }
  };
}

function headersOf({ headers, user }: ApiRequest): Record<string, string | string[]> {
  const sent: Record<string, string | string[]> = { "x-remote-user": user.username };
  for (const name of passedOn) if (headers[name] !== undefined) sent[name] = headers[name];
  if (user.uid) sent["x-remote-uid"] = user.uid;
  if (user.groups.length > 0) sent["x-remote-group"] = [...user.groups];
  for (const [key, values] of Object.entries(user.extra ?? {}))
    sent[`x-remote-extra-${encodeURIComponent(key.toLowerCase())}`] = [...values];
  return sent;
}

/** JSON is decoded, so that clients in this process may read it; a watch flows on as text. */
async function responseOf(answer: IncomingMessage, flows: boolean): Promise<ApiResponse> {
  const headers: Record<string, string> = {};
  for (const name of passedBack) {
    const value = answer.headers[name];
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  const status = answer.statusCode ?? 502;
  if (flows && status === 200) return { status, headers, body: undefined, stream: answer };
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  const isJson = headers["content-type"]?.startsWith("application/json") ?? false;
  return { status, headers, body: isJson ? JSON.parse(bytes.toString("utf8")) : bytes };
}
