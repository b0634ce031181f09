import { silentLogger, systemClock } from "@bellows/kube";
import type { Redis } from "ioredis";
import { describe, expect, test } from "vitest";
import { openTrigger } from "./catalogue.ts";
import { hasRedisServer, redisServer } from "./redis-server.fixture.ts";
import { freePorts } from "./server-process.fixture.ts";
import { aTriggerConfig, fakeSeams, metricNameOf, open, problemOf, soon } from "./trigger.fixture.ts";
import type { Push } from "./trigger.ts";

const parsing = "error parsing redis metadata: error parsing redis metadata: ";
const noAddress =
  "no addresses or hosts given. address should be a comma separated list of host:port or set the host/port values";
const resolvedEnv = { REDIS_HOST: "none", REDIS_PORT: "6379", REDIS_PASSWORD: "none" };
const mylist = { listName: "mylist", listLength: "10" };

describe("metadata", () => {
  test.each<[string, Record<string, string>, Record<string, string>]>([
    ["an address from the environment", { addressFromEnv: "REDIS_HOST", passwordFromEnv: "REDIS_PASSWORD" }, {}],
    ["a host and a port from the environment", { hostFromEnv: "REDIS_HOST", portFromEnv: "REDIS_PORT" }, {}],
    ["both", { addressFromEnv: "REDIS_HOST", host: "h", port: "1" }, {}],
    ["an address from the authentication", { listLength: "0" }, { address: "localhost:6379" }],
    ["a host and a port from the authentication", {}, { host: "localhost", port: "6379" }],
    ["TLS by the metadata", { enableTLS: "true" }, { address: "localhost:6379" }],
    ["TLS by the authentication", {}, { address: "localhost:6379", tls: "enable" }],
    ["hosts and ports with spaces", {}, { hosts: "   a, b,    c ", ports: "1, 2, 3" }],
    ["an address without a host", {}, { addresses: ":7001, :7002" }],
  ])("accepts %s", async (_, metadata, authParams) => {
    expect(await problemOf("redis", { metadata: { ...mylist, ...metadata }, authParams, resolvedEnv })).toBeUndefined();
  });

  const at = { address: "localhost:6379" };
  test.each<[Record<string, string>, Record<string, string>, string]>([
    [{ hostFromEnv: "REDIS_HOST" }, {}, noAddress],
    [{ address: "" }, {}, noAddress],
    [{ addressFromEnv: "REDIS_WRONG" }, {}, noAddress],
    [{}, { host: "localhost" }, noAddress],
    [
      { hosts: "a, b, c", ports: "1, 2" },
      {},
      "not enough hosts or ports given. number of hosts should be equal to the number of ports",
    ],
    [{ listName: "" }, at, 'missing required parameter "listName" in [triggerMetadata]'],
    [
      { enableTLS: "true" },
      { ...at, tls: "disable" },
      "unable to set `tls` in both ScaledObject and TriggerAuthentication together",
    ],
    [{ enableTLS: "on" }, at, 'EnableTLS parsing error strconv.ParseBool: parsing "on": invalid syntax'],
    [{}, { ...at, tls: "yes" }, "error incorrect TLS value given, got yes"],
  ])("refuses %j with %j", async (metadata, authParams, message) => {
    const config = { metadata: { ...mylist, ...metadata }, authParams, resolvedEnv };
    for (const type of ["redis", "redis-cluster", "redis-sentinel"]) {
      expect(await problemOf(type, config)).toBe(parsing + message);
    }
  });

  test.each(["listLength", "activationListLength", "databaseIndex"])("refuses a %s that is no number", async (key) => {
    expect(await problemOf("redis", { metadata: { ...mylist, ...at, [key]: "AA" } })).toContain(
      `${parsing}unable to set param "${key}" value "AA": `,
    );
  });

  test("the metric's name and target", async () => {
    const trigger = await open("redis", { index: 1, metadata: { listName: "my.list", ...at } });
    expect(await metricNameOf(trigger)).toBe("s1-redis-my-list");
    expect(await trigger.metricSpecs()).toMatchObject([{ external: { target: { averageValue: "5" } } }]);
  });
});

test("a server that is not there is an error", async () => {
  const [port] = await freePorts(1);
  const trigger = await open("redis", { metadata: { ...mylist, address: `127.0.0.1:${port}` } });
  await expect(trigger.read("s0-m", soon())).rejects.toThrow(/^connection to redis failed: connect ECONNREFUSED/);
  await trigger.close();
});

