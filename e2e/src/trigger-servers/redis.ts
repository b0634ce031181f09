import { join } from "node:path";
import { answers, freePorts, hasProgram, startServer } from "@bellows/triggers/test-servers/server-process";
import { Redis } from "ioredis";
import type { RunningSource, TriggerSource } from "./trigger-source.ts";

const password = "redis-of-the-test";

/** A kind of key, how it is filled, and the trigger that reads it. */
interface Keys {
  readonly name: string;
  readonly type: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** The command that adds a piece of work to the key `jobs`. */
  readonly add: readonly [command: string, ...more: string[]];
}

const list: Keys = {
  name: "redis: a list",
  type: "redis",
  metadata: { listName: "jobs", listLength: "1" },
  add: ["RPUSH", "jobs", "job"],
};
const stream: Keys = {
  name: "redis-streams: a stream",
  type: "redis-streams",
  metadata: { stream: "jobs", streamLength: "1" },
  add: ["XADD", "jobs", "*", "job", "1"],
};

/** A key of a Redis server that wants a password. */
const redis = ({ name, type, metadata, add }: Keys, pushes: boolean): TriggerSource => ({
  name: `${name}${pushes ? " that tells of its changes" : ""}`,
  pushes,
  missing: () => (hasProgram("redis-server", "--version") ? undefined : "redis-server (apt-get install redis-server)"),
  async start(folder): Promise<RunningSource> {
    const [port = 0] = await freePorts(1);
    const logFile = join(folder, "redis.log");
    const settings = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--requirepass", password];
    if (pushes) settings.push("--notify-keyspace-events", "KA");
    const server = startServer("redis-server", [...settings, "--dir", folder], logFile);
    const client = new Redis({ host: "127.0.0.1", port, password, lazyConnect: true, retryStrategy: () => 100 });
    client.on("error", () => {});
    await answers(server, logFile, () => client.ping());
    return {
      ...server,
      trigger: { type, metadata: { address: `127.0.0.1:${port}`, ...metadata } },
      credentials: { password },
      async setWork(pieces) {
        const fill = client.multi().del("jobs");
        for (let piece = 0; piece < pieces; piece++) fill.call(...add);
        await fill.exec();
      },
      async stop() {
        client.disconnect();
        await server.stop();
      },
    };
  },
});

export const redisPolled = redis(list, false);
export const redisPushed = redis(list, true);
export const redisStreamsPolled = redis(stream, false);
export const redisStreamsPushed = redis(stream, true);
