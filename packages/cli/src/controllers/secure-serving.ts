import {
  type CertificateBundle,
  keepCertificates,
  type Serving,
  type ServingOptions,
  secretStore,
  serve,
  sleep,
} from "@bellows/kube";
import type { ServingParts } from "./catalogue.ts";

export interface SecureServingOptions {
  readonly host: string;
  readonly port: number;
  /** Whom the API server asks: the certificate names it, and is kept in the Secret NAME-certificate beside it. */
  readonly service: { readonly namespace: string; readonly name: string };
  readonly routes: NonNullable<ServingOptions["routes"]>;
  /** Callers may show a client certificate of this CA. Asked again after each registration: it may change. */
  readonly clientCa?: () => string;
  /** Writes where the API server finds what is served, and the CA (PEM) that it must trust. Only a difference is written. */
  readonly register: (caBundle: string) => Promise<void>;
}

/** What is registered may be deleted, or be written over by the chart of another release. */
const registerMs = 30_000;

/**
 * Serves the API server by TLS until the parts' signal aborts, with a certificate that is kept good, and keeps the
 * registration as it must be.
 */
export async function serveSecurely(parts: ServingParts, options: SecureServingOptions): Promise<Serving> {
  const { client, clock, log, signal } = parts;
  const { host, port, service, routes, clientCa } = options;
  let current: CertificateBundle;
  let usedCa: string | undefined;
  function used({ certificate, key }: CertificateBundle) {
    usedCa = clientCa?.();
    return { certificate, key, ...(usedCa && { clientCa: usedCa }) };
  }
  async function register(): Promise<void> {
    try {
      await options.register(current.caBundle);
    } catch (error) {
      // Missing rights and a server that is away are told by the transport, with what mends them.
      log.warn("not registered, trying again", { service: service.name, error: String(error) });
    }
  }
  const names = [`${service.name}.${service.namespace}.svc`, `${service.name}.${service.namespace}.svc.cluster.local`];
  const store = secretStore(client, { namespace: service.namespace, name: `${service.name}-certificate` });
  async function changed(bundle: CertificateBundle): Promise<void> {
    current = bundle;
    serving.use(used(bundle));
    await register();
  }
  current = await keepCertificates({ store, clock, log, names, changed }, signal);
  const serving = await serve({ log, host, port, tls: used(current), routes });
  parts.atEnd(() => serving.close());
  log.info("serving the API server", { service: service.name, address: `${serving.host}:${serving.port}` });
  await register();
  void (async () => {
    for (;;) {
      await sleep(clock, registerMs, signal);
      if (signal.aborted) return;
      await register();
      if (clientCa?.() !== usedCa) serving.use(used(current));
    }
  })();
  return serving;
}
