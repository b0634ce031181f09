import { hostname } from "node:os";
import { durationMs, Lease } from "@bellows/api";
import {
  createClient,
  createEventRecorder,
  createLogger,
  type EventRecorder,
  type HealthCheck,
  inClusterTransport,
  kubeconfigTransport,
  type LogLevel,
  randomUuid,
  serve,
  systemClock,
  systemRandom,
  type Transport,
} from "@bellows/kube";
import { Registry } from "prom-client";
import { tellDefinitionProblems } from "../neighbours/definitions.ts";
import { type NeighbourWatch, watchNeighbours } from "../neighbours/watch-neighbours.ts";
import { watchAccess } from "./access.ts";
import type { ControllerCommand, ControllerSet } from "./catalogue.ts";
import { endingTransport } from "./ending-transport.ts";
import { lateTransport } from "./late-transport.ts";
import { type ProcessParts, type Term, takeTurn } from "./take-turn.ts";
import { untilAnswered } from "./until-answered.ts";

/** What every process takes; a dashboard elects no leader. */
export interface ProcessSettings {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly logLevel: LogLevel;
  readonly bindAddress: string;
  readonly metricsPort: number;
  readonly leaderElect?: boolean;
  readonly leaderElectLeaseDuration?: string;
  readonly leaderElectRenewDeadline?: string;
  readonly leaderElectRetryPeriod?: string;
  readonly leaderElectResourceNamespace?: string;
  readonly leaderElectResourceName?: string;
  readonly ignoreNeighbours?: boolean;
}

/** A controller of the process, with what was made of its settings. */
export interface PreparedController {
  readonly command: ControllerCommand;
  readonly set: ControllerSet;
}

/**
 * Runs controllers in one process until `signal` aborts: health and metrics first, so that probes are answered while
 * the API server is not, then the client, what is served to the API server, and the controllers in turns: each turn
 * ends when a neighbour that acts on the same objects comes or goes.
 * @returns whether it ended because it was told to; false where the Lease was lost or a controller gave up
 */
export async function runControllers(
  name: string,
  settings: ProcessSettings,
  prepared: readonly PreparedController[],
  signal: AbortSignal,
): Promise<boolean> {
  const log = createLogger({ level: settings.logLevel, name });
  const metrics = new Registry();
  const clock = systemClock;
  const random = systemRandom;
  const inCluster = settings.kubeconfig === undefined && process.env["KUBERNETES_SERVICE_HOST"] !== undefined;
  const ready: HealthCheck[] = [];
  let started = false;
  let term: Term | undefined;
  const acting = prepared.filter(({ set }) => set.controllers).map(({ command }) => command.name);
  // Loading the transport must not delay the answers to probes.
  const transport = Promise.withResolvers<Transport>();
  const client = createClient(lateTransport(transport.promise), {
    clock,
    userAgent: `bellows-${name}`,
    fieldManager: `bellows-${name}`,
    metrics,
  });
  const ends: (() => Promise<void>)[] = [];
  const atEnd = (end: () => Promise<void>) => void ends.unshift(end);
  const serving = await serve({
    log,
    metrics: {
      contentType: metrics.contentType,
      // What a turn measures begins anew with it.
      metrics: async () => `${await metrics.metrics()}${(await term?.metrics()) ?? ""}`,
    },
    host: settings.bindAddress,
    port: settings.metricsPort,
    healthz: [{ name: "alive", check: () => term?.alive() }],
    readyz: [
      { name: "started", check: () => (started ? undefined : "the client is being made") },
      {
        name: "ready",
        async check() {
          const failure = await firstFailure(ready);
          if (failure !== undefined || acting.length === 0) return failure;
          return term ? term.ready() : "no controller has been started yet";
        },
      },
    ],
    async routes(app) {
      for (const { set } of prepared) await set.routes?.({ client, clock })(app);
    },
  });
  log.info("serving health and metrics", { address: `${serving.host}:${serving.port}` });
  try {
    const connected = inCluster ? await inClusterTransport() : await kubeconfigTransport(settings);
    const access = watchAccess(connected, { controller: name, server: connected.server ?? "", clock, log, metrics });
    ready.push(access.healthCheck);
    transport.resolve(endingTransport(access.transport, { clock, signal }));
    started = true;
    const namespace = settings.leaderElectResourceNamespace ?? connected.namespace;
    const lease = { namespace, name: settings.leaderElectResourceName ?? `bellows-${name}` };
    const events = createEventRecorder({ client, clock, random, log, component: `bellows-${name}` });
    const parts: ProcessParts = { client, clock, random, log, namespace };
    const definitions = prepared.flatMap(({ command, set }) => set.definitions ?? command.definitions ?? []);
    // Not by the transport that is watched: a right that is wanted once keeps nobody from being ready.
    const plain = createClient(connected, { clock, userAgent: `bellows-${name}` });
    void tellDefinitionProblems({ client: plain, clock, log, signal }, definitions);
    for (const { set } of prepared) {
      const serveFor = set.serve;
      if (serveFor) await untilAnswered(parts, signal, (attempt) => serveFor({ ...parts, atEnd, signal: attempt }));
    }
    if (acting.length === 0) {
      log.info("started", { controllers: name });
      await aborted(signal);
      return true;
    }
    let neighbours: NeighbourWatch | undefined;
    if (!settings.ignoreNeighbours) {
      const tell = teller(events, lease);
      neighbours = watchNeighbours({ client, clock, log, metrics, controllers: acting, tell, signal });
      ready.push(neighbours.healthCheck);
    }
    for (;;) {
      const turn = (await neighbours?.turn()) ?? { free: acting, signal };
      if (signal.aborted) return true;
      const sets = prepared.filter(({ command }) => turn.free.includes(command.name)).map(({ set }) => set);
      const election = settings.leaderElect && {
        ...lease,
        identity: `${hostname()}_${randomUuid(random)}`,
        events,
        leaseDurationMs: durationMs(settings.leaderElectLeaseDuration ?? "15s"),
        renewDeadlineMs: durationMs(settings.leaderElectRenewDeadline ?? "10s"),
        retryPeriodMs: durationMs(settings.leaderElectRetryPeriod ?? "2s"),
      };
      term = takeTurn(parts, sets, election || undefined, turn.signal);
      await term.done;
      term = undefined;
      if (signal.aborted) return true;
      if (!turn.signal.aborted) return false;
    }
  } finally {
    for (const end of ends) await end();
    await serving.close();
  }
}

const teller =
  (events: EventRecorder, { namespace, name }: { readonly namespace: string; readonly name: string }) =>
  (type: "Normal" | "Warning", reason: string, message: string): void => {
    const { apiVersion, kind } = Lease;
    events.record({ apiVersion, kind, metadata: { namespace, name } }, { type, reason, message });
  };

async function firstFailure(checks: readonly HealthCheck[]): Promise<string | undefined> {
  for (const { check } of checks) {
    const reason = await check();
    if (reason) return reason;
  }
  return undefined;
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