describe.skipIf(!hasRedisServer)("a Redis server", () => {
  const server = redisServer();

  const opened = (more: Record<string, string> = {}, password = "pw") =>
    open(
      "redis",
      {
        metadata: { listName: "jobs", host: "127.0.0.1", port: String(server().port), databaseIndex: "2", ...more },
        authParams: { password },
      },
      { clock: systemClock },
    );

  test.each<[string, (redis: Redis) => Promise<unknown>, number]>([
    ["no key", () => Promise.resolve(), 0],
    ["a list", (redis) => redis.rpush("jobs", "a", "b", "c"), 3],
    ["a set", (redis) => redis.sadd("jobs", "a", "b"), 2],
    ["a sorted set", (redis) => redis.zadd("jobs", 1, "a", 2, "b"), 2],
    ["a hash", (redis) => redis.hset("jobs", "a", "1"), 1],
  ])("has a length for %s", async (_, fill, value) => {
    await fill(server().admin);
    const trigger = await opened({ activationListLength: "2" });
    expect(await trigger.read("s0-redis-jobs", soon())).toEqual({
      values: [{ metricName: "s0-redis-jobs", value }],
      active: value > 2,
    });
    await trigger.close();
  });

  test("has none for a text, nor for a stranger", async () => {
    await server().admin.set("jobs", "text");
    const trigger = await opened();
    await expect(trigger.read("m", soon())).rejects.toThrow("ERR unsupported key type: string");
    await trigger.close();
    const stranger = await opened({}, "wrong");
    await expect(stranger.read("m", soon())).rejects.toThrow(/^connection to redis failed: .*WRONGPASS/);
    await stranger.close();
  });

  test("tells of changes where it is set to", async () => {
    const { admin } = server();
    await admin.config("SET", "notify-keyspace-events", "KA");
    const trigger = await opened();
    const stopping = new AbortController();
    const pushes: Push[] = [];
    const handler = { push: (push: Push) => void pushes.push(push), metricSpecs: () => {} };
    const ended = trigger.listen?.(handler, stopping.signal);
    const length = (value: number) => ({ active: value > 0, values: [{ metricName: "s0-redis-jobs", value }] });
    await expect.poll(() => pushes).toEqual([length(0)]);
    await admin.rpush("jobs", "a");
    await expect.poll(() => pushes).toEqual([length(0), length(1)]);
    stopping.abort();
    await ended;
    await trigger.close();
  });

  test("that tells of thousands of changes is read now and then, the last time after the last", async () => {
    const many = 20_000;
    const { admin } = server();
    await admin.config("SET", "notify-keyspace-events", "KA");
    const trigger = await opened();
    const stopping = new AbortController();
    const lengths: (number | undefined)[] = [];
    const push = ({ values }: Push) => void lengths.push(values?.[0]?.value);
    const ended = trigger.listen?.({ push, metricSpecs: () => {} }, stopping.signal);
    await expect.poll(() => lengths).toEqual([0]);
    const [began, cpu] = [systemClock.now(), process.cpuUsage()];
    await admin.eval(`for i = 1, ${many} do redis.call("RPUSH", "jobs", "a") end`, 0);
    await expect.poll(() => lengths.at(-1)).toBe(many);
    expect(lengths.length).toBeLessThan(5 + (systemClock.now() - began) / 200);
    // What each costs us is little: a fifth of a millisecond would be too much.
    expect(process.cpuUsage(cpu).user / 1000).toBeLessThan(many / 5);
    stopping.abort();
    await ended;
    await trigger.close();
  });

  describe("that tells nothing", () => {
    /** What is logged, and what listening ends with, for a user who may do no more than `rights` say. */
    async function listened(...rights: string[]) {
      const { admin, port } = server();
      await admin.call("ACL", "SETUSER", "reader", "reset", "on", ">few", "~*", "+@all", ...rights);
      const warnings: string[] = [];
      const seams = {
        ...fakeSeams({ clock: systemClock }),
        log: { ...silentLogger, warn: (said: string) => void warnings.push(said) },
      };
      const metadata = {
        listName: "jobs",
        host: "127.0.0.1",
        port: String(port),
        databaseIndex: "2",
        username: "reader",
      };
      const trigger = await openTrigger(aTriggerConfig("redis", { metadata, authParams: { password: "few" } }), seams);
      const stopping = new AbortController();
      const pushed = Promise.withResolvers<void>();
      const handler = { push: () => pushed.resolve(), metricSpecs: () => {} };
      const ended = trigger.listen?.(handler, stopping.signal).catch((error: Error) => error.message);
      // It is polled all the same.
      await admin.rpush("jobs", "a");
      expect(await trigger.read("m", soon())).toMatchObject({ active: true });
      const stop = async () => {
        stopping.abort();
        await ended;
        await trigger.close();
      };
      return { warnings, pushed: pushed.promise, ended, stop };
    }

    test("says so, where it is set to", async () => {
      const { warnings, stop } = await listened("&*");
      await expect.poll(() => warnings).toEqual(["the server does not notify of changes, so the key is only polled"]);
      await stop();
    });

    test("may tell all the same, where its settings are not for everybody", async () => {
      await server().admin.config("SET", "notify-keyspace-events", "KA");
      const { warnings, pushed, stop } = await listened("&*", "-config");
      await pushed;
      expect(warnings).toEqual(["notify-keyspace-events can't be read: changes are heard of only if it is set"]);
      await stop();
    });

    test("says so to a user who may not listen", async () => {
      await server().admin.config("SET", "notify-keyspace-events", "KA");
      const { ended, stop } = await listened("resetchannels");
      expect(await ended).toMatch(/NOPERM/);
      await stop();
    });
  });

  test("is not listened to where that is not wanted", async () => {
    const trigger = await opened({ keyspaceNotifications: "false" });
    expect(trigger.listen).toBeUndefined();
    await trigger.close();
  });

  test("that goes and comes back is read again", async () => {
    const trigger = await opened();
    await trigger.read("m", soon());
    await server().stop();
    await expect(trigger.read("m", soon())).rejects.toThrow();
    await server().start();
    expect(await trigger.read("m", soon())).toMatchObject({ active: false });
    await trigger.close();
  });

  test("that hangs is given up", async () => {
    const trigger = await opened();
    await trigger.read("m", soon());
    await server().hang();
    try {
      await expect(trigger.read("m", AbortSignal.timeout(100))).rejects.toThrow("timeout");
    } finally {
      server().resume();
    }
    expect(await trigger.read("m", soon())).toMatchObject({ active: false });
    await trigger.close();
  });
});
