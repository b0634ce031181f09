import { type ChildProcess, spawn } from "node:child_process";
import { openSync, readFileSync } from "node:fs";

export { freePorts } from "@bellows/triggers/test-servers/server-process";

export interface ManagedProcess {
  /** Ends it by its id: SIGTERM, after ten seconds SIGKILL. Resolves when it is gone. */
  stop(): Promise<void>;
  /** SIGTERM, and no more than that within the half minute that a pod has. */
  end(): Promise<Ended>;
  /** Whether it has ended, by itself or not. */
  hasEnded(): boolean;
}

/** How a process ended, and how long it took. */
export interface Ended {
  /** null: a signal killed it. */
  readonly exitCode: number | null;
  readonly ms: number;
}

const killAfterMs = 10_000;
const graceMs = 30_000;

const running = new Set<ChildProcess>();
// A run that is killed leaves nothing behind.
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/**
 * Starts a program whose output goes to `logFile`.
 * @param env  variables besides those of this process
 */
export function startProcess(
  program: string,
  args: readonly string[],
  logFile: string,
  env: Readonly<Record<string, string>> = {},
): ManagedProcess {
  const log = openSync(logFile, "a");
  const child = spawn(program, args, { stdio: ["ignore", log, log], env: { ...process.env, ...env } });
  const gone = goneOf(child);
  running.add(child);
  void gone.then(() => running.delete(child));
  const told = async (patienceMs: number) => {
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), patienceMs);
    await gone;
    clearTimeout(timer);
  };
  return {
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    stop: () => told(killAfterMs),
    async end() {
      const from = performance.now();
      await told(graceMs);
      return { exitCode: child.exitCode, ms: performance.now() - from };
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
