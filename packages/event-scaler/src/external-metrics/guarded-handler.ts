import type { Client, Clock } from "@bellows/kube";
import {
  anonymous,
  type Peer,
  type RequestHeaderConfig,
  ReviewCache,
  requestHeaderUser,
  tokenUser,
  type User,
} from "./authentication.ts";
import { type Access, refusal, reviewAccess, type Verdict } from "./authorization.ts";
import {
  askedMetric,
  type ExternalMetricsHandler,
  type ExternalMetricsRequest,
  type ExternalMetricsResponse,
} from "./handler.ts";
import { failure, forbidden, unauthorized } from "./status.ts";

export interface GuardOptions {
  readonly handler: ExternalMetricsHandler;
  readonly client: Client;
  readonly clock: Clock;
  /** Read anew at every request, so that a changed configuration is taken over. */
  readonly requestHeader: () => RequestHeaderConfig;
}

/**
 * Lets only those through to the handler who may: whom the aggregation layer names in its headers, or who has a token of
 * the cluster, and whom the API server's RBAC allows the metric.
 */
export function guardedHandler(
  options: GuardOptions,
): (request: ExternalMetricsRequest, peer: Peer) => Promise<ExternalMetricsResponse> {
  const { handler, client, clock } = options;
  const tokens = new ReviewCache<User | undefined>(clock);
  const verdicts = new ReviewCache<Verdict>(clock);
  return async (request, peer) => {
    try {
      const user = await userOf(request, peer, options, tokens);
      if (!user) return unauthorized();
      const access = accessOf(request);
      const key = JSON.stringify([user, access]);
      const { allowed, reason } = await verdicts.get(key, () => reviewAccess(client, user, access));
      return allowed ? await handler(request) : forbidden(refusal(user, access, reason));
    } catch (error) {
      return failure((error as Error).message);
    }
  };
}

async function userOf(
  request: ExternalMetricsRequest,
  peer: Peer,
  { client, requestHeader }: GuardOptions,
  tokens: ReviewCache<User | undefined>,
): Promise<User | undefined> {
  const named = requestHeaderUser(requestHeader(), peer, request.headers);
  if (named) return named;
  const token = /^Bearer +(\S+) *$/i.exec(request.headers?.authorization ?? "")?.[1];
  return token ? tokens.get(token, () => tokenUser(client, token)) : anonymous;
}

function accessOf({ path }: ExternalMetricsRequest): Access {
  const asked = askedMetric(path);
  if (!asked) return { kind: "path", path };
  return { kind: "resource", namespace: asked.namespace, resource: asked.metric };
}
