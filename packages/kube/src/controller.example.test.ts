/**
 * A whole controller, and how it is run: it keeps a ConfigMap that counts the schedulable nodes. The same value runs
 * against a real API server with `createClient(await kubeconfigTransport())` and `systemClock`.
 */
import { ConfigMap, Node } from "@bellows/api";
import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { controller, lookAgainAt, mapped, self } from "./controller.ts";
import { silentLogger } from "./logging.ts";
import { createManager } from "./manager.ts";
import { seededRandom } from "./random.ts";
import { createClient } from "./rest-client.ts";
import { FakeApiServer } from "./testing/fake-api-server.ts";
import { VirtualClock } from "./virtual-clock.ts";

/** The engine: plain data in, plain data out. */
const countSchedulable = (nodes: readonly Node[]): number => nodes.filter(({ spec }) => !spec?.unschedulable).length;

/** Keeps `data.nodes` of every ConfigMap labelled `count-nodes`. Writes: that field, Events. */
const nodeCounter = controller({
  name: "node-counter",
  watches: [
    self(ConfigMap),
    mapped(Node, (_, { cache }) =>
      cache.list(ConfigMap).map(({ metadata }) => metadata as { namespace: string; name: string }),
    ),
  ],
  async reconcile(key, { cache, client, clock, events }) {
    const counter = cache.get(ConfigMap, key);
    if (counter?.metadata.labels?.["count-nodes"] === undefined) return; // gone, or none of ours

    const nodes = String(countSchedulable(cache.list(Node)));

    if (counter.data?.nodes !== nodes) {
      await client.patch(ConfigMap, key, { type: "merge", body: { data: { nodes } } });
      events.record(counter, { type: "Normal", reason: "Counted", message: `Now ${nodes} schedulable nodes` });
    }
    return lookAgainAt(clock.now() + 600_000);
  },
});

test("the example controller counts nodes, and writes only a difference", async () => {
  const clock = new VirtualClock(Date.parse("2026-01-01T00:00:00Z"));
  const server = new FakeApiServer();
  const client = createClient(server, { clock });
  const counter = { namespace: "default", name: "cluster-size" };
  await client.create(ConfigMap, { metadata: { ...counter, labels: { "count-nodes": "" } } });
  for (const name of ["n1", "n2"]) await client.create(Node, { metadata: { name } });

  const manager = createManager({ client, clock, random: seededRandom(1), log: silentLogger, metrics: new Registry() });
  const running = await manager.add(nodeCounter).start();
  await clock.run(0);
  expect((await client.get(ConfigMap, counter)).data).toEqual({ nodes: "2" });

  await client.patch(Node, { name: "n2" }, { type: "merge", body: { spec: { unschedulable: true } } });
  await clock.run(0);
  expect((await client.get(ConfigMap, counter)).data).toEqual({ nodes: "1" });

  const written = () => server.requests.filter(({ method }) => method === "PATCH").length;
  const before = written();
  await clock.run(3_600_000);
  expect(written()).toBe(before);
  await running.stop();
});
