import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Ended, freePorts, lastLines, startProcess } from "../control-plane/process.ts";

/** What `bellows` is. */
export const main: string = resolve(import.meta.dirname, "../../../packages/cli/src/main.ts");

export interface ControllerOptions {
  /** Whose rights it has: an administrator's, or a service account's. */
  readonly kubeconfig: string;
  /** Flags besides the kubeconfig and the port. */
  readonly args?: readonly string[];
  /** Variables besides those of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Where its log goes. */
  readonly folder: string;
}

/** `bellows NAME` as a process of its own. */
export interface RunningController {
  /** Where it serves /metrics and health. */
  readonly url: string;
  /** The lines that it has logged, one JSON text each. */
  logLines(): readonly string[];
  /** The end of its log, for a message. */
  lastLines(): string;
  /** Why it is not ready, in its own words; undefined where it is. */
  notReady(): Promise<string | undefined>;
  stop(): Promise<void>;
  /** SIGTERM, as a kubelet ends it. */
  end(): Promise<Ended>;
}

let count = 0;

const startLimitMs = 60_000;

/**
 * Starts `bellows NAME` with a kubeconfig, as on a machine beside the cluster. Resolves when it answers probes; throws
 * with the end of its log where it ends instead.
 */
export async function startController(name: string, options: ControllerOptions): Promise<RunningController> {
  const { kubeconfig, args = [], env, folder } = options;
  const [port] = await freePorts(1);
  const logFile = join(folder, `bellows-${name}-${++count}.log`);
  const listening = ["--bind-address", "127.0.0.1", "--metrics-port", String(port)];
  const child = startProcess(
    process.execPath,
    ["--enable-source-maps", main, name, "--kubeconfig", kubeconfig, ...listening, ...args],
    logFile,
    env,
  );
  const url = `http://127.0.0.1:${port}`;
  const answers = () => fetch(`${url}/healthz`).then(Boolean, () => false);
  for (const until = Date.now() + startLimitMs; !(await answers()); ) {
    if (child.hasEnded()) throw new Error(`bellows ${name} ended: ${lastLines(logFile)}`);
    if (Date.now() > until) {
      await child.stop();
      throw new Error(`bellows ${name} does not answer probes: ${lastLines(logFile)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    url,
    logLines: () =>
      readFileSync(logFile, "utf8")
        .split("\n")
        .filter((line) => line.startsWith("{")),
    lastLines: () => lastLines(logFile),
    async notReady() {
      if (child.hasEnded()) return `it ended: ${lastLines(logFile)}`;
      try {
        const answer = await fetch(`${url}/readyz?verbose`, { signal: AbortSignal.timeout(5000) });
        return answer.ok ? undefined : await answer.text();
      } catch (error) {
        return `no answer: ${error instanceof Error ? error.message : error}`;
      }
    },
    stop: () => child.stop(),
    end: () => child.end(),
  };
}
