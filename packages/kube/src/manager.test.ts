import type { KubernetesObject } from "@bellows/api";
import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { type Controller, lookAgainAt, owned, self } from "./controller.ts";
import { silentLogger } from "./logging.ts";
import { createManager } from "./manager.ts";
import { seededRandom } from "./random.ts";
import { createClient } from "./rest-client.ts";
import { aKind, FakeApiServer } from "./testing/fake-api-server.ts";
import { VirtualClock } from "./virtual-clock.ts";

interface Sized extends KubernetesObject {
  spec?: { size: number };
  status?: { size: number };
}
const Box = aKind<Sized>("Box", { group: "example.dev" });
const Part = aKind<Sized>("Part");

function aWorld() {
  const clock = new VirtualClock(Date.parse("2026-01-01T00:00:00Z"));
  const server = new FakeApiServer();
  const client = createClient(server, { clock });
  const options = { client, clock, random: seededRandom(1), log: silentLogger, metrics: new Registry() };
  return { clock, server, client, options, manager: createManager(options) };
}

const aBox = (name: string, size = 1): Sized => ({ metadata: { namespace: "default", name }, spec: { size } });

test("a controller sees what was there before it, and what comes later", async () => {
  const { clock, client, manager } = aWorld();
  const seen: string[] = [];
  manager.add({
    name: "boxes",
    watches: [self(Box)],
    async reconcile(key, { cache }) {
      seen.push(`${key.name}=${cache.get(Box, key)?.spec?.size ?? "gone"}`);
    },
  });
  await client.create(Box, aBox("a"));
  const running = await manager.start();
  await clock.run(0);
  await client.create(Box, aBox("b", 2));
  await clock.run(0);
  await client.delete(Box, { namespace: "default", name: "a" });
  await clock.run(0);
  await running.stop();
  expect(seen).toEqual(["a=1", "b=2", "a=gone"]);
});

test("a reconcile reads what the one before it wrote", async () => {
  const { clock, server, client, manager } = aWorld();
  const made: number[] = [];
  manager.add({
    name: "boxes",
    watches: [self(Box), owned(Part, Box)],
    async reconcile(key, { cache, client: own }) {
      const parts = cache.list(Part, "default").length;
      made.push(parts);
      if (parts >= 3) return;
      await own.create(Part, {
        metadata: {
          name: `${key.name}-${parts}`,
          namespace: "default",
          ownerReferences: [{ apiVersion: Box.apiVersion, kind: "Box", name: key.name, uid: "1", controller: true }],
        },
      });
    },
  });
  await client.create(Box, aBox("a"));
  const running = await manager.start();
  await clock.run(0);
  expect(server.objects(Part)).toHaveLength(3);
  expect(made).toEqual([0, 1, 2, 3]);
  await running.stop();
});

test("a throw is tried again with back-off, and the others go on", async () => {
  const { clock, client, manager } = aWorld();
  const startedAt = clock.now();
  const tries: number[] = [];
  const others: string[] = [];
  manager.add({
    name: "boxes",
    watches: [self(Box)],
    async reconcile({ name }) {
      if (name !== "broken") return void others.push(name);
      tries.push(clock.now() - startedAt);
      if (tries.length < 5) throw new Error("no");
    },
  });
  await client.create(Box, aBox("broken"));
  await client.create(Box, aBox("fine"));
  const running = await manager.start();
  await clock.run(1000);
  expect(tries).toEqual([0, 5, 15, 35, 75]);
  expect(others).toEqual(["fine"]);
  await running.stop();
});

test("looks again at the instant that was asked for", async () => {
  const { clock, client, manager } = aWorld();
  const startedAt = clock.now();
  const at: number[] = [];
  manager.add({
    name: "boxes",
    watches: [self(Box)],
    async reconcile() {
      at.push(clock.now() - startedAt);
      return lookAgainAt(clock.now() + 15_000);
    },
  });
  await client.create(Box, aBox("a"));
  const running = await manager.start();
  await clock.run(45_000);
  expect(at).toEqual([0, 15_000, 30_000, 45_000]);
  await running.stop();
  await clock.run(60_000);
  expect(at).toHaveLength(4);
});

test("counts what its controllers did, under controller-runtime's names", async () => {
  const { clock, client, manager, options } = aWorld();
  const boxes: Controller = {
    name: "boxes",
    watches: [self(Box)],
    reconcile: async () => lookAgainAt(clock.now() + 1000),
  };
  await client.create(Box, aBox("a"));
  const running = await manager.add(boxes).start();
  await clock.run(2500);
  const text = await options.metrics.metrics();
  expect(text).toContain('controller_runtime_reconcile_total{controller="boxes",result="requeue_after"} 3');
  expect(text).toContain('workqueue_adds_total{name="boxes",controller="boxes"} 3');
  expect(text).toContain('workqueue_depth{name="boxes",controller="boxes"} 0');
  expect(text).toContain('controller_runtime_reconcile_time_seconds_count{controller="boxes"} 3');
  await running.stop();
});

test("stops also while the API server does not answer", async () => {
  const { clock, server, manager } = aWorld();
  server.down = true;
  const stopping = new AbortController();
  let reconciled = false;
  manager.add({
    name: "boxes",
    watches: [self(Box)],
    reconcile: async () => {
      reconciled = true;
    },
  });
  const starting = manager.start(stopping.signal);
  await clock.run(10_000);
  expect(manager.cache.healthCheck.check()).toBe("not listed yet: example.dev/Box");
  stopping.abort();
  await (await starting).done;
  expect(reconciled).toBe(false);
});

test("reading a kind that nothing declared is a fault, not an empty answer", () => {
  const { manager } = aWorld();
  expect(() => manager.cache.list(Box)).toThrow('Box: not in the cache, expected it among the "watches" or "reads"');
});
