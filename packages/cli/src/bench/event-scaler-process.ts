import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { imageEnvironment, imageFlags } from "./image-runtime.ts";

/** What a process has used since the last time it was asked (delay) or since its start. */
export interface Usage {
  readonly delayP99Ms: number;
  readonly delayMostMs: number;
  readonly rssMebibytes: number;
  readonly mostRssMebibytes: number;
  readonly cpuMs: number;
}

/** The event scaler as it runs in its image, in a process of its own. */
export interface EventScalerProcess {
  /** `127.0.0.1:PORT` of the external metrics API. */
  readonly address: string;
  usage(): Promise<Usage>;
  stop(): Promise<void>;
}

/** Starts the bundle; resolves once it serves the external metrics API. */
export async function startEventScaler(app: string, kubeconfig: string): Promise<EventScalerProcess> {
  const monitor = join(import.meta.dirname, "event-loop-monitor.mjs");
  const flags = ["--bind-address=127.0.0.1", "--metrics-port=0", "--secure-port=0", "--leader-elect=false"];
  const child = spawn(
    process.execPath,
    [
      ...imageFlags(),
      `--import=${monitor}`,
      join(app, "bellows.mjs"),
      "event-scaler",
      ...flags,
      "--register-api-service=false",
      "--register-webhooks=false",
      `--kubeconfig=${kubeconfig}`,
    ],
    { cwd: app, env: imageEnvironment(), stdio: ["ignore", "pipe", "inherit", "ipc"] },
  );
  return {
    address: await addressOf(child),
    usage: () =>
      new Promise((done) => {
        child.once("message", (usage) => done(usage as Usage));
        child.send("usage");
      }),
    async stop() {
      const exited = new Promise((done) => child.once("exit", done));
      child.kill("SIGTERM");
      await exited;
    },
  };
}

/** Where it serves the API server is in a line that it logs. */
function addressOf(child: ChildProcess): Promise<string> {
  let text = "";
  return new Promise((done, fail) => {
    child.stdout?.on("data", (chunk) => {
      if (text === "found") return;
      text += chunk;
      const [, address] = /serving the API server[^\n]*"address":"([^"]+)"/.exec(text) ?? [];
      if (!address) return;
      text = "found";
      done(address);
    });
    child.once("exit", (code) => fail(new Error(`bellows event-scaler ended with ${code}: ${text}`)));
  });
}
