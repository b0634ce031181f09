import {
  acceleratedClock,
  type CertificateBundle,
  type Clock,
  HandoverClock,
  type Logger,
  type Random,
  randomHex,
  renewed,
  type Serving,
  seededRandom,
  serve,
  systemClock,
  systemRandom,
} from "@bellows/kube";
import { adminUser, type HttpsFront, kubeconfig, serveHttps } from "./api-server/index.ts";
import { createWorld, type World, type WorldOptions } from "./cluster/world.ts";

export interface SandboxOptions extends Pick<WorldOptions, "region" | "clusterName" | "nodeGroups" | "controllers"> {
  /** Where the API server listens; default loopback only. */
  readonly host?: string;
  /** 0: any free port. */
  readonly port: number;
  /** Where /metrics, /healthz and /readyz are; 0 for any free port. */
  readonly metricsPort: number;
  /** How many times as fast as the machine's clock time passes; default 1. */
  readonly speed?: number;
  /** Makes everything that is left to chance the same in each run. */
  readonly seed?: number;
  readonly log: Logger;
}

export interface RunningSandbox {
  readonly world: World;
  /** `https://127.0.0.1:7443` */
  readonly url: string;
  readonly metricsUrl: string;
  /** A kubeconfig for an administrator, as YAML. */
  readonly kubeconfig: string;
  stop(): Promise<void>;
}

/** The past that a new cluster is given, so that it is in order when it is first seen: nodes are Ready, pods run. */
const pastMs = 180_000;

/** Starts a cluster with simulated EC2 and serves it over HTTPS. Rejects with PortTaken where a port is in use. */
export async function startSandbox(options: SandboxOptions): Promise<RunningSandbox> {
  const { log, speed = 1, seed } = options;
  const live: Clock = speed === 1 ? systemClock : acceleratedClock(speed);
  const random: Random = seed === undefined ? systemRandom : seededRandom(seed);
  const token = randomHex(systemRandom, 32);
  const authenticate = (given: string) => (given === token ? adminUser : undefined);
  const host = options.host ?? "127.0.0.1";
  const certificates = await certificatesFor(host, live);

  const clock = new HandoverClock(live.now() - pastMs);
  const world = createWorld({ ...options, clock, random, server: { authenticate }, rootCa: certificates.caBundle });
  // Listening comes first: a port that is taken must be told before anything else is done.
  const front = await serveHttps(world.server, {
    host,
    port: options.port,
    tls: { key: certificates.key, cert: certificates.certificate },
    authenticate,
    log,
  });
  try {
    await liveThroughPast(world, clock, live);
    const serving = await serve({ log, host: "127.0.0.1", port: options.metricsPort, metrics: world.metrics });
    return running(world, front, serving, certificates, token);
  } catch (error) {
    await front.close();
    throw error;
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

const certificatesFor = (host: string, clock: Clock): Promise<CertificateBundle> =>
  renewed(undefined, clock.now(), {
    names: [
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
    ],
    validMs: 365 * 86_400_000,
  });

function running(
  world: World,
  front: HttpsFront,
  serving: Serving,
  certificates: CertificateBundle,
  token: string,
): RunningSandbox {
  return {
    world,
    url: front.url,
    metricsUrl: `http://${serving.host}:${serving.port}/metrics`,
    kubeconfig: kubeconfig({ url: front.url, ca: certificates.caBundle, token, name: world.clusterName }),
    async stop() {
      await world.stop();
      await Promise.all([front.close(), serving.close()]);
    },
  };
}
