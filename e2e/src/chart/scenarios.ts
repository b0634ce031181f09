import {
  BellowsHorizontalPodAutoscaler,
  CustomResourceDefinition,
  EC2NodeClass,
  Node,
  NodeClaim,
  NodePool,
  Pod,
  Secret,
} from "@bellows/api";
import { publishPort } from "../control-plane/host-service.ts";
import { freePorts } from "../control-plane/process.ts";
import type { RunningController } from "../controllers/controller.ts";
import { startFromChart } from "../controllers/start-from-chart.ts";
import type { SuiteContext } from "../suite.ts";
import { waitFor } from "../suites/waiting.ts";
import { kubectl, chartNamespace as namespace } from "./chart.ts";
import { eventsScale, eventsScaleWithHpa, vaultSecret } from "./event-scenarios.ts";
import { applied, deleted, eventTells, replicasAre, workload } from "./workload.ts";

/** What a controller must do with the rights that the chart gives it. */
export interface Scenario {
  /** The controller, as `bellows NAME`. */
  readonly name: string;
  /** Values of the chart that choose it. No replicas: the process of the test is the only one. */
  readonly values: readonly string[];
  /** Names of the ports that the API server asks it on, by their flag. */
  readonly ports?: Readonly<Record<string, { readonly service: string; readonly portName: string }>>;
  /** What its pod needs before it starts. */
  readonly before?: (context: SuiteContext) => Promise<unknown>;
  readonly run: (context: SuiteContext, running: RunningController) => Promise<void>;
}

async function hpaScales(context: SuiteContext, running: RunningController): Promise<void> {
  const manifest = `${workload("chart-hpa")}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: chart-hpa, namespace: ${namespace} }
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: chart-hpa }
  minReplicas: 3
  maxReplicas: 5
  metrics: [{ type: Resource, resource: { name: cpu, target: { type: Utilization, averageUtilization: 50 } } }]
---
apiVersion: apps/v1
kind: ReplicaSet
metadata: { name: chart-twin, namespace: ${namespace} }
spec:
  replicas: 1
  selector: { matchLabels: { app: chart-twin } }
  template:
    metadata: { labels: { app: chart-twin } }
    spec: { containers: [{ name: app, image: "registry.k8s.io/pause:3.10" }] }
---
apiVersion: autoscaling.bellows.dev/v2
kind: HorizontalPodAutoscaler
metadata: { name: chart-twin, namespace: ${namespace} }
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: ReplicaSet, name: chart-twin }
  minReplicas: 2
  maxReplicas: 5
`;
  await applied(context, manifest);
  await replicasAre("chart-hpa", 3, context, running);
  await waitFor(
    "the twin's status tells of its ReplicaSet's replicas",
    async () => {
      const { status } = await context.controlPlane.client.get(BellowsHorizontalPodAutoscaler, {
        namespace,
        name: "chart-twin",
      });
      return status?.desiredReplicas === 2 || `${JSON.stringify(status)}\n${running.lastLines()}`;
    },
    context,
  );
  await eventTells("SuccessfulRescale", context);
  await deleted(context, manifest);
}

async function cpaScales(context: SuiteContext, running: RunningController): Promise<void> {
  const manifest = `${workload("chart-cpa")}
apiVersion: bellows.dev/v1
kind: ClusterProportionalAutoscaler
metadata: { name: chart-cpa, namespace: ${namespace} }
spec:
  targets: [{ apiVersion: apps/v1, kind: Deployment, name: chart-cpa }]
  linear: { nodesPerReplica: 1000, min: 3 }
`;
  await applied(context, manifest);
  await replicasAre("chart-cpa", 3, context, running);
  await deleted(context, manifest);
}

const clusterName = "bellows-chart";
const nodeLabel = "bellows-e2e/chart";
const oldPool = {
  apiVersion: "karpenter.sh/v1beta1",
  kind: "NodePool",
  metadata: { name: "chart-nodes" },
  spec: {
    template: {
      metadata: { labels: { [nodeLabel]: "true" } },
      spec: {
        requirements: [
          { key: "kubernetes.io/arch", operator: "In", values: ["amd64"] },
          { key: "karpenter.sh/capacity-type", operator: "In", values: ["on-demand"] },
        ],
        nodeClassRef: { apiVersion: "karpenter.k8s.aws/v1beta1", kind: "EC2NodeClass", name: "chart-nodes" },
        kubelet: { maxPods: 20 },
      },
    },
    limits: { cpu: "16" },
    disruption: { consolidationPolicy: "WhenEmpty", consolidateAfter: "1s", expireAfter: "720h" },
  },
};
const selector = [{ tags: { "karpenter.sh/discovery": clusterName } }];
const oldNodeClass = {
  apiVersion: "karpenter.k8s.aws/v1beta1",
  kind: "EC2NodeClass",
  metadata: { name: "chart-nodes" },
  spec: { amiFamily: "AL2023", role: "node", subnetSelectorTerms: selector, securityGroupSelectorTerms: selector },
};

