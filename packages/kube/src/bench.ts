import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Pod } from "@bellows/api";
import type { ObjectKey } from "./client.ts";
import type { Clock } from "./clock.ts";
import { createInformer } from "./list-watch-informer.ts";
import { silentLogger } from "./logging.ts";
import { seededRandom } from "./random.ts";
import { createClient } from "./rest-client.ts";
import type { Transport, TransportWatchEvent, WatchHandler } from "./transport.ts";
import { VirtualClock } from "./virtual-clock.ts";
import { createWorkQueue } from "./work-queue.ts";

export interface BenchRow {
  readonly name: string;
  readonly unit: string;
  readonly median: number;
  readonly least: number;
  readonly most: number;
  readonly runs: number;
  /** What it should be, where a number was promised: at most, or at least. */
  readonly target?: { readonly atMost: number } | { readonly atLeast: number };
}

export interface BenchOptions {
  /** A clock for measuring: milliseconds that only grow. */
  readonly monotonicMs: () => number;
  readonly pods?: number;
  readonly runs?: number;
}

/** Measures the informer over many projected pods and the work queue. */
export async function benchKube({ monotonicMs, pods = 100_000, runs = 5 }: BenchOptions): Promise<BenchRow[]> {
  const collect = garbageCollector();
  const memory: number[] = [];
  const lists: number[] = [];
  const events: number[] = [];
  const queued: number[] = [];
  for (let run = 0; run < runs; run++) {
    const informer = await benchInformer(pods, monotonicMs, collect);
    memory.push(informer.mebibytes);
    lists.push(informer.listedPerSecond);
    events.push(informer.eventsPerSecond);
    queued.push(await benchQueue(monotonicMs));
  }
  return [
    row(`informer: memory of ${pods} projected pods`, "MiB", memory, { atMost: 100 }),
    row("informer: pods listed and projected", "1/s", lists),
    row("informer: watch events applied", "1/s", events, { atLeast: 2000 }),
    row("work queue: keys worked on", "1/s", queued, { atLeast: 10_000 }),
  ];
}

/** What `--expose-gc` gives a process, also where it was started without. */
function garbageCollector(): () => void {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
}

function row(name: string, unit: string, values: readonly number[], target?: BenchRow["target"]): BenchRow {
  const sorted = values.toSorted((a, b) => a - b);
  const rounded = (index: number) => Number((sorted[index] as number).toPrecision(3));
  const median = rounded(sorted.length >> 1);
  return {
    name,
    unit,
    median,
    least: rounded(0),
    most: rounded(sorted.length - 1),
    runs: sorted.length,
    ...(target && { target }),
  };
}

/** What a node provisioner keeps of a pod. */
const projected = ({ metadata, spec, status }: Pod): Pod => ({
  metadata: {
    name: metadata.name,
    ...(metadata.namespace && { namespace: metadata.namespace }),
    ...(metadata.uid && { uid: metadata.uid }),
  },
  spec: {
    ...(spec?.nodeName && { nodeName: spec.nodeName }),
    containers: (spec?.containers ?? []).map(({ name, resources }) => ({ name, ...(resources && { resources }) })),
  },
  status: { ...(status?.phase && { phase: status.phase }) },
});

