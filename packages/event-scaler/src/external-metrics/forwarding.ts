import { type HttpCredentials, httpTransport, type Transport } from "@bellows/kube";
import type { ExternalMetricsRequest, ExternalMetricsResponse } from "./handler.ts";
import type { FormerAdapter } from "./registration.ts";

export interface ForwardingOptions {
  /** The adapter that was registered before; undefined: nobody is asked. */
  readonly former: () => FormerAdapter | undefined;
  /** A token that the adapter takes: that of the service account of this process. */
  readonly token: () => Promise<string | undefined>;
  /** Default: HTTPS to the Service's name in the cluster. */
  readonly open?: (former: FormerAdapter) => Transport;
  /** Default 10 s: an HPA has other metrics to read as well. */
  readonly timeoutMs?: number;
}

/** Passes requests on to the adapter that was registered before, on this process's own behalf. */
export function forwarder(
  options: ForwardingOptions,
): (request: ExternalMetricsRequest) => Promise<ExternalMetricsResponse | undefined> {
  const { open = (former: FormerAdapter) => inCluster(former, options) } = options;
  let current: { readonly key: string; readonly transport: Closable } | undefined;
  return async ({ path, query }) => {
    const former = options.former();
    if (!former) return undefined;
    const key = JSON.stringify(former);
    if (current?.key !== key) {
      await current?.transport.close?.();
      current = { key, transport: open(former) };
    }
    const { status, body } = await current.transport.request({ method: "GET", path, ...(query && { query }) });
    return { status, body };
  };
}

type Closable = Transport & { close?(): Promise<void> };

function inCluster(former: FormerAdapter, { token, timeoutMs = 10_000 }: ForwardingOptions): Transport {
  const { service, caBundle, insecureSkipTLSVerify } = former;
  const host = `${service.name}.${service.namespace}.svc`;
  const credentials = async (): Promise<HttpCredentials> => {
    const bearer = await token();
    return {
      ...(bearer && { headers: { authorization: `Bearer ${bearer}` } }),
      ...(caBundle && { ca: Buffer.from(caBundle, "base64") }),
      servername: host,
      rejectUnauthorized: !insecureSkipTLSVerify,
    };
  };
  return httpTransport({ server: `https://${host}:${service.port ?? 443}`, credentials, timeoutMs });
}