/** Written in v1beta1, read in both, by the conversion that the process serves. */
async function converts(context: SuiteContext, running: RunningController): Promise<void> {
  const { client } = context.controlPlane;
  await waitFor(
    "the definitions trust the conversion",
    async () => {
      const { spec } = await client.get(CustomResourceDefinition, { name: "nodepools.karpenter.sh" });
      const config = spec?.conversion?.webhook?.clientConfig;
      const isSet = config?.caBundle !== undefined && config.service?.namespace === namespace;
      return isSet || `${JSON.stringify(config)}\n${running.lastLines()}`;
    },
    context,
  );
  const manifest = JSON.stringify({ apiVersion: "v1", kind: "List", items: [oldPool, oldNodeClass] });
  await waitFor(
    "kubectl applies objects of v1beta1",
    async () => {
      await applied(context, manifest);
      return true;
    },
    context,
    30_000,
  );
  const pool = await client.get(NodePool, { name: "chart-nodes" });
  const nodeClass = await client.get(EC2NodeClass, { name: "chart-nodes" });
  same("expireAfter of the NodePool in v1", pool.spec.template.spec.expireAfter, "720h");
  same("consolidateAfter of the NodePool in v1", pool.spec.disruption?.consolidateAfter, "1s");
  same("group of its class in v1", pool.spec.template.spec.nodeClassRef.group, "karpenter.k8s.aws");
  same("images of the EC2NodeClass in v1", nodeClass.spec?.amiSelectorTerms, [{ alias: "al2023@latest" }]);
  const read = async (resource: string) =>
    JSON.parse(await kubectl(context, ["get", resource, "chart-nodes", "-o", "json"])) as typeof oldPool & {
      spec: { amiFamily?: string };
    };
  const back = await read("nodepools.v1beta1.karpenter.sh");
  same("version that is asked for", back.apiVersion, "karpenter.sh/v1beta1");
  same("expireAfter in v1beta1", back.spec.disruption.expireAfter, "720h");
  same("kubelet in v1beta1", back.spec.template.spec.kubelet, { maxPods: 20 });
  same("labels in v1beta1", back.spec.template.metadata.labels, { [nodeLabel]: "true" });
  same("amiFamily in v1beta1", (await read("ec2nodeclasses.v1beta1.karpenter.k8s.aws")).spec.amiFamily, "AL2023");
  // A patch in the old version goes through both conversions.
  await kubectl(context, [
    ...["patch", "nodepools.v1beta1.karpenter.sh", "chart-nodes", "--type=merge"],
    ...["-p", JSON.stringify({ spec: { weight: 7 } })],
  ]);
  same("weight in v1", (await client.get(NodePool, { name: "chart-nodes" })).spec.weight, 7);
  const list = JSON.parse(await kubectl(context, ["get", "nodepools.v1beta1.karpenter.sh", "-o", "json"])) as {
    items: readonly { apiVersion: string }[];
  };
  same("versions of a list", [...new Set(list.items.map((each) => each.apiVersion))], ["karpenter.sh/v1beta1"]);
}

function same(what: string, found: unknown, wanted: unknown): void {
  const [left, right] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (left !== right) throw new Error(`${what}: ${left}, expected ${right}`);
}

