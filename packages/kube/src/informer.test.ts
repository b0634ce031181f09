import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { KubernetesObject } from "@bellows/api";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ApiError } from "./api-error.ts";
import { type InformerOptions, keyText } from "./informer.ts";
import { createInformer } from "./list-watch-informer.ts";
import { silentLogger } from "./logging.ts";
import { seededRandom } from "./random.ts";
import { createClient } from "./rest-client.ts";
import { aKind, FakeApiServer, failure } from "./testing/fake-api-server.ts";
import { TransportError } from "./transport.ts";
import { VirtualClock } from "./virtual-clock.ts";

interface Thing extends KubernetesObject {
  spec?: { node?: string; size?: number };
}
const Thing = aKind<Thing>("Thing");

function aWorld(options: Partial<InformerOptions<Thing, Thing>> = {}) {
  const clock = new VirtualClock(0);
  const server = new FakeApiServer();
  const client = createClient(server);
  const informer = createInformer<Thing, Thing>(client, clock, seededRandom(1), silentLogger, {
    kind: Thing,
    ...options,
  });
  const seen: string[] = [];
  informer.handle({
    changed: (key, before, after) =>
      seen.push(`${keyText(key)}: ${before?.spec?.size ?? "-"} > ${after?.spec?.size ?? "-"}`),
  });
  const put = async (name: string, spec: Thing["spec"], namespace = "default") => {
    const known = await client.find(Thing, { namespace, name });
    if (known) return client.update(Thing, { ...known, ...(spec && { spec }) });
    return client.create(Thing, { metadata: { namespace, name }, ...(spec && { spec }) });
  };
  const remove = (name: string, namespace = "default") => client.delete(Thing, { namespace, name });
  const names = () => [...informer.values()].map((thing) => `${thing.metadata.name}=${thing.spec?.size}`);
  return { clock, server, client, informer, seen, put, remove, names };
}

test("holds what there is, then follows it", async () => {
  const { clock, informer, seen, put, remove } = aWorld();
  await put("a", { size: 1 });
  await informer.start();
  await clock.run(0);
  await put("a", { size: 2 });
  await put("b", { size: 1 });
  await remove("a");
  expect(seen).toEqual(["default/a: - > 1", "default/a: 1 > 2", "default/b: - > 1", "default/a: 2 > -"]);
  expect(informer.size).toBe(1);
});

test("a handler that comes later gets every item as new", async () => {
  const { informer, put } = aWorld();
  await put("a", { size: 1 });
  await informer.start();
  const later: string[] = [];
  informer.handle({ changed: (key, before) => later.push(`${key.name} ${before}`) });
  expect(later).toEqual(["a undefined"]);
});

test("reads a long list page by page, and begins it anew where the token has expired", async () => {
  const { clock, server, informer, put } = aWorld({ pageSize: 2 });
  for (const name of ["a", "b", "c", "d", "e"]) await put(name, { size: 1 });
  let pages = 0;
  server.intercept = async ({ query }) => {
    if (query?.continue && ++pages === 2) return failure(410, "Expired", "The provided continue parameter is too old");
    return undefined;
  };
  await informer.start();
  await clock.run(0);
  expect(informer.size).toBe(5);
  expect(server.requests.filter(({ query }) => query?.limit === "2").length).toBe(6);
});

test("asks for the whole list where pages expire again and again", async () => {
  const { clock, server, informer, put } = aWorld({ pageSize: 2 });
  for (const name of ["a", "b", "c"]) await put(name, { size: 1 });
  server.intercept = async ({ query }) => (query?.continue ? failure(410, "Expired", "too old") : undefined);
  await informer.start();
  await clock.run(0);
  expect(informer.size).toBe(3);
});

test("goes on from the last version where the connection breaks, without listing again", async () => {
  const { clock, server, informer, seen, put } = aWorld();
  await put("a", { size: 1 });
  await informer.start();
  await clock.run(0);
  server.dropWatches(new TransportError("connection reset"));
  await put("a", { size: 2 });
  await clock.run(5000);
  expect(seen).toEqual(["default/a: - > 1", "default/a: 1 > 2"]);
  expect(server.requests.filter(({ query, path }) => path.endsWith("/things") && query?.limit).length).toBe(1);
});

