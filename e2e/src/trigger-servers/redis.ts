import { join } from "node:path";
import { Redis } from "ioredis";
import { has } from "../control-plane/go-tools.ts";
import { freePorts, startProcess } from "../control-plane/process.ts";
import { answers } from "./answers.ts";
import type { TriggerSource } from "./trigger-source.ts";

const password = "redis-of-the-test";

/** A list of a Redis server that wants a password. */
export const redisList: TriggerSource = {
  name: "redis: a list",
  missing: () => (has("redis-server", "--version") ? undefined : "redis-server (apt-get install redis-server)"),
  async start(folder) {
    const [port = 0] = await freePorts(1);
    const args = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--requirepass", password];
    const server = startProcess("redis-server", [...args, "--dir", folder], join(folder, "redis.log"));
    const client = new Redis({ host: "127.0.0.1", port, password, lazyConnect: true, retryStrategy: () => 100 });
    client.on("error", () => {});
    await answers("redis-server", () => client.ping());
    return {
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
};
