import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach } from "vitest";
import { answers, freePorts, hasProgram, type ServerProcess, startServer } from "./server-process.fixture.ts";

/** Debian: apt-get install redis-server. */
export const hasRedisServer = hasProgram("redis-server", "--version");

export interface RedisServer {
  readonly port: number;
  /** Connected to its database 2. */
  readonly admin: Redis;
  start(): Promise<void>;
  stop(): Promise<void>;
  hang(): Promise<void>;
  resume(): void;
}

/** A Redis server of the tests around, with the password `pw`; each test finds it empty and without notifications. */
export function redisServer(): () => RedisServer {
  let server: ServerProcess;
  let folder = "";
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
      const logFile = join(folder, "log");
      server = startServer("redis-server", settings, logFile, { cwd: folder });
      await answers(server, logFile, () => admin.ping());
    },
    stop: () => server.stop(),
    hang: () => server.hang(),
    resume: () => server.resume(),
  };
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "bellows-redis-"));
    [port = 0] = await freePorts(1);
    const retrying = { retryStrategy: () => 20, maxRetriesPerRequest: 0 };
    admin = new Redis({ port, host: "127.0.0.1", password: "pw", db: 2, ...retrying });
    admin.on("error", () => {});
    await started.start();
  });
  beforeEach(async () => {
    await admin.flushall();
    await admin.config("SET", "notify-keyspace-events", "");
  });
  afterAll(async () => {
    admin.disconnect();
    await server.stop();
    rmSync(folder, { recursive: true });
  });
  return () => started;
}