test("lists again after 410 Gone and tells only the difference, deletions too", async () => {
  const { clock, server, informer, seen, put, remove } = aWorld();
  await put("kept", { size: 1 });
  await put("gone", { size: 1 });
  await put("changed", { size: 1 });
  await informer.start();
  await clock.run(0);
  seen.length = 0;
  server.down = true;
  server.dropWatches(new TransportError("connection reset"));
  server.down = false;
  await remove("gone");
  await put("changed", { size: 2 });
  await put("new", { size: 1 });
  server.expireHistory();
  await clock.run(10_000);
  expect(seen).toEqual(["default/changed: 1 > 2", "default/new: - > 1", "default/gone: 1 > -"]);
});

test("waits longer from failure to failure, and not in step with others", async () => {
  const { clock, server, informer } = aWorld();
  server.down = true;
  void informer.start();
  await clock.run(200_000);
  // 0.8 s doubled up to 30 s, each lengthened by up to as much again.
  expect(server.requests.length).toBeGreaterThan(5);
  expect(server.requests.length).toBeLessThan(14);
  server.down = false;
  await clock.run(60_000);
  expect(informer.synced).toBe(true);
});

test("a server that ends watches at once is not asked in a tight loop", async () => {
  const { clock, server, informer } = aWorld();
  await informer.start();
  const watch = server.watch.bind(server);
  server.watch = (request, handler) => {
    const handle = watch(request, handler);
    queueMicrotask(() => queueMicrotask(() => handler.end()));
    return handle;
  };
  server.dropWatches();
  const before = server.requests.length;
  await clock.run(10_000);
  expect(server.requests.length - before).toBeLessThan(10);
});

test("lists again where the server has not got so far: it was restored from a backup", async () => {
  const { clock, server, informer, put, names } = aWorld();
  await put("a", { size: 1 });
  await informer.start();
  await clock.run(0);
  server.skipVersions(-1);
  await put("b", { size: 1 });
  const causes = [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }];
  server.dropWatches(new ApiError(504, { reason: "Timeout", details: { causes } }));
  await clock.run(5000);
  expect(names()).toEqual(["a=1", "b=1"]);
});

test("a server whose lists are always too old to watch is not asked in a tight loop", async () => {
  const { clock, server, informer } = aWorld();
  server.watch = (_, handler) => {
    queueMicrotask(() => handler.end(new ApiError(410, { reason: "Expired" })));
    return { stop() {} };
  };
  await informer.start();
  await clock.run(60_000);
  expect(server.requests.length).toBeLessThan(12);
});

test("own writes are awaited by their version", async () => {
  const { clock, server, informer, put } = aWorld();
  await informer.start();
  await clock.run(0);
  const { metadata } = await put("a", { size: 1 });
  await informer.seen(metadata.resourceVersion as string);
  expect(informer.get({ namespace: "default", name: "a" })).toBeDefined();
  let reached = false;
  server.skipVersions(5);
  const waiting = informer.seen(server.resourceVersion).then(() => {
    reached = true;
  });
  await clock.run(0);
  expect(reached).toBe(false);
  server.bookmark();
  await waiting;
});

test("finds items by namespace and by index, also after they changed", async () => {
  const { clock, informer, put, remove } = aWorld({
    indexes: { node: (thing) => (thing.spec?.node ? [thing.spec.node] : []) },
  });
  await put("a", { node: "n1" });
  await put("b", { node: "n1" }, "other");
  await informer.start();
  await clock.run(0);
  const on = (node: string) => informer.indexed("node", node).map((thing) => thing.metadata.name);
  expect(on("n1")).toEqual(["a", "b"]);
  expect(informer.inNamespace("other").map((thing) => thing.metadata.name)).toEqual(["b"]);
  await put("a", { node: "n2" });
  await put("c", { node: "n2" }, "other");
  await remove("b", "other");
  expect([on("n1"), on("n2")]).toEqual([[], ["a", "c"]]);
  expect(informer.inNamespace("other").map((thing) => thing.metadata.name)).toEqual(["c"]);
  expect(() => informer.indexed("zone", "x")).toThrow('index "zone": unknown, expected node');
});

