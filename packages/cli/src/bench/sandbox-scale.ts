import { spawnSync } from "node:child_process";
import { Deployment } from "@bellows/api";
import { type BenchRow, type Client, createClient, kubeconfigTransport, sleep, systemClock } from "@bellows/kube";
import { measured } from "./measure.ts";
import { startProcess } from "./sandbox-process.ts";

export interface Scale {
  readonly nodes: number;
  readonly deployments: number;
  readonly replicas: number;
}

/**
 * A sandbox with many nodes and pods, from the start of its command until every pod runs: in real time over HTTPS, with
 * the default timing of the kubelets (images are pulled). The nodes join in the past that a new sandbox is given.
 */
export async function benchScale(
  runs: number,
  { nodes, deployments, replicas }: Scale,
  nowMs: () => number,
): Promise<BenchRow[]> {
  const seconds: number[] = [];
  const mebibytes: number[] = [];
  const listSeconds: number[] = [];
  const pods = deployments * replicas;
  for (let run = 0; run < runs; run++) {
    const startedAt = nowMs();
    const sandbox = await startProcess("node", ["--nodes", String(nodes), "--seed", String(run + 1)], nowMs);
    try {
      const transport = await kubeconfigTransport({ kubeconfig: sandbox.kubeconfig });
      const client = createClient(transport);
      for (let index = 0; index < deployments; index++)
        await client.create(Deployment, deployment(`web-${index}`, replicas));
      await allReady(client, pods);
      seconds.push((nowMs() - startedAt) / 1000);
      for (let list = 0; list < 3; list++) listSeconds.push(listPods(sandbox.kubeconfig, nowMs) / 1000);
      const peak = sandbox.peakMebibytes();
      if (peak !== undefined) mebibytes.push(peak);
      await transport.close();
    } finally {
      await sandbox.stop();
    }
  }
  return [
    measured(`${nodes} nodes Ready and ${pods} pods Running, from nothing`, "s", seconds, { atMost: 60 }),
    ...(mebibytes.length > 0
      ? [measured("  peak resident memory of the sandbox", "MiB", mebibytes, { atMost: 1024 })]
      : []),
    ...(listSeconds.some(Number.isNaN) ? [] : [measured("  kubectl get pods -A", "s", listSeconds, { atMost: 1.5 })]),
  ];
}

const deployment = (name: string, replicas: number): Deployment =>
  ({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace: "default" },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          containers: [
            {
              name: "main",
              image: "registry.k8s.io/pause:3.10",
              resources: { requests: { cpu: "100m", memory: "64Mi" } },
            },
          ],
        },
      },
    },
  }) as Deployment;

async function allReady(client: Client, pods: number): Promise<void> {
  for (let attempt = 0; attempt < 1200; attempt++) {
    const { items } = await client.list(Deployment, { namespace: "default" });
    if (items.reduce((sum, { status }) => sum + (status?.readyReplicas ?? 0), 0) >= pods) return;
    await sleep(systemClock, 250);
  }
  throw new Error(`${pods} pods did not become ready within 5 minutes`);
}

/** NaN where there is no kubectl. */
function listPods(kubeconfig: string, nowMs: () => number): number {
  const startedAt = nowMs();
  const args = ["--kubeconfig", kubeconfig, "get", "pods", "-A"];
  const { status } = spawnSync("kubectl", args, { maxBuffer: 2 ** 28 });
  return status === 0 ? nowMs() - startedAt : Number.NaN;
}
