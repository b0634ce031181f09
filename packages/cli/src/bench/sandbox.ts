import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Deployment, Pod } from "@bellows/api";
import { type Client, sleep, systemClock } from "@bellows/kube";
import type { BenchRow } from "@bellows/kube/bench";
import { parseScenario, runScenario } from "@bellows/sandbox/simulator";
import { manifestsAt } from "../scenario.ts";
import { benchRow } from "./report.ts";
import { type SandboxProcess, startSandboxProcess } from "./sandbox-process.ts";
import { benchWatch } from "./sandbox-watch.ts";

const root = resolve(fileURLToPath(import.meta.url), "../../../../..");

/** Measures the sandbox as its users meet it. `monotonicMs` is a clock for measuring. */
export async function benchSandbox(monotonicMs: () => number, progress: (line: string) => void): Promise<BenchRow[]> {
  progress("npm start to ready");
  const ready = await repeat(5, async () => {
    const sandbox = await startSandboxProcess([], monotonicMs);
    await sandbox.stop();
    return sandbox.readyMs / 1000;
  });
  progress("examples/hpa/scenario.yaml");
  const walkThrough = await repeat(5, () => walkThroughSeconds(monotonicMs));
  progress("500 nodes, 5,000 pods");
  const large = await benchLarge(monotonicMs, progress);
  progress("watch events to 20 watchers");
  const watch = await benchWatch(monotonicMs);
  return [
    benchRow("npm start to ready (3 nodes)", "s", ready, { atMost: 3 }),
    benchRow("examples/hpa, 25 simulated minutes, seed 1", "s", walkThrough, { atMost: 5 }),
    ...large,
    ...watch,
  ];
}

async function repeat(runs: number, measure: () => Promise<number>): Promise<number[]> {
  const values: number[] = [];
  for (let run = 0; run < runs; run++) values.push(await measure());
  return values;
}

async function walkThroughSeconds(monotonicMs: () => number): Promise<number> {
  const file = join(root, "examples/hpa/scenario.yaml");
  const scenario = parseScenario(readFileSync(file, "utf8"), file);
  const startedAt = monotonicMs();
  const { failed } = await runScenario(scenario, { read: (path) => manifestsAt(join(dirname(file), path)) }, () => {});
  if (failed > 0) throw new Error(`${file}: ${failed} checks failed`);
  return (monotonicMs() - startedAt) / 1000;
}

const largeNodes = 500;
const largePods = 5000;
const podsEach = 100;

/** 500 nodes in real time, then 5,000 pods by 50 Deployments, over HTTPS. */
async function benchLarge(monotonicMs: () => number, progress: (line: string) => void): Promise<BenchRow[]> {
  const running: number[] = [];
  const memory: number[] = [];
  const listed: number[] = [];
  let how = "";
  for (let run = 0; run < 3; run++) {
    const startedAt = monotonicMs();
    const sandbox = await startSandboxProcess(
      ["--nodes", String(largeNodes), "--instance-type", "m5.large"],
      monotonicMs,
    );
    await createDeployments(sandbox.client);
    await allRunning(sandbox.client);
    running.push((monotonicMs() - startedAt) / 1000);
    const gets = await getPods(sandbox, monotonicMs);
    how = gets.how;
    listed.push(...gets.seconds);
    const peak = sandbox.peakMebibytes();
    if (peak !== undefined) memory.push(peak);
    await sandbox.stop();
    progress(`  run ${run + 1}: ${running.at(-1)?.toFixed(1)} s, ${peak?.toFixed(0)} MiB`);
  }
  return [
    benchRow("npm start to 500 nodes, 5,000 pods Running", "s", running, { atMost: 60 }),
    ...(memory.length > 0 ? [benchRow("its peak memory", "MiB", memory, { atMost: 1024 })] : []),
    benchRow(`${how} at 5,000 pods`, "s", listed, { atMost: 1.5 }),
  ];
}

async function createDeployments(client: Client): Promise<void> {
  for (let index = 0; index < largePods / podsEach; index++) {
    const name = `load-${index}`;
    const container = { name: "main", image: "nginx", resources: { requests: { cpu: "100m", memory: "64Mi" } } };
    await client.create(Deployment, {
      metadata: { name, namespace: "default" },
      spec: {
        replicas: podsEach,
        selector: { matchLabels: { app: name } },
        template: { metadata: { labels: { app: name } }, spec: { containers: [container] } },
      },
    });
  }
}

async function allRunning(client: Client): Promise<void> {
  for (;;) {
    const page = await client.list(Pod, { namespace: "default", fieldSelector: "status.phase=Running", limit: 1 });
    if ((page.remainingItemCount ?? 0) + page.items.length >= largePods || (await runningCount(client)) >= largePods)
      return;
    await sleep(systemClock, 250);
  }
}

async function runningCount(client: Client): Promise<number> {
  const { items } = await client.list(Deployment, { namespace: "default" });
  return items.reduce((sum, { status }) => sum + (status?.readyReplicas ?? 0), 0);
}

/** By kubectl where it is installed, else by the request that it makes. */
async function getPods({ kubeconfig, client }: SandboxProcess, monotonicMs: () => number) {
  const hasKubectl = spawnSync("kubectl", ["version", "--client"], { stdio: "ignore" }).status === 0;
  const seconds = await repeat(5, async () => {
    const startedAt = monotonicMs();
    if (hasKubectl)
      await exited(spawn("kubectl", ["--kubeconfig", kubeconfig, "get", "pods", "-A"], { stdio: "ignore" }));
    else await client.raw("/api/v1/pods", { limit: "500" });
    return (monotonicMs() - startedAt) / 1000;
  });
  return { how: hasKubectl ? "kubectl get pods -A" : "GET of the first 500 (no kubectl)", seconds };
}

const exited = (child: ReturnType<typeof spawn>): Promise<void> =>
  new Promise((resolveExit, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => (code === 0 ? resolveExit() : reject(new Error(`kubectl ended with ${code}`))));
  });
