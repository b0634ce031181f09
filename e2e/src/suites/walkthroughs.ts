import { Node } from "@bellows/api";
import { createCache, createLogger, createManager, systemClock, systemRandom } from "@bellows/kube";
import { nodeProvisionerControllers } from "@bellows/node-provisioner";
import { type RunningNodes, startNodes } from "@bellows/sandbox";
import { Registry } from "prom-client";
import { serveMetricsApi } from "../control-plane/metrics-api.ts";
import { type ControllerOptions, startController } from "../controllers/controller.ts";
import type { Case, Suite, SuiteContext } from "../suite.ts";
import { walkThrough } from "../walkthroughs/real-time.ts";
import { nodesReady } from "./waiting.ts";

const clusterName = "bellows";
let nodes: RunningNodes | undefined;

/** A walk-through with a controller as a process of its own. */
const byProcess = (example: string, lane: string, args: ControllerOptions["args"]): Case => ({
  name: `examples/${example}, with bellows ${example} as a process`,
  lane,
  async run(context) {
    const { controlPlane, folder } = context;
    const controller = await startController(example, {
      kubeconfig: controlPlane.kubeconfig,
      folder,
      args: ["--leader-elect=false", ...(args ?? [])],
    });
    try {
      await walkThrough({ example, clusterName, logLines: controller.logLines }, context);
    } finally {
      await controller.stop();
    }
  },
});

/** A walk-through with the node provisioner in this process, because its cloud is here. */
const byProvisioner = (example: string, lane: string): Case => ({
  name: `examples/${example}, with the node provisioner beside its simulated cloud`,
  lane,
  async run(context: SuiteContext) {
    const { client } = context.controlPlane;
    if (!nodes) throw new Error("there are no nodes");
    // The groups of these examples have no room for a pod of one CPU; the one here would.
    for (const { metadata } of (await client.list(Node)).items)
      await client.patch(Node, { name: metadata.name }, { type: "merge", body: { spec: { unschedulable: true } } });
    const lines: string[] = [];
    const log = createLogger({ name: "node-provisioner", destination: { write: (line) => void lines.push(line) } });
    const parts = { client, clock: systemClock, random: systemRandom, log };
    const cache = createCache(parts);
    const manager = createManager({ ...parts, cache, metrics: new Registry() });
    const running = await manager.add(...nodeProvisionerControllers({ cloud: nodes.cloud, clusterName })).start();
    try {
      await walkThrough({ example, clusterName, logLines: () => lines }, context);
    } finally {
      await running.stop();
      cache.stop();
    }
  },
});

/**
 * The walk-throughs of `examples/` on the real API server, its scheduler and its workload controllers. Those whose
 * checks count nodes share a lane.
 */
export const walkThroughs: Suite = {
  name: "walkthroughs",
  async start(context) {
    const { client } = context.controlPlane;
    const group = { name: "ng1", instanceType: "t3.medium", minSize: 3, maxSize: 5, desiredCapacity: 3 };
    const started = await startNodes({
      client,
      clock: systemClock,
      random: systemRandom,
      region: "us-east-1",
      clusterName,
      nodeGroups: [group],
    });
    nodes = started;
    await nodesReady(3, context);
    const stopMetrics = await serveMetricsApi(context.controlPlane, started.metricsServer);
    return async () => {
      nodes = undefined;
      started.stop();
      await stopMetrics();
    };
  },
  cases: [
    // Five minutes of stabilization are less here; everything else is as the example has it.
    byProcess("hpa", "pods", ["--horizontal-pod-autoscaler-downscale-stabilization=90s"]),
    byProcess("cpa", "nodes", [
      "--target=deployment/nginx-deployment",
      "--configmap=cluster-proportional-autoscaler",
      "--namespace=default",
    ]),
    byProvisioner("nodepool", "nodes"),
    byProvisioner("karpenter-provisioner", "nodes"),
  ],
};
