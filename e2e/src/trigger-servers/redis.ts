import { join } from "node:path";
import { answers, freePorts, hasProgram, startServer } from "@bellows/triggers/test-servers/server-process";
import { Redis } from "ioredis";
import type { RunningSource, TriggerSource } from "./trigger-source.ts";

const password = "redis-of-the-test";

/** A list of a Redis server that wants a password. */
const redis = (pushes: boolean): TriggerSource => ({
  name: `redis: a list${pushes ? " that tells of its changes" : ""}`,
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
      trigger: { type: "redis", metadata: { address: `127.0.0.1:${port}`, listName: "jobs", listLength: "1" } },
      credentials: { password },
      async setWork(pieces) {
        const fill = client.multi().del("jobs");
        for (let piece = 0; piece < pieces; piece++) fill.rpush("jobs", String(piece));
        await fill.exec();
      },
      async stop() {
        client.disconnect();
        await server.stop();
      },
    };
  },
});

export const redisPolled = redis(false);
export const redisPushed = redis(true);
