import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, openSync, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { sleep, systemClock } from "@bellows/kube";

/** A server that a test reads: a process of its own on free ports. */
export interface ServerProcess {
  readonly process: ChildProcess;
  /** SIGTERM, after five seconds SIGKILL. Resolves when it is gone. */
  stop(): Promise<void>;
  /** It keeps its connections and answers nothing until it is resumed. Resolves when nothing of it runs any more. */
  hang(): Promise<void>;
  resume(): void;
}

/** Whether a program answers on this machine. */
export const hasProgram = (program: string, ...args: readonly string[]): boolean =>
  spawnSync(program, args, { stdio: "ignore", timeout: 60_000 }).status === 0;

/** Ports below those that a system gives to whoever connects or asks for any: none is taken before it is listened at. */
const lowestPort = 10_240;
const portCount = 19_000;
/** Each process begins at a place of its own, so that those beside it look elsewhere. */
let tried = process.pid * 61;

/** Ports of this machine that nobody listens on; never one twice. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = lowestPort + (tried++ % portCount);
    if (await isFree(port)) ports.push(port);
  }
  return ports;
}

/** At any of the machine's addresses. */
async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen(port), "listening");
    await once(server.close(), "close");
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EADDRINUSE") return false;
    throw error;
  }
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
    hang: () => standStill(child.pid ?? 0),
    resume: () => processesOf(child.pid ?? 0).forEach((pid) => void signal(pid, "SIGCONT")),
  };
}

/** A signal takes effect when the system gets round to it; until then a server may still answer. */
async function standStill(pid: number): Promise<void> {
  if (!signal(pid, "SIGSTOP")) return;
  while (isRunning(pid)) await sleep(systemClock, 1);
  // From now on it has no more children.
  await Promise.all(childrenOf(pid).map(standStill));
}

/** False where it has ended. */
function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
}

const processesOf = (pid: number): number[] => [pid, ...childrenOf(pid).flatMap(processesOf)];

/** Where there is no /proc, a server is taken for one process, which stands still at once. */
const linuxProcesses = "/proc";

function childrenOf(pid: number): number[] {
  return tasksOf(pid)
    .flatMap((task) => readOf(`${task}/children`).match(/\d+/g) ?? [])
    .map(Number);
}

/** Whether any of its threads may still do something: is neither stopped (T) nor at its end (X, Z). */
const isRunning = (pid: number): boolean =>
  tasksOf(pid).some((task) => /\) [^TXZ]/.test(readOf(`${task}/stat`).replace(/^.*(?=\))/s, "")));

function tasksOf(pid: number): string[] {
  const tasks = `${linuxProcesses}/${pid}/task`;
  return existsSync(tasks) ? readdirSync(tasks).map((task) => `${tasks}/${task}`) : [];
}

/** Nothing where the thread has ended meanwhile. */
function readOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

const answerLimitMs = 120_000;

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
