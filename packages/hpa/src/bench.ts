import { readFileSync } from "node:fs";
import { HorizontalPodAutoscaler } from "@bellows/api";
import { createClient, createManager, releaseMemory, seededRandom, silentLogger, VirtualClock } from "@bellows/kube";
import { Registry } from "prom-client";
import { BenchCluster } from "./bench/cluster.ts";
import { hpaController } from "./controller.ts";
import { hpaProjections } from "./projections.ts";
import { type HpaVector, metricEvaluations } from "./vectors.ts";

/** One process with the controller and the cache that it reads, measured once. */
export interface HpaProcessMeasure {
  /** CPU of listing everything and the first sync of each autoscaler. */
  readonly startMs: number;
  /** CPU of a pass in which each autoscaler is synced, and each status changes. */
  readonly changedPassMs: number;
  /** CPU of a pass in which each autoscaler is synced, and none has anything to write. */
  readonly steadyPassMs: number;
  /** CPU of a pass over all autoscalers in which nothing changed and none is due. */
  readonly unchangedPassMs: number;
  /** CPU of the answers of the API server in a pass, which is in the passes above. */
  readonly serverMs: number;
  readonly heapMiB: number;
  readonly residentMiB: number;
  /** The most that was resident at any time. */
  readonly peakMiB: number;
  readonly requestsInPass: Readonly<Record<string, number>>;
}

export const hpaBenchSize = { autoscalers: 5000, podsEach: 20, namespaces: 50 } as const;
const startedAt = Date.parse("2026-01-01T00:00:00Z");
const passMs = 15_000;

/** Runs the controller as a process does, with a manager and its informers, against a cluster that is made up. */
export async function measureHpaProcess(seed: number, size = hpaBenchSize): Promise<HpaProcessMeasure> {
  const clock = new VirtualClock(startedAt);
  const cluster = new BenchCluster(size, clock, seededRandom(seed));
  const parts = { clock, random: seededRandom(seed), log: silentLogger, metrics: new Registry() };
  const client = createClient(cluster, { clock, userAgent: "bench" });
  const manager = createManager({ ...parts, client, projections: hpaProjections() }).add(hpaController());
  const stop = new AbortController();

  let running: Awaited<ReturnType<typeof manager.start>> | undefined;
  const startMs = await cpuMs(async () => {
    running = await manager.start(stop.signal);
    releaseMemory();
    await clock.run(1);
  });
  await clock.run(2 * passMs);

  const pass = () => clock.run(passMs);
  cluster.cpuMilli = 53;
  const changedPassMs = await cpuMs(pass);
  cluster.requests.clear();
  const steadyPassMs = await cpuMs(pass);
  const requestsInPass = Object.fromEntries(cluster.requests);
  const { rss } = process.memoryUsage();
  const serverMs = await cpuMs(async () => {
    for (let count = 0; count < size.namespaces; count++) {
      await cluster.request({ method: "GET", path: `/apis/metrics.k8s.io/v1beta1/namespaces/team-${count}/pods` });
    }
  });
  const touch = cluster.touchedAutoscalers((key) => manager.cache.get(HorizontalPodAutoscaler, key));
  const unchangedPassMs = await cpuMs(async () => {
    touch();
    await clock.run(0);
  });
  releaseMemory();
  const { heapUsed } = process.memoryUsage();
  const peakMiB = mostResidentMiB();
  stop.abort();
  await clock.run(10_000);
  await running?.done;
  const mebibytes = (bytes: number) => bytes / 2 ** 20;
  return {
    startMs,
    changedPassMs,
    steadyPassMs,
    unchangedPassMs,
    serverMs,
    heapMiB: mebibytes(heapUsed),
    residentMiB: mebibytes(rss),
    peakMiB,
    requestsInPass,
  };
}

/** Linux's own count: that of getrusage is the parent's, where that one was larger. */
function mostResidentMiB(): number {
  const kibibytes = /VmHWM:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
  return Number(kibibytes) / 1024;
}

/** Metrics that the engine evaluates over recorded cases in a second of CPU, measured for at least so long. */
export function evaluationsPerSecond(vectors: readonly HpaVector[], leastMs: number): number {
  const evaluations = vectors.flatMap(metricEvaluations);
  const usedMs = () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  };
  const began = usedMs();
  let count = 0;
  let now = began;
  do {
    for (const evaluate of evaluations) evaluate();
    count += evaluations.length;
    now = usedMs();
  } while (now - began < leastMs);
  return (count / (now - began)) * 1000;
}

async function cpuMs(work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