test("keeps the projection, and lets go of the object", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const raws: WeakRef<object>[] = [];
  const { clock, server, informer, put } = aWorld({
    project: (thing) => {
      raws.push(new WeakRef(thing));
      return { metadata: { name: `${thing.metadata.name}` } };
    },
  });
  await put("a", { size: 1 });
  await informer.start();
  await clock.run(0);
  await put("a", { size: 2 });
  expect([...informer.values()]).toEqual([{ metadata: { name: "a" } }]);
  expect(raws).toHaveLength(2);
  // The fake server holds the objects themselves.
  server.expireHistory();
  await createClient(server)
    .delete(Thing, { namespace: "default", name: "a" })
    .catch(() => {});
  server.expireHistory();
  server.requests.length = 0;
  // What has just been done is still held by its turn of the event loop.
  const held = () => {
    collect();
    return raws.filter((raw) => raw.deref()).length;
  };
  await expect.poll(held).toBe(0);
});

const aName = fc.constantFrom("a", "b", "c", "d");
const anAction = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("put" as const), name: aName, size: fc.nat(99) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("remove" as const), name: aName }) },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constantFrom("drop", "end", "expire", "bookmark", "outage", "recover") }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.nat(5000) }) },
);

test("whatever the server does, a handler sees every difference once and ends with the truth", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anAction, { maxLength: 80, size: "max" }),
      fc.integer({ min: 1, max: 5 }),
      async (actions, pageSize) => {
        const { clock, server, informer } = aWorld({ pageSize });
        // What the handler believes; a doubled or missed call does not fit it.
        const believed = new Map<string, string>();
        const mistakes: string[] = [];
        informer.handle({
          changed(key, before, after) {
            const was = before?.metadata.resourceVersion;
            const is = after?.metadata.resourceVersion;
            if (was !== believed.get(key.name) || was === is) mistakes.push(`${key.name}: ${was} > ${is}`);
            if (after) believed.set(key.name, after.metadata.resourceVersion as string);
            else believed.delete(key.name);
          },
        });
        void informer.start();
        // The writer is never cut off: only the informer's view of the server fails.
        const writer = createClient({
          request: async (request) => {
            const { down } = server;
            server.down = false;
            const answer = server.request(request);
            queueMicrotask(() => {
              server.down = down;
            });
            return answer;
          },
          watch: server.watch.bind(server),
        });
        for (const action of actions) {
          const name = "name" in action ? action.name : "";
          if (action.do === "put") {
            const known = await writer.find(Thing, { namespace: "default", name });
            const object: Thing = {
              metadata: { namespace: "default", name },
              spec: { size: "size" in action ? action.size : 0 },
            };
            await (known ? writer.update(Thing, { ...known, ...object }) : writer.create(Thing, object));
          } else if (action.do === "remove") {
            await writer.delete(Thing, { namespace: "default", name }).catch(() => {});
          } else if (action.do === "drop") server.dropWatches(new TransportError("connection reset"));
          else if (action.do === "end") server.dropWatches();
          else if (action.do === "expire") server.expireHistory();
          else if (action.do === "bookmark") server.bookmark();
          else if (action.do === "outage") {
            server.down = true;
            server.dropWatches(new TransportError("connection reset"));
          } else if (action.do === "recover") server.down = false;
          else if ("ms" in action) await clock.run(action.ms);
        }
        server.down = false;
        await clock.run(200_000);
        const truth = server.objects(Thing).map((thing) => [thing.metadata.name, thing.metadata.resourceVersion]);
        expect([...believed].sort()).toEqual(truth.sort());
        expect([...informer.values()].map((thing) => thing.metadata.name).sort()).toEqual(
          truth.map(([name]) => name).sort(),
        );
        expect(mistakes).toEqual([]);
        informer.stop();
      },
    ),
    { numRuns: 200 },
  );
});
