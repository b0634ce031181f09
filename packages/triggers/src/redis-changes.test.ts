import { type Logger, seededRandom, silentLogger, VirtualClock } from "@bellows/kube";
import type { Redis } from "ioredis";
import { expect, test } from "vitest";
import type { Opening } from "./define-trigger.ts";
import { keyListener } from "./redis-changes.ts";
import type { RedisClient } from "./redis-client.ts";
import { aTriggerConfig, fakeSeams } from "./trigger.fixture.ts";
import type { Push, Reading } from "./trigger.ts";

/** A server with a setting of its events, and whoever listens to the list `jobs`. */
function world(events: string | Error) {
  const clock = new VirtualClock(0);
  const warnings: [string, Record<string, unknown> | undefined][] = [];
  const log: Logger = { ...silentLogger, warn: (message, fields) => void warnings.push([message, fields]) };
  const server = { events, asked: 0, changed: undefined as (() => void) | undefined };
  const config = async () => {
    server.asked++;
    if (server.events instanceof Error) throw server.events;
    return ["notify-keyspace-events", server.events];
  };
  const client: RedisClient = {
    run: (commands) => commands({ config } as unknown as Redis),
    subscribe: async (_, subscriber, signal) => {
      server.changed = subscriber.message;
      subscriber.subscribed();
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    },
    close: () => {},
  };
  let length = 0;
  const read = async (): Promise<Reading> => ({ values: [{ metricName: "m", value: ++length }], active: true });
  const seams = { ...fakeSeams({ clock }), random: seededRandom(1), log };
  const opening = { ...seams, config: aTriggerConfig("redis") } as Opening;
  const listen = keyListener(client, { key: "jobs", database: 2, eventClasses: "lshz", read }, opening);
  const pushes: Push[] = [];
  const stopping = new AbortController();
  const start = () =>
    listen?.({ push: (push) => void pushes.push(push), metricSpecs: () => {} }, stopping.signal) ?? Promise.resolve();
  return { clock, server, warnings, pushes, stopping, start };
}

test.each(["AK", "KA", "Kl", "lshzK", "gKz"])("listens where the server is set to %s", async (events) => {
  const { clock, server, warnings, stopping, start } = world(events);
  const ended = start();
  await clock.run(0);
  expect(server.changed).toBeDefined();
  expect(warnings).toEqual([]);
  stopping.abort();
  await ended;
});

test.each(["", "K", "EA", "Kg", "Kt"])("says once that %j tells of no changes, and looks again", async (events) => {
  const { clock, server, warnings, stopping, start } = world(events);
  const ended = start();
  await clock.run(1_000_000);
  expect(server).toMatchObject({ asked: 4, changed: undefined });
  expect(warnings).toEqual([
    [
      "the server does not notify of changes, so the key is only polled",
      {
        ScaledObject: "shop/web",
        trigger: "redis",
        key: "jobs",
        "notify-keyspace-events": events,
        expected: "K and one of Alshz",
      },
    ],
  ]);
  server.events = "KA";
  await clock.run(300_000);
  expect(server.changed).toBeDefined();
  stopping.abort();
  await ended;
});

test("what changed before it was listened to is read once, and then each change", async () => {
  const { clock, server, pushes, stopping, start } = world("KA");
  const ended = start();
  await clock.run(1_000);
  expect(pushes.map(({ values }) => values?.[0]?.value)).toEqual([1]);
  server.changed?.();
  await clock.run(1_000);
  expect(pushes.map(({ values }) => values?.[0]?.value)).toEqual([1, 2]);
  stopping.abort();
  await ended;
});

test("a server that does not tell its settings is listened to all the same", async () => {
  const refused = Object.assign(new Error("NOPERM no permissions to run the 'config|get' command"), {
    name: "ReplyError",
  });
  const { clock, server, warnings, stopping, start } = world(refused);
  const ended = start();
  await clock.run(0);
  expect(server.changed).toBeDefined();
  expect(warnings).toHaveLength(1);
  expect(warnings[0]?.[1]).toMatchObject({ error: refused.message });
  stopping.abort();
  await ended;
});

test("a server that can't be reached ends the listening", async () => {
  await expect(world(new Error("connect ECONNREFUSED")).start()).rejects.toThrow("ECONNREFUSED");
});

test("a burst of changes is a reading at once and one after it", async () => {
  const { clock, server, pushes, start } = world("KA");
  void start();
  await clock.run(0);
  for (let change = 0; change < 1_000; change++) server.changed?.();
  await clock.run(1_000);
  expect(pushes.map(({ values }) => values?.[0]?.value)).toEqual([1, 2]);
});
