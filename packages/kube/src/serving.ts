import type { Server as HttpsServer } from "node:https";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { failureOf, type HealthCheck, ping, reportHealth } from "./health.ts";
import type { Logger } from "./logging.ts";
import type { Metrics } from "./metrics.ts";

export interface ServingOptions {
  readonly log: Logger;
  /** Served at `/metrics`. */
  readonly metrics?: Pick<Metrics, "contentType" | "metrics">;
  /** Besides `ping`. */
  readonly healthz?: readonly HealthCheck[];
  readonly readyz?: readonly HealthCheck[];
  /** Default: loopback only. */
  readonly host?: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Without it, plain HTTP. */
  readonly tls?: ServingCertificate;
  /** Adds what else the process serves: webhooks, the metrics APIs. */
  readonly routes?: (app: FastifyInstance) => void | Promise<void>;
}

/** PEM texts. */
export interface ServingCertificate {
  readonly certificate: string;
  readonly key: string;
  /** With it, callers may show a client certificate of this CA; handlers decide who may do what. */
  readonly clientCa?: string;
}

export interface Serving {
  readonly host: string;
  readonly port: number;
  /** New connections get this certificate; those that are open go on with the old one. */
  use(certificate: ServingCertificate): void;
  close(): Promise<void>;
}

/** Serves `/metrics`, `/healthz` and `/readyz` (each check also by its name: `/readyz/informer-sync`). */
export async function serve(options: ServingOptions): Promise<Serving> {
  const { log, metrics, host = "127.0.0.1", port, tls } = options;
  const { fastify } = await import("fastify");
  const app = fastify({
    ...(tls && { https: secureContext(tls) }),
    forceCloseConnections: true,
    bodyLimit: 16 * 1024 * 1024,
  }) as unknown as FastifyInstance;
  if (metrics) {
    app.get("/metrics", async (_, reply) => reply.type(metrics.contentType).send(await metrics.metrics()));
  }
  health(app, "healthz", [ping, ...(options.healthz ?? [])], log);
  health(app, "readyz", [ping, ...(options.readyz ?? [])], log);
  await options.routes?.(app);
  try {
    await app.listen({ host, port });
  } catch (cause) {
    const why = (cause as { code?: string }).code === "EADDRINUSE" ? "the port is taken" : (cause as Error).message;
    throw new Error(`listening on ${host}:${port}: ${why}`, { cause });
  }
  const address = app.server.address();
  return {
    host,
    port: typeof address === "object" && address ? address.port : port,
    use(certificate) {
      if (tls) (app.server as unknown as HttpsServer).setSecureContext(secureContext(certificate));
    },
    close: () => app.close(),
  };
}

const secureContext = ({ certificate, key, clientCa }: ServingCertificate) => ({
  cert: certificate,
  key,
  minVersion: "TLSv1.2" as const,
  ...(clientCa && { ca: clientCa, requestCert: true, rejectUnauthorized: false }),
});

function health(app: FastifyInstance, endpoint: string, checks: readonly HealthCheck[], log: Logger): void {
  // Probes come every few seconds; what they find is logged when it changes.
  let logged = "";
  app.get(`/${endpoint}`, async (request, reply) => {
    const { verbose, exclude } = request.query as { verbose?: string; exclude?: string | string[] };
    const excluded = exclude === undefined ? [] : [exclude].flat();
    const report = await reportHealth(endpoint, checks, { verbose: verbose !== undefined, exclude: excluded });
    const found = JSON.stringify(report.failures);
    if (found !== logged)
      for (const { name, reason } of report.failures)
        log.warn("health check failed", { endpoint, check: name, reason });
    logged = found;
    return text(reply, report.healthy ? 200 : 500, report.text);
  });
  app.get(`/${endpoint}/:check`, async (request: FastifyRequest, reply) => {
    const { check: name } = request.params as { check: string };
    const check = checks.find((candidate) => candidate.name === name);
    if (!check) return text(reply, 404, "404 page not found\n");
    const reason = await failureOf(check);
    return reason === undefined ? text(reply, 200, "ok") : text(reply, 500, `internal server error: ${reason}\n`);
  });
}

const text = (reply: FastifyReply, status: number, body: string) =>
  reply
    .status(status)
    .header("content-type", "text/plain; charset=utf-8")
    .header("x-content-type-options", "nosniff")
    .send(body);
