import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { hasRedisServer } from "./redis-server.fixture.ts";
import { answers, freePorts, type ServerProcess, startServer } from "./server-process.fixture.ts";
import { open, soon } from "./trigger.fixture.ts";

/** Waits until a cluster's node has found out that all slots are its own. */
const serves = (redis: Redis) =>
  vi.waitFor(async () => expect(await redis.call("CLUSTER", "INFO")).toContain("cluster_state:ok"), 60_000);

/** A list and a stream with three items each. */
async function fill(redis: Redis): Promise<void> {
  await redis.rpush("list", "a", "b", "c");
  for (const entry of ["1", "2", "3"]) await redis.xadd("stream", "*", "n", entry);
  await redis.xgroup("CREATE", "stream", "g", "0");
  await redis.xreadgroup("GROUP", "g", "worker", "COUNT", 1, "STREAMS", "stream", ">");
}

const cases: readonly [string, string, Record<string, string>, number][] = [
  ["a list", "", { listName: "list" }, 3],
  ["a stream", "-streams", { stream: "stream" }, 3],
  ["what is pending", "-streams", { stream: "stream", consumerGroup: "g" }, 1],
  ["the lag", "-streams", { stream: "stream", consumerGroup: "g", lagCount: "1" }, 2],
];

describe.skipIf(!hasRedisServer)("Redis", () => {
  let folder = "";
  const servers: ServerProcess[] = [];
  const clients: Redis[] = [];
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "bellows-redis-modes-"));
  });
  afterAll(async () => {
    for (const client of clients) client.disconnect();
    await Promise.all(servers.map((server) => server.stop()));
    rmSync(folder, { recursive: true });
  });

  async function started(name: string, port: number, settings: readonly string[]): Promise<Redis> {
    const place = ["--port", String(port), "--save", "", "--dir", folder];
    const logFile = join(folder, `${name}.log`);
    const server = startServer("redis-server", [...settings, ...place], logFile);
    servers.push(server);
    const redis = new Redis({
      port,
      host: "127.0.0.1",
      password: "pw",
      retryStrategy: () => 20,
      maxRetriesPerRequest: 0,
    });
    redis.on("error", () => {});
    clients.push(redis);
    await answers(server, logFile, () => redis.ping());
    return redis;
  }

  describe("as a cluster", () => {
    let port = 0;
    beforeAll(async () => {
      [port = 0] = await freePorts(1);
      const redis = await started("cluster", port, [
        "--cluster-enabled",
        "yes",
        "--cluster-port",
        String((await freePorts(1))[0]),
        "--cluster-announce-ip",
        "127.0.0.1",
        "--requirepass",
        "pw",
      ]);
      await redis.call("CLUSTER", "ADDSLOTSRANGE", "0", "16383");
      await serves(redis);
      await fill(redis);
    });

    test.each(cases)("has %s", async (_, kin, metadata, value) => {
      const place = { addresses: `127.0.0.1:${port}` };
      const trigger = await open(`redis-cluster${kin}`, {
        metadata: { ...place, ...metadata },
        authParams: { password: "pw" },
      });
      expect(trigger.listen).toBeUndefined();
      expect(await trigger.read("m", soon())).toMatchObject({ values: [{ value }] });
      await trigger.close();
    });
  });

  describe("as a cluster that does not tell where its nodes are", () => {
    test("is told of, and not waited for", async () => {
      const [port = 0, busPort = 0] = await freePorts(2);
      const settings = ["--cluster-enabled", "yes", "--cluster-port", String(busPort), "--requirepass", "pw"];
      const redis = await started("lost", port, [...settings, "--cluster-config-file", "lost.conf"]);
      await redis.call("CLUSTER", "ADDSLOTSRANGE", "0", "16383");
      await serves(redis);
      const trigger = await open("redis-cluster", {
        metadata: { addresses: `127.0.0.1:${port}`, listName: "list" },
        authParams: { password: "pw" },
      });
      await expect(trigger.read("m", soon())).rejects.toThrow(/^connection to redis cluster failed: /);
      await trigger.close();
    });

    test("nor one that refuses the password", async () => {
      const [port = 0] = await freePorts(1);
      await started("refusing", port, ["--requirepass", "pw"]);
      const trigger = await open("redis-cluster", {
        metadata: { addresses: `127.0.0.1:${port}`, listName: "list" },
        authParams: { password: "wrong" },
      });
      await expect(trigger.read("m", soon())).rejects.toThrow(/^connection to redis cluster failed: .*WRONGPASS/);
      await trigger.close();
    });
  });

  describe("behind a sentinel", () => {
    let port = 0;
    beforeAll(async () => {
      const [masterPort = 0, sentinelPort = 0] = await freePorts(2);
      await fill(await started("master", masterPort, ["--requirepass", "pw"]));
      const settings = join(folder, "sentinel.conf");
      writeFileSync(
        settings,
        [
          `port ${sentinelPort}`,
          "requirepass pw",
          `sentinel monitor shop 127.0.0.1 ${masterPort} 1`,
          "sentinel auth-pass shop pw",
          "",
        ].join("\n"),
      );
      port = sentinelPort;
      await started("sentinel", sentinelPort, [settings, "--sentinel"]);
    });

    test.each(cases)("has %s", async (_, kin, metadata, value) => {
      const place = { addresses: `127.0.0.1:${port}`, sentinelMaster: "shop" };
      const authParams = { password: "pw", sentinelPassword: "pw" };
      const trigger = await open(`redis-sentinel${kin}`, { metadata: { ...place, ...metadata }, authParams });
      expect(await trigger.read("m", soon())).toMatchObject({ values: [{ value }] });
      await trigger.close();
    });

    test("has no master of another name", async () => {
      const metadata = { addresses: `127.0.0.1:${port}`, sentinelMaster: "other", listName: "list" };
      const authParams = { password: "pw", sentinelPassword: "pw" };
      const trigger = await open("redis-sentinel", { metadata, authParams });
      await expect(trigger.read("m", soon())).rejects.toThrow(/^connection to redis sentinel failed: /);
      await trigger.close();
    });
  });
});
