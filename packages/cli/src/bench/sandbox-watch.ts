import { ConfigMap } from "@bellows/api";
import { type BenchRow, createClient, isAlreadyExists, kubeconfigTransport, sleep, systemClock } from "@bellows/kube";
import { measured } from "./measure.ts";
import { startProcess } from "./sandbox-process.ts";

export interface WatchLoad {
  readonly eventsPerSecond: number;
  readonly watchers: number;
  readonly seconds: number;
}

/**
 * ConfigMaps are patched at a steady rate, over HTTPS, and every watch over HTTPS is told. The latency of an event is from
 * the instant at which its write was due until a watcher has it: a server that falls behind shows. Client and watchers
 * share this process; the server has its own.
 */
export async function benchWatch(runs: number, load: WatchLoad, nowMs: () => number): Promise<BenchRow[]> {
  const rates: number[] = [];
  const latencies: number[] = [];
  const sandbox = await startProcess("node", ["--controllers", "none"], nowMs);
  try {
    for (let run = 0; run < runs; run++) {
      const { rate, p99Ms } = await oneRun(sandbox.kubeconfig, load, nowMs);
      rates.push(rate);
      latencies.push(p99Ms);
    }
  } finally {
    await sandbox.stop();
  }
  const { eventsPerSecond, watchers } = load;
  return [
    measured(`watch events to each of ${watchers} watchers over HTTPS`, "1/s", rates, {
      atLeast: eventsPerSecond * 0.99,
    }),
    measured(`  99th percentile from the write being due to a watcher`, "ms", latencies),
  ];
}

const namespace = "default";
const objects = 200;
const writers = 32;

async function oneRun(path: string, { eventsPerSecond, watchers, seconds }: WatchLoad, nowMs: () => number) {
  const transport = await kubeconfigTransport({ kubeconfig: path });
  const client = createClient(transport);
  const names = Array.from({ length: objects }, (_, index) => `bench-${index}`);
  for (const name of names) {
    const body = { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace }, data: { due: "0" } };
    await client.create(ConfigMap, body).catch((error: unknown) => {
      if (!isAlreadyExists(error)) throw error;
    });
  }
  const { resourceVersion } = await client.list(ConfigMap, { namespace });
  const wanted = eventsPerSecond * seconds;
  const latencies: number[] = [];
  const startAt = nowMs() + 200;
  let lastAt = startAt;
  const handles = Array.from({ length: watchers }, () => {
    const query = { resourceVersion, watch: "true", fieldSelector: "metadata.name!=kube-root-ca.crt" };
    return transport.watch(
      { method: "GET", path: `/api/v1/namespaces/${namespace}/configmaps`, query },
      {
        event({ type, object }) {
          if (type !== "MODIFIED") return;
          lastAt = nowMs();
          latencies.push(lastAt - startAt - Number((object as unknown as ConfigMap).data?.due));
        },
        end() {},
      },
    );
  });
  await sleep(systemClock, 200);
  let next = 0;
  const write = async () => {
    while (next < wanted) {
      const index = next++;
      const due = (index * 1000) / eventsPerSecond;
      const early = startAt + due - nowMs();
      if (early > 1) await sleep(systemClock, early);
      const name = names[index % objects] as string;
      await client.patch(ConfigMap, { namespace, name }, { type: "merge", body: { data: { due: String(due) } } });
    }
  };
  await Promise.all(Array.from({ length: writers }, write));
  for (let wait = 0; wait < 100 && latencies.length < wanted * watchers; wait++) await sleep(systemClock, 100);
  for (const handle of handles) handle.stop();
  await transport.close();
  const sorted = latencies.toSorted((a, b) => a - b);
  return {
    rate: latencies.length / watchers / ((lastAt - startAt) / 1000),
    p99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN,
  };
}
