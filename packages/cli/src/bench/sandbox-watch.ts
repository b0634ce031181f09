import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { ConfigMap } from "@bellows/api";
import { sleep, systemClock, type TransportWatchEvent } from "@bellows/kube";
import type { BenchRow } from "@bellows/kube/bench";
import { benchRow } from "./report.ts";
import { credentialsOf, type SandboxProcess, startSandboxProcess, transportOf } from "./sandbox-process.ts";

const watchers = 20;
const writes = 10_000;
const writesPerSecond = 2200;
const writesAtOnce = 32;
const runs = 3;

/**
 * Patches of ConfigMaps over HTTPS at an even rate, each seen by every watcher. One watcher reads its events, which
 * tells how late they come; the rest only count them, so that what is measured is the server and not this process.
 */
export async function benchWatch(monotonicMs: () => number): Promise<BenchRow[]> {
  const rates: number[] = [];
  const latencies: number[] = [];
  for (let run = 0; run < runs; run++) {
    const sandbox = await startSandboxProcess([], monotonicMs);
    const { eventsPerSecond, p99Ms } = await watchRun(sandbox, monotonicMs);
    rates.push(eventsPerSecond);
    latencies.push(p99Ms);
    await sandbox.stop();
  }
  const offered = `${writesPerSecond} events a second offered, seen by each of ${watchers} watchers over HTTPS`;
  return [benchRow(offered, "1/s", rates, { atLeast: 2000 }), benchRow("from write to watcher, p99", "ms", latencies)];
}

async function watchRun({ client, kubeconfig }: SandboxProcess, monotonicMs: () => number) {
  const names = Array.from({ length: writesAtOnce }, (_, index) => `watched-${index}`);
  for (const name of names) await client.create(ConfigMap, { metadata: { name, namespace: "default" }, data: {} });
  const { resourceVersion } = await client.list(ConfigMap, { namespace: "default" });
  const path = "/api/v1/namespaces/default/configmaps";

  const sentAt = new Map<string, number>();
  const delays: number[] = [];
  const reader = transportOf(kubeconfig);
  const read = new Promise<void>((done, fail) => {
    const event = ({ type, object }: TransportWatchEvent) => {
      const written = type === "MODIFIED" ? (object as ConfigMap).data?.["n"] : undefined;
      if (written === undefined) return;
      delays.push(monotonicMs() - (sentAt.get(written) as number));
      if (delays.length === writes) done();
    };
    const end = (error: unknown) => fail(new Error("the watcher was cut off", { cause: error }));
    reader.watch({ method: "GET", path, query: { resourceVersion } }, { event, end });
  });
  const url = `${reader.server}${path}?watch=true&resourceVersion=${resourceVersion}`;
  const counters = Array.from({ length: watchers - 1 }, () => countLines(url, kubeconfig, writes));

  const startedAt = monotonicMs();
  let next = 0;
  const write = async (name: string) => {
    while (next < writes) {
      const dueMs = startedAt + (next * 1000) / writesPerSecond;
      const n = String(next++);
      if (dueMs > monotonicMs()) await sleep(systemClock, dueMs - monotonicMs());
      sentAt.set(n, monotonicMs());
      await client.patch(ConfigMap, { namespace: "default", name }, { type: "merge", body: { data: { n } } });
    }
  };
  await Promise.all([...names.map(write), read, ...counters]);
  const seconds = (monotonicMs() - startedAt) / 1000;
  await reader.close();
  delays.sort((a, b) => a - b);
  return { eventsPerSecond: writes / seconds, p99Ms: delays[Math.floor(delays.length * 0.99)] ?? 0 };
}

/** Opens a watch; resolves once `count` lines have come. Rejects where it ends before. */
function countLines(url: string, kubeconfig: string, count: number): Promise<void> {
  const { headers, ca } = credentialsOf(kubeconfig);
  return new Promise((done, fail) => {
    const asked = request(url, { headers, ca, agent: false }, (answer: IncomingMessage) => {
      let lines = 0;
      answer.on("data", (chunk: Buffer) => {
        for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines++;
        if (lines < count) return;
        done();
        asked.destroy();
      });
      answer.on("close", () => fail(new Error(`a watcher was cut off after ${lines} events`)));
    });
    asked.on("error", fail);
    asked.end();
  });
}
