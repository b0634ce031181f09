import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type Client, createClient, type HttpTransport, httpTransport } from "@bellows/kube";
import { parse } from "yaml";

const root = resolve(fileURLToPath(import.meta.url), "../../../../..");

/** A sandbox in processes of its own. */
export interface SandboxProcess {
  readonly kubeconfig: string;
  /** As its administrator, over HTTPS. */
  readonly client: Client;
  /** From the start of the command until it printed `ready`. */
  readonly readyMs: number;
  /** The most memory its process has had so far, in MiB; undefined where the system has no /proc. */
  peakMebibytes(): number | undefined;
  stop(): Promise<void>;
}

/** Runs `npm start -- ...` as a user types it, on free ports; resolves once it is ready, rejects where it ends before. */
export async function startSandboxProcess(args: readonly string[], monotonicMs: () => number): Promise<SandboxProcess> {
  const folder = mkdtempSync(join(tmpdir(), "bellows-bench-"));
  const kubeconfig = join(folder, "kubeconfig");
  const options = ["--port", "0", "--metrics-port", "0", "--kubeconfig", kubeconfig, ...args];
  const startedAt = monotonicMs();
  // A group of its own: it is stopped, and its memory read, as a whole.
  const child = spawn("npm", ["start", "--", ...options], { cwd: root, detached: true });
  await printed(child, /^ready/m);
  const readyMs = monotonicMs() - startedAt;
  const group = child.pid as number;
  const transport = transportOf(kubeconfig);
  return {
    kubeconfig,
    client: createClient(transport),
    readyMs,
    peakMebibytes: () => peakOfGroup(group),
    async stop() {
      await transport.close();
      const exited = new Promise((done) => child.once("exit", done));
      process.kill(-group, "SIGINT");
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface KubeconfigFile {
  readonly clusters: readonly [{ cluster: { server: string; "certificate-authority-data": string } }];
  readonly users: readonly [{ user: { token: string } }];
}

/** What requests to the sandbox are made with, by a kubeconfig that it wrote. */
export function credentialsOf(kubeconfig: string) {
  const { clusters, users } = parse(readFileSync(kubeconfig, "utf8")) as KubeconfigFile;
  const { server, "certificate-authority-data": ca } = clusters[0].cluster;
  const headers = { authorization: `Bearer ${users[0].user.token}` };
  return { server, headers, ca: Buffer.from(ca, "base64") };
}

/** A transport with connections of its own. */
export function transportOf(kubeconfig: string): HttpTransport {
  const { server, headers, ca } = credentialsOf(kubeconfig);
  return httpTransport({ server, credentials: () => ({ headers, ca }) });
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

/** Of npm, its launcher and the sandbox, the sandbox is by far the largest. */
function peakOfGroup(group: number): number | undefined {
  let processes: string[];
  try {
    processes = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  } catch {
    return undefined;
  }
  const peaks = processes.flatMap((pid) => {
    try {
      // After the name in parentheses: state, parent, group.
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      if (Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[2]) !== group) return [];
      const kibibytes = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
      return kibibytes === undefined ? [] : [Number(kibibytes) / 1024];
    } catch {
      return []; // It ended meanwhile.
    }
  });
  return peaks.length > 0 ? Math.max(...peaks) : undefined;
}
