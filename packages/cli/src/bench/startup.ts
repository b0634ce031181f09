import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BenchRow } from "@bellows/kube/bench";
import { buildBundle } from "./build-bundle.ts";
import { imageEnvironment, imageFlags } from "./image-runtime.ts";
import { benchRow } from "./report.ts";

const runs = 15;
const token = "--dashboard-token=only-for-the-bench";
const simulated = ["--cloud=simulated", "--cluster-name=bench"];
const everyController = "hpa,cpa,event-scaler,node-provisioner,dashboard";

/** The arguments that each needs to start. */
const commands: Readonly<Record<string, readonly string[]>> = {
  hpa: [],
  cpa: [],
  "event-scaler": [],
  "node-provisioner": simulated,
  dashboard: [token],
  all: [`--controllers=${everyController}`, token, ...simulated],
};

/** From the start of the bundle's process until /healthz answers; a start must not need an API server. */
export async function benchStartup(monotonicMs: () => number, progress: (line: string) => void): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), "bellows-startup-"));
  try {
    progress("building the bundle");
    buildBundle(join(folder, "app"));
    const kubeconfig = join(folder, "kubeconfig");
    writeFileSync(kubeconfig, JSON.stringify(noServer));
    const rows: BenchRow[] = [];
    for (const [name, args] of Object.entries(commands)) {
      const took: number[] = [];
      for (let run = 0; run < runs; run++)
        took.push(await start([name, ...args], join(folder, "app"), kubeconfig, monotonicMs));
      rows.push(benchRow(`bellows ${name}: start until /healthz answers`, "ms", took, { atMost: 400 }));
    }
    return rows;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const noServer = {
  clusters: [{ name: "none", cluster: { server: "https://127.0.0.1:1" } }],
  users: [{ name: "none", user: { token: "none" } }],
  contexts: [{ name: "none", context: { cluster: "none", user: "none" } }],
  "current-context": "none",
};

/** The address is in the line that is logged once it is served; the time counts until an answer has come from it. */
function start(
  command: readonly string[],
  app: string,
  kubeconfig: string,
  monotonicMs: () => number,
): Promise<number> {
  const startedAt = monotonicMs();
  const child = spawn(
    process.execPath,
    [
      ...imageFlags(),
      join(app, "bellows.mjs"),
      ...command,
      "--bind-address=127.0.0.1",
      "--metrics-port=0",
      `--kubeconfig=${kubeconfig}`,
    ],
    // Nothing else is on the module path.
    { cwd: app, env: imageEnvironment(), stdio: ["ignore", "pipe", "inherit"] },
  );
  return new Promise((done, fail) => {
    let text = "";
    let asked = false;
    let took = Number.NaN;
    child.stdout.on("data", (chunk) => {
      text += chunk;
      const [, address] = /"address":"([^"]+)"/.exec(text) ?? [];
      if (!address || asked) return;
      asked = true;
      get(`http://${address}/healthz`, (answer) => {
        took = monotonicMs() - startedAt;
        answer.resume();
        child.kill("SIGTERM");
      }).on("error", fail);
    });
    child.once("exit", () =>
      Number.isNaN(took) ? fail(new Error(`bellows ${command[0]} ended: ${text}`)) : done(took),
    );
  });
}
