import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type HorizontalPodAutoscaler, type Kind, Pod, type PodMetrics } from "@bellows/api";
import {
  type Client,
  type ControllerContext,
  type Informer,
  type InformerHandler,
  keyText,
  type ObjectKey,
  seededRandom,
  silentLogger,
  timestamp,
  VirtualClock,
} from "@bellows/kube";
import { Registry } from "prom-client";
import { hpaController } from "./controller.ts";
import { decideReplicas, defaultConfig, type Seen } from "./engine/decide.ts";
import { noHistory } from "./engine/history.ts";

export interface HpaMeasure {
  readonly name: string;
  readonly unit: string;
  readonly values: readonly number[];
  readonly target?: { readonly atMost: number };
}

const autoscalers = 5000;
const podsEach = 20;
const namespaces = 50;
const evaluations = 10_000;
const runs = 5;
const startedAt = Date.parse("2026-01-01T00:00:00Z");

/** Measures the controller over 5,000 autoscalers of 20 pods, fed from fakes in memory, and the engine alone. */
export async function benchHpa(monotonicMs: () => number): Promise<HpaMeasure[]> {
  const full: number[] = [];
  const unchanged: number[] = [];
  const memory: number[] = [];
  const engine: number[] = [];
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  // Once: a later run may begin while the cluster of the one before is still held.
  const before = process.memoryUsage().heapUsed;
  for (let run = 0; run < runs; run++) {
    const { clock, pass } = fakeCluster();
    await pass();
    await clock.run(20_000);
    full.push(await cpuMs(pass));
    collect();
    memory.push((process.memoryUsage().heapUsed - before) / 2 ** 20);
    // Last, so that the cluster is still in use while its memory is measured.
    unchanged.push(await cpuMs(pass));
    engine.push(evaluationsPerSecond(monotonicMs));
  }
  const size = `${autoscalers} autoscalers x ${podsEach} pods`;
  return [
    { name: `${size}: full pass, CPU`, unit: "ms", values: full, target: { atMost: 1000 } },
    { name: `${size}: pass where nothing changed, CPU`, unit: "ms", values: unchanged, target: { atMost: 50 } },
    { name: `${size}: heap, with the fakes' pods`, unit: "MiB", values: memory, target: { atMost: 300 } },
    { name: `engine alone: evaluations over ${podsEach} pods`, unit: "1/s", values: engine },
  ];
}

async function cpuMs(work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

const namesOf = (index: number) => ({ namespace: `namespace-${index % namespaces}`, name: `web-${index}` });

function hpaOf(key: ObjectKey): HorizontalPodAutoscaler {
  return {
    metadata: { ...key, uid: keyText(key), generation: 1 },
    spec: {
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: key.name },
      minReplicas: 1,
      maxReplicas: 100,
      metrics: [
        { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 50 } } },
      ],
    },
  };
}

function podsOf({ namespace = "", name }: ObjectKey): Pod[] {
  return Array.from({ length: podsEach }, (_, index) => ({
    metadata: { namespace, name: `${name}-${index}`, uid: `${name}-${index}`, labels: { app: name } },
    spec: { containers: [{ name: "main", resources: { requests: { cpu: "100m" } } }] },
    status: {
      phase: "Running",
      startTime: timestamp(startedAt - 3_600_000),
      conditions: [{ type: "Ready", status: "True", lastTransitionTime: timestamp(startedAt - 3_500_000) }],
    },
  }));
}

const metricsOf = (pods: readonly Pod[], at: number): PodMetrics[] =>
  pods.map(({ metadata: { name, namespace = "" } }) => ({
    metadata: { name, namespace },
    timestamp: timestamp(at),
    window: "15s",
    containers: [{ name: "main", usage: { cpu: "50m", memory: "64Mi" } }],
  }));

/** A controller and its cluster, as plain data behind the client and the cache. */
function fakeCluster() {
  const clock = new VirtualClock(startedAt);
  const keys = Array.from({ length: autoscalers }, (_, index) => namesOf(index));
  const hpas = new Map(keys.map((key) => [keyText(key), hpaOf(key)]));
  const podsByApp = new Map(keys.map((key) => [`app=${key.name}`, podsOf(key)]));
  const byNamespace = Map.groupBy([...podsByApp.values()].flat(), (pod) => pod.metadata.namespace ?? "");
  const client = {
    getScale: async ({ name }: ObjectKey) => ({
      metadata: { name },
      spec: { replicas: podsEach },
      status: { replicas: podsEach, selector: `app=${name}` },
    }),
    raw: async (_: string, { labelSelector = "" }: Record<string, string>) => ({
      items: metricsOf(podsByApp.get(labelSelector) ?? [], clock.now()),
    }),
    async patch(_: Kind, key: ObjectKey, { body }: { body: HorizontalPodAutoscaler }) {
      const before = hpas.get(keyText(key)) as HorizontalPodAutoscaler;
      const metadata = { ...before.metadata, ...body.metadata };
      hpas.set(keyText(key), { ...before, metadata, ...(body.status && { status: body.status }) });
    },
  } as unknown as Client;
  const handlers: InformerHandler<Pod>[] = [];
  const informer = { size: autoscalers, handle: (handler: InformerHandler<Pod>) => void handlers.push(handler) };
  const context: ControllerContext = {
    client,
    cache: {
      get: (_, key) => hpas.get(keyText(key)) as never,
      list: (kind, namespace) => ((kind as unknown) === Pod ? (byNamespace.get(namespace ?? "") ?? []) : []) as never,
      informer: () => informer as unknown as Informer<never>,
    },
    clock,
    random: seededRandom(1),
    log: silentLogger,
    events: { record() {}, async flush() {} },
    metrics: new Registry(),
    signal: new AbortController().signal,
    enqueue() {},
  };
  const controller = hpaController();
  void controller.start?.(context);
  return {
    clock,
    async pass() {
      for (const key of keys) await controller.reconcile(key, context);
    },
  };
}

function evaluationsPerSecond(monotonicMs: () => number): number {
  const key = namesOf(0);
  const hpa = hpaOf(key);
  const pods = podsOf(key);
  const seen: Seen = {
    scale: { specReplicas: podsEach, statusReplicas: podsEach, selector: `app=${key.name}` },
    pods,
    autoscalersOfPods: [keyText(key)],
    readings: [{ podMetrics: metricsOf(pods, startedAt) }],
  };
  const began = monotonicMs();
  for (let count = 0; count < evaluations; count++) {
    const { rescaleTo } = decideReplicas(hpa, seen, noHistory, defaultConfig, startedAt);
    if (rescaleTo !== undefined) throw new Error(`rescaled to ${rescaleTo}, expected no change`);
  }
  return (evaluations / (monotonicMs() - began)) * 1000;
}
