import type { Redis } from "ioredis";
import { describe, expect, test } from "vitest";
import { hasRedisServer, redisServer } from "./redis-server.fixture.ts";
import { metricNameOf, open, problemOf, soon } from "./trigger.fixture.ts";

const parsing = "error parsing redis streams metadata: error parsing redis stream metadata: ";
const noAddress =
  "no addresses or hosts given. address should be a comma separated list of host:port or set the host/port values";
const types = ["redis-streams", "redis-cluster-streams", "redis-sentinel-streams"];
const resolvedEnv = { REDIS_SERVICE: "myredis:6379", REDIS_HOST: "myredis", REDIS_PORT: "6379", REDIS_PASSWORD: "pw" };
const group = { stream: "my-stream", consumerGroup: "g" };

describe("metadata", () => {
  test.each<[string, Record<string, string>, Record<string, string>]>([
    [
      "an address and a password from the environment",
      { addressFromEnv: "REDIS_SERVICE", passwordFromEnv: "REDIS_PASSWORD", databaseIndex: "0", enableTLS: "true" },
      {},
    ],
    ["a host from the environment and a port", { hostFromEnv: "REDIS_HOST", port: "6379" }, { username: "foobarred" }],
    ["a lag", { lagCount: "5", activationLagCount: "3", address: "a:1" }, {}],
    ["no activation lag", { lagCount: "7", activationLagCount: "0" }, { addresses: ":7001, :7002" }],
    ["hosts and ports from the authentication", { lagCount: "6" }, { hosts: "   a, b,    c ", ports: "1, 2, 3" }],
    ["sentinels", { hosts: "a", ports: "1", sentinelMaster: "m" }, { sentinelUsername: "u", sentinelPassword: "p" }],
  ])("accepts %s", async (_, metadata, authParams) => {
    for (const type of types) {
      const config = { metadata: { ...group, ...metadata }, authParams, resolvedEnv };
      expect(await problemOf(type, config)).toBeUndefined();
    }
  });

  const at = { address: "a:1" };
  const noInteger = "unable to unmarshal to field type int64: invalid character 'j' looking for beginning of value";
  test.each<[Record<string, string>, string]>([
    [group, noAddress],
    [{ ...group, host: "h" }, noAddress],
    [{ ...group, port: "1" }, noAddress],
    [
      { ...group, hosts: "a, b, c", ports: "1, 2" },
      "not enough hosts or ports given. number of hosts should be equal to the number of ports",
    ],
    [at, 'missing required parameter "stream" in [triggerMetadata]\nmissing redis stream name'],
    [{ ...group, ...at, lagCount: "junk" }, `unable to set param "lagCount" value "junk": ${noInteger}`],
    [
      { ...group, ...at, pendingEntriesCount: "junk" },
      `unable to set param "pendingEntriesCount" value "junk": ${noInteger}`,
    ],
    [{ ...group, ...at, streamLength: "junk" }, `unable to set param "streamLength" value "junk": ${noInteger}`],
    [{ ...group, ...at, databaseIndex: "junk" }, `unable to set param "databaseIndex" value "junk": ${noInteger}`],
    [
      { ...group, ...at, activationLagCount: "junk" },
      `unable to set param "activationLagCount" value "junk": ${noInteger}`,
    ],
    [{ ...group, ...at, enableTLS: "no" }, 'EnableTLS parsing error strconv.ParseBool: parsing "no": invalid syntax'],
  ])("refuses %j", async (metadata, message) => {
    for (const type of types) expect(await problemOf(type, { metadata })).toBe(parsing + message);
  });

  test.each<[string, Record<string, string>, string]>([
    ["the length without a group", { stream: "my-stream", lagCount: "9", streamLength: "7" }, "7"],
    ["what is pending with one", { ...group, pendingEntriesCount: "4", streamLength: "7" }, "4"],
    ["the lag where it is given", { ...group, pendingEntriesCount: "4", lagCount: "3" }, "3"],
    ["five of what is pending", group, "5"],
  ])("aims at %s", async (_, metadata, averageValue) => {
    const trigger = await open("redis-streams", { index: 1, metadata: { ...at, ...metadata } });
    expect(await metricNameOf(trigger)).toBe("s1-redis-streams-my-stream");
    expect(await trigger.metricSpecs()).toMatchObject([{ external: { target: { averageValue } } }]);
  });
});

describe.skipIf(!hasRedisServer)("a Redis server", () => {
  const server = redisServer();
  const opened = (metadata: Record<string, string>) =>
    open("redis-streams", {
      metadata: { stream: "jobs", host: "127.0.0.1", port: String(server().port), databaseIndex: "2", ...metadata },
      authParams: { password: "pw" },
    });

  const fill = async (redis: Redis, entries: number) => {
    for (let entry = 1; entry <= entries; entry++) await redis.xadd("jobs", `1-${entry}`, "n", String(entry));
  };
  const readBy = (redis: Redis, count: number) =>
    redis.xreadgroup("GROUP", "g", "worker", "COUNT", count, "STREAMS", "jobs", ">");

  test.each<[string, Record<string, string>, (redis: Redis) => Promise<unknown>, number]>([
    ["the length of no stream", {}, async () => {}, 0],
    ["the length of a stream", {}, (redis) => fill(redis, 3), 3],
    [
      "what a group has not acknowledged",
      { consumerGroup: "g" },
      async (redis) => {
        await fill(redis, 5);
        await redis.xgroup("CREATE", "jobs", "g", "0");
        await readBy(redis, 3);
        await redis.xack("jobs", "g", "1-1");
      },
      2,
    ],
    [
      "what a group has not read",
      { consumerGroup: "g", lagCount: "1" },
      async (redis) => {
        await fill(redis, 5);
        await redis.xgroup("CREATE", "jobs", "g", "0");
        await readBy(redis, 3);
      },
      2,
    ],
    ["all entries, of a group that is not there yet", { consumerGroup: "g", lagCount: "1" }, (r) => fill(r, 4), 4],
    ["no lag of a stream that is not there yet", { consumerGroup: "g", lagCount: "1" }, async () => {}, 0],
  ])("gives %s", async (_, metadata, prepare, value) => {
    await prepare(server().admin);
    const trigger = await opened({ activationLagCount: "2", ...metadata });
    expect(await trigger.read("m", soon())).toEqual({ values: [{ metricName: "m", value }], active: value > 2 });
    await trigger.close();
  });

  test.each<[string, Record<string, string>, (redis: Redis) => Promise<unknown>, RegExp]>([
    ["a group that is not there", { consumerGroup: "g" }, (redis) => fill(redis, 1), /^NOGROUP /],
    ["a key of another kind", {}, (redis) => redis.set("jobs", "text"), /^WRONGTYPE /],
    [
      "the lag of a key of another kind",
      { consumerGroup: "g", lagCount: "1" },
      (r) => r.set("jobs", "t"),
      /^WRONGTYPE /,
    ],
    [
      "a lag that Redis does not know",
      { consumerGroup: "g", lagCount: "1" },
      async (redis) => {
        await fill(redis, 5);
        await redis.xgroup("CREATE", "jobs", "g", "1-2");
        await redis.xdel("jobs", "1-4");
      },
      /^redis does not know the lag of group g$/,
    ],
  ])("has no number for %s", async (_, metadata, prepare, message) => {
    await prepare(server().admin);
    const trigger = await opened(metadata);
    await expect(trigger.read("m", soon())).rejects.toThrow(message);
    await trigger.close();
  });
});
