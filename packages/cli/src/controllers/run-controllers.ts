import { hostname } from "node:os";
import { durationMs } from "@bellows/api";
import {
  createCache,
  createClient,
  createEventRecorder,
  createLeaderElection,
  createLogger,
  createManager,
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
import { standBy } from "../neighbours/stand-by.ts";
import { watchAccess } from "./access.ts";
import type { ControllerCommand, ControllerSet } from "./catalogue.ts";
import { lateTransport } from "./late-transport.ts";

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

/**
 * Runs controllers in one process until `signal` aborts: health and metrics first, so that probes are answered while
 * the API server is not, then the client, the election and the controllers.
 * @returns whether it ended because it was told to; false where the Lease was lost or a controller gave up
 */
export async function runControllers(
  name: string,
  settings: ProcessSettings,
  sets: readonly { readonly command: ControllerCommand; readonly set: ControllerSet }[],
  signal: AbortSignal,
): Promise<boolean> {
  const log = createLogger({ level: settings.logLevel, name });
  const metrics = new Registry();
  const clock = systemClock;
  const random = systemRandom;
  const inCluster = settings.kubeconfig === undefined && process.env["KUBERNETES_SERVICE_HOST"] !== undefined;
  const live: HealthCheck[] = [];
  const ready: HealthCheck[] = [{ name: "started", check: () => (started ? undefined : "the client is being made") }];
  let started = false;
  // Loading the transport must not delay the answers to probes.
  const transport = Promise.withResolvers<Transport>();
  const client = createClient(lateTransport(transport.promise), {
    clock,
    userAgent: `bellows-${name}`,
    fieldManager: `bellows-${name}`,
    metrics,
  });
  const serving = await serve({
    log,
    metrics,
    host: settings.bindAddress,
    port: settings.metricsPort,
    healthz: [{ name: "alive", check: () => firstFailure(live) }],
    readyz: [{ name: "ready", check: () => firstFailure(ready) }],
    async routes(app) {
      for (const { set } of sets) await set.routes?.({ client, clock })(app);
    },
  });
  log.info("serving health and metrics", { address: `${serving.host}:${serving.port}` });
  try {
    const connected = inCluster ? await inClusterTransport() : await kubeconfigTransport(settings);
    const access = watchAccess(connected, { controller: name, server: connected.server ?? "", clock, log, metrics });
    ready.push(access.healthCheck);
    transport.resolve(access.transport);
    const projections = sets.flatMap(({ set }) => set.projections ?? []);
    const cache = createCache({ client, clock, random, log, projections });
    ready.push(cache.healthCheck);
    // Whoever waits for the first lists must not wait for a server that does not answer.
    const giveUp = () => {
      if (cache.unsynced.length > 0) cache.stop();
    };
    if (signal.aborted) giveUp();
    signal.addEventListener("abort", giveUp, { once: true });
    started = true;
    if (settings.leaderElect !== undefined && !settings.ignoreNeighbours) {
      const acting = sets.map(({ command }) => command.name);
      const waiting = standBy({ client, clock, log, controllers: acting, signal });
      ready.push(waiting.healthCheck);
      await waiting.clear;
      if (signal.aborted) return true;
    }
    const namespace = settings.leaderElectResourceNamespace ?? connected.namespace;
    const ending = new AbortController();
    const parts = {
      ...{ client, clock, random, log, cache, metrics, namespace, signal },
      giveUp(reason: string) {
        log.error("giving up", { reason });
        ending.abort();
      },
    };
    const controllers = [];
    for (const { set } of sets) controllers.push(...((await set.controllers?.(parts)) ?? []));
    if (controllers.length === 0) {
      log.info("started", { controllers: name });
      await aborted(signal);
      return true;
    }
    const election = settings.leaderElect
      ? createLeaderElection({
          client,
          clock,
          random,
          log,
          metrics,
          namespace,
          name: settings.leaderElectResourceName ?? `bellows-${name}`,
          identity: `${hostname()}_${randomUuid(random)}`,
          events: createEventRecorder({ client, clock, random, log, component: `bellows-${name}` }),
          leaseDurationMs: durationMs(settings.leaderElectLeaseDuration ?? "15s"),
          renewDeadlineMs: durationMs(settings.leaderElectRenewDeadline ?? "10s"),
          retryPeriodMs: durationMs(settings.leaderElectRetryPeriod ?? "2s"),
        })
      : undefined;
    if (election) live.push(election.healthCheck);
    const manager = createManager({ client, clock, random, log, metrics, cache, ...(election && { election }) });
    const running = await manager.add(...controllers).start(AbortSignal.any([signal, ending.signal]));
    log.info("started", { controllers: controllers.map((each) => each.name).join(", ") });
    await running.done;
    cache.stop();
    return signal.aborted;
  } finally {
    await serving.close();
  }
}

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
