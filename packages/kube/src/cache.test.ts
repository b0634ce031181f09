import { Namespace } from "@bellows/api";
import { expect, test } from "vitest";
import { createCache } from "./cache.ts";
import { silentLogger } from "./logging.ts";
import { seededRandom } from "./random.ts";
import { createClient } from "./rest-client.ts";
import { aKind, FakeApiServer } from "./testing/fake-api-server.ts";
import { VirtualClock } from "./virtual-clock.ts";

const Box = aKind("Box");

test("a cache of one namespace lists kinds in namespaces there, and others whole", async () => {
  const server = new FakeApiServer();
  const client = createClient(server);
  const clock = new VirtualClock(0);
  const cache = createCache({ client, clock, random: seededRandom(1), log: silentLogger, namespace: "a" });
  for (const namespace of ["a", "b"]) await client.create(Box, { metadata: { namespace, name: "box" } });
  const [box, namespaces] = [cache.informer(Box), cache.informer(Namespace)];
  await cache.start();
  await clock.run(0);
  expect([...box.values()].map(({ metadata }) => metadata.namespace)).toEqual(["a"]);
  expect(cache.holds(Box, { metadata: { namespace: "a", name: "new" } })).toBe(true);
  expect(cache.holds(Box, { metadata: { namespace: "b", name: "new" } })).toBe(false);
  expect(namespaces.synced).toBe(true);
  expect(cache.holds(Namespace, { metadata: { name: "b" } })).toBe(true);
  cache.stop();
});
