import { Deployment, ScaledObject } from "@bellows/api";
import { createEventScaler, type OpenTrigger } from "@bellows/event-scaler";
import { createCache, createManager, seededRandom, silentLogger, sleep, systemClock } from "@bellows/kube";
import type { BenchRow } from "@bellows/kube/bench";
import { createWorld } from "@bellows/sandbox";
import { Registry } from "prom-client";
import { benchRow } from "./report.ts";

const pushedObjects = 40;
const rounds = 6;
const polledObjects = 40;
const engine = { "event-scaler.bellows.dev/engine": "direct" };

/** How soon a sandbox in real time scales: after a push, and from zero where a source is polled each second. */
export async function benchReactions(monotonicMs: () => number): Promise<BenchRow[]> {
  const clock = systemClock;
  const random = seededRandom(1);
  const world = createWorld({
    clock,
    random,
    region: "us-east-1",
    clusterName: "bench",
    nodeGroups: [],
    controllers: [],
  });
  await world.start();
  const values = new Map<string, number>();
  const pushes = new Map<string, (active: boolean) => void>();
  const scaledAt = new Map<string, { readonly replicas: number; readonly at: number }>();
  const openTrigger: OpenTrigger = ({ object: { name } }) => ({
    metricSpecs: () => [
      {
        type: "External",
        external: { metric: { name: "s0-queue" }, target: { type: "AverageValue", averageValue: "1" } },
      },
    ],
    async read() {
      const value = values.get(name) ?? 0;
      return { values: [{ metricName: "s0-queue", value }], active: value > 0 };
    },
    listen: ({ push }, signal) => {
      pushes.set(name, (active) => push({ active }));
      return new Promise((done) => signal.addEventListener("abort", () => done(), { once: true }));
    },
    async close() {},
  });
  const scaler = createEventScaler({
    resolveAccess: async () => ({ authParams: {}, podIdentity: { provider: "none" }, resolvedEnv: {} }),
    openTrigger,
  });
  const { client } = world;
  const manager = createManager({ client, clock, random, log: silentLogger, metrics: new Registry() });
  const running = await manager.add(...scaler.controllers).start();
  const cache = createCache({ client, clock, random, log: silentLogger });
  cache.informer(Deployment).handle({
    changed(_, before, after) {
      const replicas = after?.spec?.replicas ?? 0;
      if (!after || before?.spec?.replicas === replicas) return;
      scaledAt.set(after.metadata.name, { replicas, at: monotonicMs() });
    },
  });
  await cache.start();
  try {
    const pushed = Array.from({ length: pushedObjects }, (_, index) => `pushed-${index}`);
    const polled = Array.from({ length: polledObjects }, (_, index) => `polled-${index}`);
    for (const name of pushed) await make(name, { minReplicaCount: 1, pollingInterval: 600 });
    for (const name of polled) await make(name, { pollingInterval: 1, cooldownPeriod: 0 });
    await sleep(clock, 5_000);
    const pushTimes: number[] = [];
    for (let round = 0; round < rounds; round++) {
      for (const name of pushed) pushTimes.push(await change(name, 2 + round, true));
      await sleep(clock, 500);
    }
    const activations = await Promise.all(
      polled.map(async (name, index) => {
        await sleep(clock, index * 37);
        return change(name, 1, false);
      }),
    );
    return [
      percentileRow("a pushed change until the write of /scale, p99", "ms", pushTimes, 0.99, 250),
      benchRow("a pushed change until the write of /scale", "ms", pushTimes),
      benchRow("0 -> 1 of a source polled each second", "ms", activations, { atMost: 1000 }),
    ];
  } finally {
    cache.stop();
    await running.stop();
    await world.stop();
  }

  async function make(name: string, spec: Partial<NonNullable<ScaledObject["spec"]>>): Promise<void> {
    const namespace = "default";
    await client.create(Deployment, {
      metadata: { namespace, name },
      spec: {
        replicas: spec.minReplicaCount ?? 0,
        selector: { matchLabels: { app: name } },
        template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: "main", image: "pause" }] } },
      },
    });
    await client.create(ScaledObject, {
      metadata: { namespace, name, annotations: engine },
      spec: { scaleTargetRef: { name }, triggers: [{ type: "queue", metadata: {} }], ...spec },
    });
  }

  /** Milliseconds from the change of a value until the target is written to. */
  async function change(name: string, value: number, isPushed: boolean): Promise<number> {
    const startedAt = monotonicMs();
    values.set(name, value);
    if (isPushed) pushes.get(name)?.(true);
    for (;;) {
      const { replicas, at } = scaledAt.get(name) ?? { replicas: 0, at: 0 };
      if (replicas === value && at >= startedAt) return at - startedAt;
      if (monotonicMs() - startedAt > 10_000) throw new Error(`${name} stayed at ${replicas}, expected ${value}`);
      await sleep(clock, 1);
    }
  }
}

function percentileRow(name: string, unit: string, values: readonly number[], share: number, atMost: number): BenchRow {
  const sorted = [...values].sort((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
  return { ...benchRow(name, unit, [value], { atMost }), runs: values.length };
}
