import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const root = resolve(dirname(fileURLToPath(import.meta.url)), "../../../..");

export interface SandboxProcess {
  readonly kubeconfig: string;
  /** From the start of the command until it printed `ready`. */
  readonly readyMs: number;
  /** The most memory the process has had so far, in MiB; undefined where the system does not tell (it is read from /proc). */
  peakMebibytes(): number | undefined;
  stop(): Promise<void>;
}

/** `npm start -- ...` as a user types it, or the bellows command alone, on free ports. Resolves once it is ready. */
export async function startProcess(
  how: "npm" | "node",
  args: readonly string[],
  nowMs: () => number,
): Promise<SandboxProcess> {
  const folder = mkdtempSync(join(tmpdir(), "bellows-bench-"));
  const kubeconfig = join(folder, "kubeconfig");
  const options = ["--port", "0", "--metrics-port", "0", "--kubeconfig", kubeconfig, ...args];
  const startedAt = nowMs();
  // In a process group of its own: npm does not hand signals on to what it runs.
  const child =
    how === "npm"
      ? spawn("npm", ["start", "--", ...options], { cwd: root, detached: true })
      : spawn(process.execPath, [join(root, "packages/cli/src/main.ts"), "sandbox", ...options], {
          cwd: root,
          detached: true,
        });
  await printed(child, /^ready/m);
  const readyMs = nowMs() - startedAt;
  return {
    kubeconfig,
    readyMs,
    peakMebibytes: () => peakOf(child.pid as number),
    async stop() {
      const exited = new Promise((done) => child.once("exit", done));
      process.kill(-(child.pid as number), "SIGINT");
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function printed(child: ChildProcess, what: RegExp): Promise<void> {
  let text = "";
  return new Promise((done, fail) => {
    child.stdout?.on("data", (chunk) => {
      text += chunk;
      if (what.test(text)) done();
    });
    child.stderr?.on("data", (chunk) => {
      text += chunk;
    });
    child.once("error", fail);
    child.once("exit", (code) => fail(new Error(`the sandbox ended with ${code} before it was ready:\n${text}`)));
  });
}

function peakOf(pid: number): number | undefined {
  try {
    const kibibytes = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return kibibytes === undefined ? undefined : Number(kibibytes) / 1024;
  } catch {
    return undefined;
  }
}
