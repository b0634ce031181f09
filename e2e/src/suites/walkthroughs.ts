import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { silentLogger, systemClock, systemRandom } from "@bellows/kube";
import { startNodes } from "@bellows/sandbox";
import { serveCloud } from "@bellows/sandbox/cloud-http";
import { serveMetricsApi } from "../control-plane/metrics-api.ts";
import { freePorts } from "../control-plane/process.ts";
import { quickMachines } from "../control-plane/quick-machines.ts";
import { installChart, type PartName } from "../controllers/installed-chart.ts";
import type { Case, Suite, SuiteContext } from "../suite.ts";
import { allExamples, type Example } from "../walkthroughs/example.ts";
import { walkThrough } from "../walkthroughs/real-time.ts";
import { nodesReady } from "./waiting.ts";

/** So many walk-throughs run at a time, each on a control plane of its own: most of their time is waiting. */
const atOnce = 4;

/** Five minutes of stabilization are less here; everything else is as the examples have it. */
const hpaConfig = { horizontalPodAutoscalerDownscaleStabilization: "90s" };

/** What of the chart's `config` an example needs besides, by its folder. */
const configs: Readonly<Record<string, Partial<Record<PartName, Readonly<Record<string, unknown>>>>>> = {
  cpa: {
    cpa: {
      target: "deployment/nginx-deployment",
      configmap: "cluster-proportional-autoscaler",
      namespace: "default",
      // The example has upstream's Deployment, whose pod has no machine to run on: ours takes its place.
      ignoreNeighbours: true,
    },
  },
};

/** Examples that real time is too slow for, and where they are checked instead. */
const elsewhere: Readonly<Record<string, string>> = {
  "keda-cron": "its schedule is in real time: the suite event-scaler moves it to the next minute",
  "complaints/cron-windows": "three schedules of a day, in real time",
};

/** Why an example can't run here; undefined where it can. */
function reasonToSkip({ name, scenario }: Example): string | undefined {
  if (elsewhere[name]) return elsewhere[name];
  const able = ["at", "kubectl", "apply", "manifest", "source"];
  const unable = scenario.actions.flatMap((action) => Object.keys(action).filter((key) => !able.includes(key)));
  return unable.length > 0 ? `only the sandbox can do this: ${[...new Set(unable)].join(", ")}` : undefined;
}

/** An example in its own world: its node groups, and its controllers as processes with what the chart gives them. */
async function run(example: Example, context: SuiteContext): Promise<void> {
  const { controlPlane } = context;
  const { name, scenario } = example;
  const { nodeGroups, region, clusterName, controllers } = scenario.world;
  await using undo = new AsyncDisposableStack();
  const [cloudPort = 0] = await freePorts(1);
  const simulated = { cloud: "simulated", simulatedCloudUrl: `http://127.0.0.1:${cloudPort}`, clusterName, region };
  const config = (part: PartName) => ({
    ...(part === "hpa" && hpaConfig),
    ...(part === "node-provisioner" && simulated),
    ...configs[name]?.[part],
  });
  const parts = Object.fromEntries(controllers.map((part) => [part, config(part)]));
  // Before the nodes: its definitions are those that are used, and none of its pods must run.
  const chart = await installChart(parts, "bellows-system", context);
  undo.defer(() => chart.remove());
  const shared = { client: controlPlane.client, clock: systemClock, random: systemRandom };
  const nodes = await startNodes({ ...shared, ...quickMachines, region, clusterName, nodeGroups });
  undo.defer(() => nodes.remove());
  const cloud = await serveCloud(nodes.cloud, { log: silentLogger, port: cloudPort });
  undo.defer(() => cloud.close());
  await nodesReady(
    nodeGroups.reduce((sum, { desiredCapacity }) => sum + desiredCapacity, 0),
    context,
  );
  undo.defer(await serveMetricsApi(controlPlane, nodes.metricsServer));
  const running = [...(await chart.start()).values()];
  await walkThrough({ example, logLines: () => running.flatMap((controller) => controller.logLines()) }, context);
}

/** On a control plane of its own, where one can be had. */
async function runAlone(example: Example, context: SuiteContext): Promise<void> {
  if (!context.startControlPlane) return run(example, context);
  const controlPlane = await context.startControlPlane();
  const folder = join(context.folder, example.name);
  mkdirSync(folder, { recursive: true });
  try {
    await run(example, { ...context, controlPlane, folder });
  } finally {
    await controlPlane.stop();
  }
}

function* walkThroughCases(): Generator<Case> {
  // The longest first, each to the lane that has least to do, so that all lanes end at about the same time.
  const lanes = Array.from({ length: atOnce }, (_, index) => ({ name: String(index), ms: 0 }));
  const examples = allExamples().sort((one, other) => other.scenario.runFor - one.scenario.runFor);
  for (const example of examples) {
    const { name, scenario } = example;
    const skipped = reasonToSkip(example);
    const lane = lanes.reduce((best, one) => (one.ms < best.ms ? one : best));
    if (skipped === undefined) lane.ms += scenario.runFor;
    yield {
      name: `examples/${name}: ${scenario.name}`,
      lane: lane.name,
      ...(skipped !== undefined && { skipped }),
      run: (context) => runAlone(example, context),
    };
  }
}

/** The walk-throughs of `examples/` on the real API server, its scheduler and its workload controllers. */
export const walkThroughs: Suite = { name: "walkthroughs", beside: true, cases: [...walkThroughCases()] };
