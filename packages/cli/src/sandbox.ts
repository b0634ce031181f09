import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { dashboardRoutes } from "@bellows/dashboard";
import { createLogger, systemClock } from "@bellows/kube";
import { type BellowsController, type RunningSandbox, startSandbox } from "@bellows/sandbox";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../../..");

export interface SandboxCommandOptions {
  readonly host: string;
  readonly port: number;
  readonly metricsPort: number;
  readonly speed: number;
  readonly seed?: number;
  readonly region: string;
  readonly clusterName: string;
  readonly nodes: number;
  readonly instanceType: string;
  readonly controllers: readonly BellowsController[];
  readonly kubeconfig: string;
  readonly dataDir?: string;
  readonly verbose: boolean;
}

export const defaultKubeconfig = resolve(root, ".bellows/kubeconfig");

/** Runs the sandbox until it is told to stop. Prints `ready` and the addresses once kubectl can use it. */
export async function sandbox(options: SandboxCommandOptions, print: (line: string) => void): Promise<void> {
  const startedAt = systemClock.now();
  const { nodes, instanceType, verbose } = options;
  const running = await startSandbox({
    ...options,
    nodeGroups: [
      { name: "ng1", instanceType, minSize: Math.min(nodes, 3), maxSize: Math.max(nodes, 6), desiredCapacity: nodes },
    ],
    page: dashboardRoutes,
    log: createLogger({ level: verbose ? "info" : "warn", destination: "stderr" }),
  });
  writeKubeconfig(options.kubeconfig, running.kubeconfig);
  for (const line of greeting(options, running, systemClock.now() - startedAt)) print(line);
  await stopSignal();
  print("stopping");
  await running.stop();
}

/** The file holds a token: only its owner may read it. */
function writeKubeconfig(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text, { mode: 0o600 });
  chmodSync(file, 0o600);
}

function greeting(
  options: SandboxCommandOptions,
  { url, metricsUrl, pageUrl }: RunningSandbox,
  tookMs: number,
): string[] {
  const { region, nodes, instanceType, speed, controllers } = options;
  return [
    `ready in ${(tookMs / 1000).toFixed(1)} s: Kubernetes 1.35 in ${region}, ${nodes} x ${instanceType}${speed === 1 ? "" : `, time x ${speed}`}`,
    "",
    `  kubeconfig    export KUBECONFIG=${shellWord(relative(process.cwd(), options.kubeconfig))}`,
    `  API server    ${url}`,
    `  dashboard     ${pageUrl}`,
    `  metrics       ${metricsUrl}`,
    `  controllers   ${controllers.join(", ") || "none"}`,
    "",
    "Try: kubectl get nodes    Stop: Ctrl-C",
  ];
}

/** Relative only where that is below the present folder. */
const shellWord = (path: string) => (path.startsWith("..") ? resolve(path) : `$PWD/${path}`);

function stopSignal(): Promise<void> {
  return new Promise((done) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => done());
  });
}
