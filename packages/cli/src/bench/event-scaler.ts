import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { Agent, request } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CustomResourceDefinition, crdOf, kind, Namespace, ScaledObject } from "@bellows/api";
import { type Client, sleep, systemClock } from "@bellows/kube";
import type { BenchRow } from "@bellows/kube/bench";
import { z } from "zod";
import { buildBundle } from "./build-bundle.ts";
import { type EventScalerProcess, startEventScaler } from "./event-scaler-process.ts";
import { benchReactions } from "./event-scaler-reactions.ts";
import { benchRow } from "./report.ts";
import { credentialsOf, startSandboxProcess } from "./sandbox-process.ts";

const objects = 10_000;
const namespaces = 20;
/** One in so many has work to do. */
const oneActiveIn = 10;
const seed = 1;
const steadySeconds = 90;

/**
 * Measures the event scaler: 10,000 ScaledObjects in a process of its own, requests to its external metrics API, and how
 * soon it reacts.
 */
export async function benchEventScaler(
  monotonicMs: () => number,
  progress: (line: string) => void,
): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), "bellows-event-scaler-"));
  const source = await startSource();
  const sandbox = await startSandboxProcess(["--nodes=0", "--controllers=none", `--seed=${seed}`], monotonicMs);
  let scaler: EventScalerProcess | undefined;
  try {
    progress("reactions: pushes and polls in real time");
    const reactions = await benchReactions(monotonicMs);
    progress("building the bundle");
    buildBundle(join(folder, "app"));
    progress(`making ${objects} ScaledObjects, seed ${seed}`);
    await makeObjects(sandbox.client, source.url);
    progress("starting the event scaler");
    const startedAt = monotonicMs();
    scaler = await startEventScaler(join(folder, "app"), sandbox.kubeconfig);
    await untilAllReady(sandbox.client);
    const readySeconds = (monotonicMs() - startedAt) / 1000;
    progress(`all ready after ${readySeconds.toFixed(0)} s; ${steadySeconds} s of steady polling`);
    await sleep(systemClock, 35_000);
    await scaler.usage();
    source.reset();
    await sleep(systemClock, steadySeconds * 1000);
    const usage = await scaler.usage();
    const polls = source.perSecond();
    progress("requests to the external metrics API");
    const requestCpu = await benchRequests(scaler, sandbox.kubeconfig);
    const size = `${objects} ScaledObjects (cron and metrics-api)`;
    return [
      benchRow(`${size}: until all are ready`, "s", [readySeconds]),
      benchRow(`${size}: memory (RSS)`, "MiB", [usage.rssMebibytes], { atMost: 400 }),
      benchRow(`${size}: memory (RSS), at most at any time`, "MiB", [usage.mostRssMebibytes]),
      benchRow(`${size}: event-loop delay p99`, "ms", [usage.delayP99Ms], { atMost: 50 }),
      benchRow(`${size}: polls in each second`, "1/s", polls.slice(1, -1)),
      ...reactions,
      benchRow("external metrics request over TLS, CPU", "us", requestCpu, { atMost: 150 }),
    ];
  } finally {
    await scaler?.stop();
    await sandbox.stop();
    await source.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A server of JSON values that counts when it was asked. */
async function startSource() {
  let asked: number[] = [];
  const server: Server = createServer((incoming, response) => {
    asked.push(systemClock.now());
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ value: incoming.url === "/active" ? 5 : 0 }));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    reset() {
      asked = [];
    },
    perSecond() {
      const counts = new Map<number, number>();
      for (const at of asked) counts.set(Math.floor(at / 1000), (counts.get(Math.floor(at / 1000)) ?? 0) + 1);
      return [...counts.values()];
    },
    stop: () =>
      new Promise<void>((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

/** Something to scale that costs the cluster nothing: no controller acts on it. */
const Target = kind({
  group: "bench.example.com",
  version: "v1",
  kind: "Target",
  scope: "Namespaced",
  summary: "Has replicas.",
  spec: z.object({ replicas: z.int().optional() }),
  status: z.object({ replicas: z.int().optional(), selector: z.string().optional() }),
  scale: {
    specReplicasPath: ".spec.replicas",
    statusReplicasPath: ".status.replicas",
    labelSelectorPath: ".status.selector",
  },
});

const namespaceOf = (index: number) => `bench-${index % namespaces}`;

async function makeObjects(client: Client, sourceUrl: string): Promise<void> {
  await client.create(CustomResourceDefinition, crdOf([Target]));
  await sleep(systemClock, 1_000);
  for (let index = 0; index < namespaces; index++) {
    await client.create(Namespace, { metadata: { name: namespaceOf(index) } });
  }
  await inParallel(objects, 32, async (index) => {
    const metadata = { namespace: namespaceOf(index), name: `web-${index}` };
    const isActive = index % oneActiveIn === 0;
    await client.create(Target, { metadata, spec: { replicas: isActive ? 1 : 0 } });
    await client.create(ScaledObject, {
      metadata,
      spec: {
        scaleTargetRef: { apiVersion: "bench.example.com/v1", kind: "Target", name: metadata.name },
        triggers: [
          {
            type: "cron",
            metadata: {
              timezone: "Asia/Seoul",
              start: `${index % 60} 6 * * *`,
              end: `${index % 60} 7 * * *`,
              desiredReplicas: "3",
            },
          },
          {
            type: "metrics-api",
            metadata: {
              url: `${sourceUrl}/${isActive ? "active" : "idle"}`,
              valueLocation: "value",
              targetValue: "10",
            },
          },
        ],
      },
    });
  });
}

async function inParallel(count: number, lanes: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

async function untilAllReady(client: Client): Promise<void> {
  const isReady = ({ status }: ScaledObject) =>
    status?.conditions?.some(({ type, status: state }) => type === "Ready" && state === "True") &&
    status.conditions.some(({ type, status: state }) => type === "Active" && state !== "Unknown");
  for (;;) {
    const { items } = await client.list(ScaledObject);
    if (items.length === objects && items.every(isReady)) return;
    await sleep(systemClock, 5_000);
  }
}

const requestsEach = 10_000;
const requestRuns = 5;
const connections = 20;

/** The CPU of one request in each run, in microseconds, without what polling costs meanwhile. */
async function benchRequests(scaler: EventScalerProcess, kubeconfig: string): Promise<number[]> {
  const { headers, ca } = credentialsOf(kubeconfig);
  const agent = new Agent({ keepAlive: true, maxSockets: connections, rejectUnauthorized: false, ca });
  const [hostname = "", port] = scaler.address.split(":");
  const ask = (index: number) =>
    new Promise<void>((done, fail) => {
      const metric = encodeURIComponent(`s0-cron-Asia-Seoul-${index % 60}6xxx-${index % 60}7xxx`);
      const path = `/apis/external.metrics.k8s.io/v1beta1/namespaces/${namespaceOf(index)}/${metric}`;
      const query = `labelSelector=${encodeURIComponent(`scaledobject.keda.sh/name=web-${index}`)}`;
      request({ agent, hostname, port, path: `${path}?${query}`, headers }, (answer) => {
        answer.resume();
        answer.once("end", () =>
          answer.statusCode === 200 ? done() : fail(new Error(`${path}: ${answer.statusCode}`)),
        );
      })
        .on("error", fail)
        .end();
    });
  // Connections and what the server remembers of its callers come first.
  await inParallel(2_000, connections, (index) => ask(index % objects));
  const used: number[] = [];
  for (let run = 0; run < requestRuns; run++) {
    const idleFrom = await scaler.usage();
    const idleAt = systemClock.now();
    await sleep(systemClock, 3_000);
    const idle = (await scaler.usage()).cpuMs - idleFrom.cpuMs;
    const perMs = idle / (systemClock.now() - idleAt);
    const before = await scaler.usage();
    const startedAt = systemClock.now();
    await inParallel(requestsEach, connections, (index) => ask(index % objects));
    const spent = (await scaler.usage()).cpuMs - before.cpuMs - perMs * (systemClock.now() - startedAt);
    used.push((spent * 1000) / requestsEach);
  }
  agent.destroy();
  return used;
}
