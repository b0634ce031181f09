import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { openSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { sleep, systemClock } from "@bellows/kube";

/** A server that a test reads: a process of its own on free ports. */
export interface ServerProcess {
  readonly process: ChildProcess;
  /** SIGTERM, after five seconds SIGKILL. Resolves when it is gone. */
  stop(): Promise<void>;
  /** It keeps its connections and answers nothing until it is resumed. */
  hang(): void;
  resume(): void;
}

/** Whether a program answers on this machine. */
export const hasProgram = (program: string, ...args: readonly string[]): boolean =>
  spawnSync(program, args, { stdio: "ignore", timeout: 20_000 }).status === 0;

/** Ports of this machine that nobody listens on. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => once(server.close(), "close")));
  return ports;
}

const killAfterMs = 5000;

/** Starts a program whose output goes to `logFile`. A test that ends in any way ends it. */
export function startServer(
  program: string,
  args: readonly string[],
  logFile: string,
  options: Pick<SpawnOptions, "env" | "cwd" | "uid" | "gid"> = {},
): ServerProcess {
  const log = openSync(logFile, "a");
  const child = spawn(program, args, { ...options, stdio: ["ignore", log, log] });
  const end = () => child.kill("SIGKILL");
  process.once("exit", end);
  const gone = Promise.race([once(child, "exit"), once(child, "error")]);
  gone.then(() => process.removeListener("exit", end)).catch(() => {});
  return {
    process: child,
    async stop() {
      child.kill("SIGTERM");
      const timer = systemClock.after(killAfterMs, () => child.kill("SIGKILL"));
      await gone;
      timer.cancel();
    },
    hang: () => void child.kill("SIGSTOP"),
    resume: () => void child.kill("SIGCONT"),
  };
}

const answerLimitMs = 60_000;

/** Asks a server that was just started until it answers; fails with what it said last, and the end of its log. */
export async function answers<T>(server: ServerProcess, logFile: string, ask: () => Promise<T>): Promise<T> {
  for (const until = systemClock.now() + answerLimitMs; ; ) {
    try {
      return await ask();
    } catch (error) {
      const { exitCode, spawnfile } = server.process;
      if (exitCode !== null || systemClock.now() > until) {
        const log = readFileSync(logFile, "utf8").trimEnd().split("\n").slice(-10).join("\n");
        throw new Error(`${spawnfile} does not answer: ${error}\n${log}`, { cause: error });
      }
    }
    await sleep(systemClock, 100);
  }
}