async function benchInformer(pods: number, monotonicMs: () => number, collect: () => void) {
  collect();
  const before = process.memoryUsage().heapUsed;
  let watch: WatchHandler | undefined;
  const transport: Transport = {
    // Decoded from JSON, as a real answer is: strings are not shared between objects.
    async request({ query = {} }) {
      const from = Number(query.continue ?? 0);
      const to = Math.min(from + Number(query.limit), pods);
      const items = Array.from({ length: to - from }, (_, index) => podJson(from + index, 1));
      const metadata = JSON.stringify({ resourceVersion: String(pods), ...(to < pods && { continue: String(to) }) });
      return { status: 200, headers: {}, body: JSON.parse(`{"metadata":${metadata},"items":[${items.join()}]}`) };
    },
    watch: (_, handler) => {
      watch = handler;
      return { stop() {} };
    },
  };
  const informer = createInformer(createClient(transport), new VirtualClock(0), seededRandom(1), silentLogger, {
    kind: Pod,
    project: projected,
    indexes: { node: (pod) => (pod.spec?.nodeName ? [pod.spec.nodeName] : []) },
  });
  const startedAt = monotonicMs();
  await informer.start();
  const listedMs = monotonicMs() - startedAt;
  collect();
  const mebibytes = (process.memoryUsage().heapUsed - before) / 2 ** 20;
  const updates = Math.min(pods, 10_000);
  const changed = Array.from(
    { length: updates },
    (_, index): TransportWatchEvent => ({ type: "MODIFIED", object: JSON.parse(podJson(index, pods + 1 + index)) }),
  );
  // The watch is opened in the turn after the list.
  await undefined;
  if (!watch) throw new Error("the informer does not watch");
  const watchedAt = monotonicMs();
  for (const event of changed) watch.event(event);
  const eventsMs = monotonicMs() - watchedAt;
  if (informer.size !== pods) throw new Error(`the informer holds ${informer.size} pods, expected ${pods}`);
  informer.stop();
  return { mebibytes, listedPerSecond: (pods / listedMs) * 1000, eventsPerSecond: (updates / eventsMs) * 1000 };
}

async function benchQueue(monotonicMs: () => number): Promise<number> {
  const keys = 1000;
  const rounds = 100;
  const clock: Clock = new VirtualClock(0);
  const virtual = clock as VirtualClock;
  let done = 0;
  const queue = createWorkQueue({
    clock,
    work: async () => {
      done++;
      return clock.now() + 1000;
    },
  });
  const startedAt = monotonicMs();
  for (let index = 0; index < keys; index++)
    queue.add({ namespace: "default", name: `key-${index}` } satisfies ObjectKey);
  await virtual.run((rounds - 1) * 1000);
  const ms = monotonicMs() - startedAt;
  await queue.stop();
  return (done / ms) * 1000;
}

/** About as large as the JSON of a real pod: 3 KB. */
function podJson(index: number, version: number): string {
  const name = `workload-${index % 500}-${(index * 7919).toString(36)}`;
  const labels = {
    app: `workload-${index % 500}`,
    "pod-template-hash": (index % 997).toString(36),
    team: `team-${index % 20}`,
  };
  const container = {
    name: "main",
    image: `registry.example/team/${labels.app}@sha256:${"0123456789abcdef".repeat(4)}`,
    resources: { requests: { cpu: `${100 + (index % 9) * 50}m`, memory: "256Mi" }, limits: { memory: "512Mi" } },
    env: Array.from({ length: 10 }, (_, n) => ({ name: `SETTING_${n}`, value: `value ${n} of ${index}` })),
    volumeMounts: [{ name: "token", readOnly: true, mountPath: "/var/run/secrets/kubernetes.io/serviceaccount" }],
  };
  const conditions = ["Initialized", "Ready", "ContainersReady", "PodScheduled"].map((type) => ({
    type,
    status: "True",
    lastTransitionTime: "2026-01-01T00:00:00Z",
  }));
  return JSON.stringify({
    metadata: {
      name,
      namespace: `namespace-${index % 50}`,
      uid: `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`,
      resourceVersion: String(version),
      creationTimestamp: "2026-01-01T00:00:00Z",
      labels,
      managedFields: [
        { manager: "kubelet", operation: "Update", fieldsV1: { "f:status": { "f:conditions": { ".": {} } } } },
      ],
    },
    spec: { nodeName: `ip-10-0-${index % 20}-${index % 250}.ec2.internal`, containers: [container], tolerations: [] },
    status: { phase: "Running", conditions, podIP: `10.1.${index % 250}.${index % 251}` },
  });
}
