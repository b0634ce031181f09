import {
  acceleratedClock,
  type Client,
  type Clock,
  HandoverClock,
  type Logger,
  type Random,
  type Serving,
  type ServingOptions,
  seededRandom,
  serve,
  systemClock,
  systemRandom,
} from "@bellows/kube";
import {
  adminUser,
  type Credentials,
  type DataDirectory,
  type HttpsFront,
  kubeconfig,
  machineNetwork,
  newCredentials,
  openDataDirectory,
  publishFrontProxy,
  serveHttps,
  tokenKeyOf,
} from "./api-server/index.ts";
import { createWorld, type World, type WorldOptions } from "./cluster/world.ts";

export interface SandboxOptions extends Pick<WorldOptions, "region" | "clusterName" | "nodeGroups" | "controllers"> {
  /** Where the API server listens; default loopback only. */
  readonly host?: string;
  /** 0: any free port. */
  readonly port: number;
  /** Where /metrics, /healthz, /readyz and the page are; 0 for any free port. */
  readonly metricsPort: number;
  /** A page about the cluster, beside the metrics; who shows `token` may see it. */
  readonly page?: (cluster: { client: Client; clock: Clock; token: string }) => NonNullable<ServingOptions["routes"]>;
  /** How many times as fast as the machine's clock time passes; default 1. */
  readonly speed?: number;
  /** Makes everything that is left to chance the same in each run. */
  readonly seed?: number;
  /** A directory that keeps the cluster, and what kubeconfigs trust, over restarts; without it all is gone at the end. */
  readonly dataDir?: string;
  readonly log: Logger;
}

export interface RunningSandbox {
  readonly world: World;
  /** `https://127.0.0.1:7443` */
  readonly url: string;
  readonly metricsUrl: string;
  /** Where the page is, with what lets its reader in. */
  readonly pageUrl: string;
  /** A kubeconfig for an administrator, as YAML. */
  readonly kubeconfig: string;
  stop(): Promise<void>;
}

/** The past that a new cluster is given, so that it is in order when it is first seen: nodes are Ready, pods run. */
const pastMs = 180_000;

/**
 * Starts a cluster with simulated EC2 and serves it over HTTPS. Rejects with PortTaken where a port is in use, and with
 * DataDirectoryRefused where the data directory cannot be used.
 */
export async function startSandbox(options: SandboxOptions): Promise<RunningSandbox> {
  const { dataDir, log } = options;
  if (dataDir === undefined) return startOn(options, undefined);
  const data = await openDataDirectory(dataDir, { clock: systemClock, log });
  try {
    return await startOn(options, data);
  } catch (error) {
    await data.close();
    throw error;
  }
}

async function startOn(options: SandboxOptions, data: DataDirectory | undefined): Promise<RunningSandbox> {
  const { log, speed = 1, seed } = options;
  const live: Clock = speed === 1 ? systemClock : acceleratedClock(speed);
  const random: Random = seed === undefined ? systemRandom : seededRandom(seed);
  const host = options.host ?? "127.0.0.1";
  const names = namesOf(host);
  const credentials = await (data?.credentials(names, systemClock) ?? newCredentials(systemClock, names));
  const { tls } = credentials;
  const authenticate = (given: string) => (given === credentials.token ? adminUser : undefined);

  // A cluster that goes on from a data directory has its past already.
  const clock = new HandoverClock(live.now() - (data?.saved ? 0 : pastMs));
  const tokenKey = tokenKeyOf(credentials.serviceAccountKey);
  const saved = data && { journal: data.journal, ...(data.saved && { saved: data.saved }) };
  const server = { authenticate, tokenKey, network: machineNetwork(credentials.frontProxy), ...saved };
  const world = createWorld({ ...options, clock, random, server, rootCa: tls.caBundle });
  data?.follow(world.server.store);
  // Listening comes first: a port that is taken must be told before anything else is done.
  const front = await serveHttps(world.server, {
    host,
    port: options.port,
    tls: { key: tls.key, cert: tls.certificate },
    authenticate: (given) => world.server.userOf(given),
    log,
  });
  try {
    await liveThroughPast(world, clock, live);
    await publishFrontProxy(world.server, credentials.frontProxy.caBundle);
    const serving = await serveMetrics(options, world, clock, credentials.token);
    return running(world, front, serving, credentials, data);
  } catch (error) {
    await Promise.all([front.close(), world.stop()]);
    throw error;
  }
}

async function serveMetrics(options: SandboxOptions, world: World, clock: Clock, token: string): Promise<Serving> {
  const { log, metricsPort, page } = options;
  const routes = page?.({ client: world.client, clock, token });
  try {
    return await serve({
      log,
      host: "127.0.0.1",
      port: metricsPort,
      metrics: world.metrics,
      ...(routes && { routes }),
    });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`${why}: choose another port for the metrics with --metrics-port (0 takes any free one)`, {
      cause: error,
    });
  }
}

async function liveThroughPast(world: World, clock: HandoverClock, live: Clock): Promise<void> {
  let started = false;
  const start = world.start().then(() => {
    started = true;
  });
  await clock.virtual.runUntil(() => started, live.now());
  await start;
  await clock.virtual.runUntil(() => world.isSettled(), live.now());
  await clock.virtual.run(live.now() - clock.virtual.now());
  clock.goLive(live);
}

const namesOf = (host: string): string[] => [
  ...new Set([
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "localhost",
    "127.0.0.1",
    "::1",
    "10.100.0.1",
    host,
  ]),
];

/** An address that means every interface is none to connect to. */
const reachable = (url: string): string => url.replace(/\/\/(0\.0\.0\.0|\[::\]):/, "//127.0.0.1:");

function running(
  world: World,
  front: HttpsFront,
  serving: Serving,
  { tls, token }: Credentials,
  data: DataDirectory | undefined,
): RunningSandbox {
  return {
    world,
    url: front.url,
    metricsUrl: `http://${serving.host}:${serving.port}/metrics`,
    pageUrl: `http://${serving.host}:${serving.port}/?token=${token}`,
    kubeconfig: kubeconfig({ url: reachable(front.url), ca: tls.caBundle, token, name: world.clusterName }),
    async stop() {
      await world.stop();
      await Promise.all([front.close(), serving.close()]);
      await data?.close();
    },
  };
}
