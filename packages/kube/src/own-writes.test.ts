import type { KubernetesObject } from "@bellows/api";
import { expect, test } from "vitest";
import { createCache, type Projection } from "./cache.ts";
import { silentLogger } from "./logging.ts";
import { trackOwnWrites } from "./own-writes.ts";
import { seededRandom } from "./random.ts";
import { createClient } from "./rest-client.ts";
import { aKind, FakeApiServer } from "./testing/fake-api-server.ts";
import { VirtualClock } from "./virtual-clock.ts";

const Box = aKind<KubernetesObject & { spec?: { size: number } }>("Box");
const at = { namespace: "default", name: "a" };

/** A world whose watch lags behind by `lagMs`. */
async function aWorld(lagMs: number, selected: Partial<Projection> = {}) {
  const clock = new VirtualClock(0);
  const server = new FakeApiServer();
  const client = createClient({
    request: (request) => server.request(request),
    watch: (request, handler) =>
      server.watch(request, {
        event: (event) => void clock.after(lagMs, () => handler.event(event)),
        end: handler.end.bind(handler),
      }),
  });
  const cache = createCache({
    client,
    clock,
    random: seededRandom(1),
    log: silentLogger,
    projections: [{ ...selected, kind: Box }],
  });
  const informer = cache.informer(Box);
  await cache.start();
  await clock.run(0);
  return { clock, informer, writes: trackOwnWrites(client, cache, clock) };
}

/** How long `seen` takes. */
async function waited(clock: VirtualClock, seen: Promise<void>): Promise<number> {
  const from = clock.now();
  let at: number | undefined;
  void seen.then(() => {
    at = clock.now() - from;
  });
  await clock.runUntil(() => at !== undefined);
  return at as number;
}

test("waits until the cache has what was created, changed and deleted", async () => {
  const { clock, informer, writes } = await aWorld(300);
  await writes.client.create(Box, { metadata: at, spec: { size: 1 } });
  expect(await waited(clock, writes.seen())).toBe(300);
  await writes.client.patch(Box, at, { type: "merge", body: { spec: { size: 2 } } });
  expect(informer.get(at)?.spec?.size).toBe(1);
  expect(await waited(clock, writes.seen())).toBe(300);
  expect(informer.get(at)?.spec?.size).toBe(2);
  await writes.client.delete(Box, at);
  expect(await waited(clock, writes.seen())).toBe(300);
  expect(informer.get(at)).toBeUndefined();
});

test("waits for what an eviction changes", async () => {
  const { clock, informer, writes } = await aWorld(300);
  await writes.client.create(Box, { metadata: at });
  await waited(clock, writes.seen());
  await writes.client.createSub(Box as never, at, "eviction", {});
  expect(await waited(clock, writes.seen())).toBe(300);
  expect(informer.size).toBe(0);
});

test.each([
  { name: "another namespace", selected: { namespace: "other" } },
  { name: "a selector that it may not match", selected: { labelSelector: "a=b" } },
])("does not wait for what the cache leaves out: $name", async ({ selected }) => {
  const { clock, writes } = await aWorld(300, selected);
  await writes.client.create(Box, { metadata: at });
  expect(await waited(clock, writes.seen())).toBe(0);
});

test("does not wait for nothing, and not for ever", async () => {
  const { clock, writes } = await aWorld(60_000);
  expect(await waited(clock, writes.seen())).toBe(0);
  await writes.client.create(Box, { metadata: at });
  expect(await waited(clock, writes.seen())).toBe(2000);
  expect(await waited(clock, writes.seen())).toBe(0);
});
