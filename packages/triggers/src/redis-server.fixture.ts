import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, vi } from "vitest";

/** Debian: apt-get install redis-server. */
export const hasRedisServer = spawnSync("redis-server", ["--version"]).status === 0;

/** A port of this machine that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address ? address.port : 0;
}

export interface RedisServer {
  readonly port: number;
  /** Connected to its database 2. */
  readonly admin: Redis;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** It keeps its connections and answers nothing until it is resumed. */
  hang(): void;
  resume(): void;
}

/** A Redis server of the tests around, with the password `pw`; each test finds it empty. */
export function redisServer(): () => RedisServer {
  let server: ChildProcess;
  let port = 0;
  let admin: Redis;
  const started: RedisServer = {
    get port() {
      return port;
    },
    get admin() {
      return admin;
    },
    async start() {
      const settings = ["--port", String(port), "--save", "", "--requirepass", "pw"];
      server = spawn("redis-server", settings, { stdio: "ignore" });
      await vi.waitFor(() => admin.ping(), { timeout: 10_000 });
    },
    async stop() {
      server.kill();
      await once(server, "exit");
    },
    hang: () => void server.kill("SIGSTOP"),
    resume: () => void server.kill("SIGCONT"),
  };
  beforeAll(async () => {
    port = await freePort();
    const retrying = { retryStrategy: () => 20, maxRetriesPerRequest: 0 };
    admin = new Redis({ port, host: "127.0.0.1", password: "pw", db: 2, ...retrying });
    admin.on("error", () => {});
    await started.start();
  });
  beforeEach(async () => {
    await admin.flushall();
    await admin.config("SET", "notify-keyspace-events", "");
  });
  afterAll(() => {
    admin.disconnect();
    server.kill();
  });
  return () => started;
}
