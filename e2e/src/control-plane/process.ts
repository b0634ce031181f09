import { type ChildProcess, spawn } from "node:child_process";
import { openSync, readFileSync } from "node:fs";
import { createServer } from "node:net";

export interface ManagedProcess {
  /** Ends it by its id: SIGTERM, after ten seconds SIGKILL. Resolves when it is gone. */
  stop(): Promise<void>;
  /** Whether it has ended, by itself or not. */
  hasEnded(): boolean;
}

const killAfterMs = 10_000;

const running = new Set<ChildProcess>();
// A run that is killed leaves nothing behind.
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** Starts a program whose output goes to `logFile`. */
export function startProcess(program: string, args: readonly string[], logFile: string): ManagedProcess {
  const log = openSync(logFile, "a");
  const child = spawn(program, args, { stdio: ["ignore", log, log] });
  const gone = goneOf(child);
  running.add(child);
  void gone.then(() => running.delete(child));
  return {
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    async stop() {
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), killAfterMs);
      await gone;
      clearTimeout(timer);
    },
  };
}

const goneOf = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.once("error", () => resolve());
  });

/** The end of a log, for whoever must find out why a part did not come up. */
export const lastLines = (file: string, lines = 15): string =>
  readFileSync(file, "utf8").trimEnd().split("\n").slice(-lines).join("\n");

/** What was given out and may not be listened at yet. */
const given = new Set<number>();

/** TCP ports of this machine that nothing listens on; never one twice. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));
    if (given.has(port)) continue;
    given.add(port);
    ports.push(port);
  }
  return ports;
}