async function nodesCome(context: SuiteContext, running: RunningController): Promise<void> {
  const { client } = context.controlPlane;
  await converts(context, running);
  const manifest = workload("chart-nodes", `nodeSelector: { ${nodeLabel}: "true" }`);
  await applied(context, manifest);
  await waitFor(
    "a NodeClaim, its node, and the pod on it",
    async () => {
      const claims = (await client.list(NodeClaim)).items;
      const pods = (await client.list(Pod, { namespace, labelSelector: "app=chart-nodes" })).items;
      const isRunning = pods.some(({ spec, status }) => spec?.nodeName && status?.phase === "Running");
      const ready = claims.map(({ status }) => status?.conditions?.find(({ type }) => type === "Ready")?.message);
      return isRunning || `${claims.length} NodeClaims (${ready}), no pod runs\n${running.lastLines()}`;
    },
    context,
    180_000,
  );
  await client.delete(NodePool, { name: "chart-nodes" });
  await waitFor(
    "the node goes with its NodePool, drained",
    async () => {
      const { items } = await client.list(Node, { labelSelector: nodeLabel });
      return items.length === 0 || `${items.map(({ metadata }) => metadata.name)}\n${running.lastLines()}`;
    },
    context,
    180_000,
  );
  await deleted(context, manifest);
  await client.delete(EC2NodeClass, { name: "chart-nodes" });
  await waitFor(
    "the class is gone",
    async () => (await client.find(EC2NodeClass, { name: "chart-nodes" })) === undefined || running.lastLines(),
    context,
  );
}

const nodeValues = (part: string) => [`${part}.config.cloud=simulated`, `${part}.config.clusterName=${clusterName}`];
const securePort = { "--secure-port": { service: "bellows-event-scaler", portName: "https" } };
const webhookPort = { "--webhook-port": { service: "bellows-node-provisioner", portName: "conversion" } };

export const scenarios: readonly Scenario[] = [
  { name: "hpa", values: ["hpa.enabled=true", "hpa.replicas=0"], run: hpaScales },
  { name: "cpa", values: ["cpa.enabled=true", "cpa.replicas=0"], run: cpaScales },
  {
    name: "dashboard",
    values: ["dashboard.enabled=true", "dashboard.replicas=0"],
    run: (context, running) => pageShows(context, running),
  },
  {
    name: "event-scaler",
    values: [
      "eventScaler.enabled=true",
      "eventScaler.replicas=0",
      "eventScaler.vault.tokenSecret.name=chart-vault",
      "eventScaler.vault.namespace=admin",
    ],
    ports: securePort,
    before: (context) => applied(context, vaultSecret),
    run: eventsScaleWithHpa,
  },
  {
    name: "node-provisioner",
    values: ["nodeProvisioner.enabled=true", "nodeProvisioner.replicas=0", ...nodeValues("nodeProvisioner")],
    ports: webhookPort,
    run: nodesCome,
  },
];

/** Every controller in one process; only one such release at a time. */
export const allInOne: Scenario = {
  name: "all",
  values: [
    "allInOne.enabled=true",
    "allInOne.replicas=0",
    "allInOne.controllers={hpa,cpa,event-scaler,node-provisioner,dashboard}",
    ...nodeValues("allInOne"),
  ],
  ports: { "--secure-port": { service: "bellows-all", portName: "https" }, ...webhookPort },
  async run(context, running) {
    await hpaScales(context, running);
    await cpaScales(context, running);
    await eventsScale(context, running);
    await nodesCome(context, running);
    await pageShows(context, running, "bellows-all-token");
  },
};

async function pageShows(
  context: SuiteContext,
  running: RunningController,
  name = "bellows-dashboard-token",
): Promise<void> {
  const { data } = await context.controlPlane.client.get(Secret, { namespace, name });
  const token = Buffer.from(data?.["token"] ?? "", "base64").toString();
  const answer = await fetch(`${running.url}/?token=${token}`);
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${answer.status}: ${text}\n${running.lastLines()}`);
}

/** Starts a scenario's controller from the chart, with its ports published, and ends it after `use`. */
export async function withController(
  { name, ports = {}, before }: Pick<Scenario, "name" | "ports" | "before">,
  context: SuiteContext,
  use: (running: RunningController) => Promise<void>,
): Promise<void> {
  const flags = ["--bind-address=0.0.0.0"];
  const undo: (() => Promise<void>)[] = [];
  await before?.(context);
  try {
    for (const [flag, { service, portName }] of Object.entries(ports)) {
      const [port = 0] = await freePorts(1);
      flags.push(`${flag}=${port}`);
      undo.push(await publishPort(context.controlPlane, { namespace, name: service, servicePort: portName, port }));
    }
    const running = await startFromChart(name, namespace, context, Object.keys(ports).length > 0 ? flags : []);
    undo.push(() => running.stop());
    await waitFor(`bellows ${name} is ready`, async () => (await running.notReady()) ?? true, context);
    await use(running);
  } finally {
    for (const step of undo.reverse()) await step();
  }
}
