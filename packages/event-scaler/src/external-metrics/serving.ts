import type { ServingOptions } from "@bellows/kube";
import type { Peer } from "./authentication.ts";
import type { ExternalMetricsRequest, ExternalMetricsResponse } from "./handler.ts";

/**
 * Serves the API: give it to `serve` as its `routes`, with the request-header CA as `tls.clientCa`, so that only the
 * aggregation layer's certificate counts.
 */
export function externalMetricsRoutes(
  handler: (request: ExternalMetricsRequest, peer: Peer) => Promise<ExternalMetricsResponse>,
): NonNullable<ServingOptions["routes"]> {
  return (app) => {
    for (const route of ["/apis", "/apis/*"])
      app.get(route, async (request, reply) => {
        const [path = ""] = request.url.split("?");
        const { labelSelector } = request.query as { readonly labelSelector?: string | readonly string[] };
        // Node joins the values of a repeated header, of all but set-cookie.
        const { status, body, contentType } = await handler(
          {
            method: request.method,
            path,
            query: { labelSelector: typeof labelSelector === "string" ? labelSelector : labelSelector?.[0] },
            headers: request.headers as Readonly<Record<string, string>>,
          },
          peerOf(request.raw.socket),
        );
        if (contentType) reply.type(contentType);
        return reply.status(status).send(body);
      });
  };
}

interface MaybeTls {
  /** Whether the certificate is one of the CA that was given. */
  readonly authorized?: boolean;
  getPeerCertificate?(): { readonly subject?: { readonly CN?: string | readonly string[] } };
}

/** Reading a certificate costs more than the rest of a request, and a connection shows one only once. */
const peers = new WeakMap<object, Peer>();

function peerOf(socket: object): Peer {
  const known = peers.get(socket);
  if (known) return known;
  const tls = socket as MaybeTls;
  const name = tls.authorized ? (tls.getPeerCertificate?.().subject?.CN ?? "") : undefined;
  const peer = { commonName: typeof name === "object" ? name[0] : name };
  peers.set(socket, peer);
  return peer;
}
