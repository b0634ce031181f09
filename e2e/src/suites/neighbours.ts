import { execFile } from "node:child_process";
import { resolve } from "node:path";
import {
  APIService,
  crdOf,
  customResources,
  Deployment,
  Event,
  HorizontalPodAutoscaler,
  Lease,
  ValidatingWebhookConfiguration,
} from "@bellows/api";
import { type Client, microTimestamp, systemClock, systemRandom } from "@bellows/kube";
import { startNodes } from "@bellows/sandbox";
import { applyObjects } from "@bellows/sandbox/simulator";
import { type RunningController, startController } from "../controllers/controller.ts";
import type { Case, ControlPlane, Suite, SuiteContext } from "../suite.ts";
import { nodesReady, waitFor } from "./waiting.ts";

const namespace = "default";
const main = resolve(import.meta.dirname, "../../../packages/cli/src/main.ts");
const options = { fieldManager: "bellows-e2e", force: true };
const renewMs = 5_000;

/** What an upstream operator leaves in a cluster while it acts. */
interface Presence {
  readonly appear: (client: Client) => Promise<() => Promise<void>>;
}

/** Holds a Lease until it is told to stop; it is gone at once. */
const lease = (name: string): Presence => ({
  async appear(client) {
    const renew = () =>
      client.apply(
        Lease,
        {
          metadata: { namespace, name },
          spec: {
            holderIdentity: `${name}-pod`,
            leaseDurationSeconds: 15,
            renewTime: microTimestamp(systemClock.now()),
          },
        },
        options,
      );
    await renew();
    const timer = setInterval(() => void renew().catch(() => undefined), renewMs);
    return async () => {
      clearInterval(timer);
      await client.delete(Lease, { namespace, name });
    };
  },
});

/** Runs a pod of an image, on a node without a machine. */
const deployment = (name: string, image: string): Presence => ({
  async appear(client) {
    const labels = { app: name };
    const spec = {
      replicas: 1,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: "main", image }] } },
    };
    await client.apply(Deployment, { metadata: { namespace, name }, spec } as Deployment, options);
    return () => client.delete(Deployment, { namespace, name });
  },
});

/** An HPA whose status kube-controller-manager wrote just now. */
const inTreeHpa: Presence = {
  async appear(client) {
    const key = { namespace, name: "bellows-e2e-in-tree" };
    const scaleTargetRef = { apiVersion: "apps/v1", kind: "Deployment", name: "none" };
    await client.apply(
      HorizontalPodAutoscaler,
      { metadata: key, spec: { scaleTargetRef, maxReplicas: 1 } } as HorizontalPodAutoscaler,
      options,
    );
    const body = { status: { desiredReplicas: 1, currentReplicas: 1 } };
    const written = { subresource: "status", fieldManager: "kube-controller-manager" };
    await client.patch(HorizontalPodAutoscaler, key, { type: "merge", body }, written);
    return () => client.delete(HorizontalPodAutoscaler, key);
  },
};

/** What KEDA's manifest registers, without anybody who serves it. */
const kedaLeftovers: Presence = {
  async appear(client) {
    const name = "v1beta1.external.metrics.k8s.io";
    const service = { namespace: "keda", name: "keda-operator-metrics-apiserver" };
    const spec = { group: "external.metrics.k8s.io", version: "v1beta1", groupPriorityMinimum: 100, service };
    await client.apply(
      APIService,
      { metadata: { name }, spec: { ...spec, versionPriority: 100, insecureSkipTLSVerify: true } } as APIService,
      options,
    );
    await client.apply(ValidatingWebhookConfiguration, { metadata: { name: "keda-admission" }, webhooks: [] }, options);
    return async () => {
      await client.delete(APIService, { name });
      await client.delete(ValidatingWebhookConfiguration, { name: "keda-admission" });
    };
  },
};

interface Row {
  readonly controller: string;
  readonly neighbour: string;
  readonly presence: Presence;
  /** What it is seen by. */
  readonly evidence: string;
  readonly args?: readonly string[];
}

const eventArgs = ["--secure-port=0", "--register-api-service=false", "--register-webhooks=false"];
const nodeArgs = ["--cloud=simulated", "--cluster-name=e2e", "--webhook-port=0", "--register-conversion=false"];

const rows: readonly Row[] = [
  {
    controller: "hpa",
    neighbour: "HPA of kube-controller-manager",
    presence: inTreeHpa,
    evidence: "it wrote the status of 1 HorizontalPodAutoscalers in the last 10 minutes",
    // The twin kind is nobody else's, and would be acted on all the while.
    args: ["--horizontal-pod-autoscaler-api-group=autoscaling"],
  },
  {
    controller: "event-scaler",
    neighbour: "KEDA",
    presence: lease("operator.keda.sh"),
    evidence: "Lease default/operator.keda.sh is held by operator.keda.sh-pod",
    args: eventArgs,
  },
  {
    controller: "node-provisioner",
    neighbour: "Karpenter",
    presence: lease("karpenter-leader-election"),
    evidence: "Lease default/karpenter-leader-election is held by",
    args: nodeArgs,
  },
];

/** Those of {@link rows} are taken away by their cases; these stay for as long as the suite. */
const others: readonly Presence[] = [
  kedaLeftovers,
  lease("vpa-recommender-lease"),
  deployment("proportional", "registry.k8s.io/cpa/cluster-proportional-autoscaler:1.10.2"),
];
const gone = new Map<Presence, () => Promise<void>>();
let diagnosis = { code: 0, output: "" };

/** `bellows doctor` as a process. */
function doctor({ kubeconfig }: ControlPlane, ...args: readonly string[]): Promise<{ code: number; output: string }> {
  return new Promise((done) =>
    execFile(process.execPath, [main, "doctor", "--kubeconfig", kubeconfig, ...args], (error, output, errors) =>
      done({ code: typeof error?.code === "number" ? error.code : 0, output: `${output}${errors}` }),
    ),
  );
}

const has = (text: string, ...parts: readonly string[]) => {
  const missing = parts.filter((part) => !text.includes(part));
  if (missing.length > 0) throw new Error(`not there: ${missing.join(", ")}; there is:\n${text}`);
};

async function start(
  { controller, args = [] }: Pick<Row, "controller" | "args">,
  context: SuiteContext,
  ...more: readonly string[]
): Promise<RunningController> {
  const { folder, controlPlane } = context;
  const flags = [`--leader-elect-resource-namespace=${namespace}`, ...args, ...more];
  return startController(controller, { kubeconfig: controlPlane.kubeconfig, folder, args: flags });
}

const logs = (running: RunningController, message: string, context: SuiteContext, limitMs?: number) =>
  waitFor(
    `the log line ${JSON.stringify(message)}`,
    async () =>
      running.logLines().some((line) => line.includes(`"message":${JSON.stringify(message)}`)) || running.lastLines(),
    context,
    limitMs,
  );

const standsBy = (row: Row): Case => ({
  name: `bellows ${row.controller} stands by beside ${row.neighbour}, says why, and takes over when it is gone`,
  lane: row.controller,
  async run(context) {
    const running = await start(row, context);
    try {
      await logs(running, "standing by", context);
      const line = running.logLines().find((each) => each.includes('"standing by"')) ?? "";
      has(line, row.neighbour, row.evidence, '"override":"--ignore-neighbours"');
      has((await running.notReady()) ?? "ready", "[-]ready failed");
      if (running.logLines().some((each) => each.includes('"message":"started"'))) throw new Error("it acts");
      await gone.get(row.presence)?.();
      gone.delete(row.presence);
      await logs(running, "taking over: the other autoscaler is gone", context);
      await logs(running, "started", context);
      await waitFor("ready", async () => (await running.notReady()) ?? true, context);
    } finally {
      await running.stop();
    }
  },
});

/** An operator that the other cases do not wait for to be gone. */
const later = lease("cluster-autoscaler");

/** A controller that acts while an operator comes: its Lease is seen within half a minute. */
const comesLater: Case = {
  name: "an operator that comes later: the controller stops acting, tells it in log, Event and metric, and comes back",
  lane: "node-provisioner",
  async run(context) {
    const { client } = context.controlPlane;
    const running = await start({ controller: "node-provisioner", args: nodeArgs }, context);
    try {
      await logs(running, "started", context);
      const end = await later.appear(client);
      await logs(running, "standing by", context);
      await waitFor(
        "the metric says so",
        async () => {
          const text = await (await fetch(`${running.url}/metrics`)).text();
          const wanted = 'bellows_standing_by{controller="node-provisioner",neighbour="Cluster Autoscaler"} 1';
          return text.includes(wanted) || text.slice(0, 2000);
        },
        context,
      );
      await waitFor(
        "an Event says so",
        async () => {
          const { items } = await client.list(Event, { namespace });
          const messages = items.filter(({ reason }) => reason === "StandingBy").map(({ message }) => message);
          return messages.some((each) => each?.includes("cluster-autoscaler")) || JSON.stringify(messages);
        },
        context,
      );
      const holder = async () =>
        (await client.get(Lease, { namespace, name: "bellows-node-provisioner" })).spec?.holderIdentity;
      await waitFor("its Lease is given up", async () => !(await holder()) || `${await holder()}`, context);
      const override = await start({ controller: "node-provisioner", args: nodeArgs }, context, "--ignore-neighbours");
      try {
        await logs(override, "started", context);
        await waitFor("it acts all the same", async () => (await override.notReady()) ?? true, context);
      } finally {
        await override.stop();
      }
      await end();
      await waitFor("ready again", async () => (await running.notReady()) ?? true, context);
      const starts = running.logLines().filter((line) => line.includes('"message":"started"'));
      if (starts.length !== 2) throw new Error(`it started ${starts.length} times, expected 2`);
    } finally {
      await running.stop();
    }
  },
};

/** The external metrics API goes to whoever acts, and back. */
const givesBack: Case = {
  name: "KEDA that comes later gets the external metrics API back from bellows event-scaler",
  lane: "event-scaler",
  async run(context) {
    const { client } = context.controlPlane;
    const keda = rows.find(({ neighbour }) => neighbour === "KEDA")?.presence as Presence;
    await gone.get(keda)?.();
    gone.delete(keda);
    const backend = async () => {
      const { spec } = await client.get(APIService, { name: "v1beta1.external.metrics.k8s.io" });
      return `${spec?.service?.namespace}/${spec?.service?.name}`;
    };
    const leadsTo = (wanted: string) =>
      waitFor(`the APIService leads to ${wanted}`, async () => (await backend()) === wanted || backend(), context);
    const args = ["--secure-port=0", "--register-webhooks=false"];
    const running = await start({ controller: "event-scaler", args }, context);
    try {
      await leadsTo(`${namespace}/bellows-event-scaler`);
      const end = await keda.appear(client);
      gone.set(keda, end);
      await logs(running, "standing by", context);
      await leadsTo("keda/keda-operator-metrics-apiserver");
    } finally {
      await running.stop();
    }
  },
};

/** What upstream's operators leave in a cluster, and what ours make of it. */
export const neighbours: Suite = {
  name: "neighbours",
  async start(context) {
    const { client } = context.controlPlane;
    const definitions = customResources.map(({ versions, options: more }) => crdOf(versions, more));
    await applyObjects(client, definitions as never, namespace, "bellows-e2e");
    const group = { name: "ng1", instanceType: "t3.medium", minSize: 1, maxSize: 1, desiredCapacity: 1 };
    const nodes = await startNodes({
      ...{ client, clock: systemClock, random: systemRandom, region: "us-east-1", clusterName: "bellows" },
      nodeGroups: [group],
    });
    await nodesReady(1, context);
    for (const presence of [...rows.map((row) => row.presence), ...others])
      gone.set(presence, await presence.appear(client));
    await waitFor(
      "the pod of the neighbour",
      async () =>
        (await client.get(Deployment, { namespace, name: "proportional" })).status?.readyReplicas === 1 || "not ready",
      context,
    );
    diagnosis = await doctor(context.controlPlane);
    return async () => {
      for (const end of gone.values()) await end();
      gone.clear();
      nodes.stop();
    };
  },
  cases: [
    {
      name: "bellows doctor names each of them, what it was seen by and what to do, and ends with 1",
      lane: "doctor",
      async run() {
        has(
          diagnosis.output,
          ...rows.map(
            ({ neighbour, controller }) =>
              `CONFLICT  ${neighbour}: bellows ${controller} would act on the same objects`,
          ),
          ...rows.map(({ evidence }) => evidence),
          "CONFLICT  Vertical Pod Autoscaler: bellows vpa would act on the same objects",
          "APIService v1beta1.external.metrics.k8s.io points to keda/keda-operator-metrics-apiserver",
          "ValidatingWebhookConfiguration keda-admission is installed",
          "do:    scale its operator to 0 (kubectl -n keda scale deploy keda-operator",
          "do:    switch it off with --controllers=*,-horizontal-pod-autoscaler-controller",
          "BESIDE    Cluster Proportional Autoscaler: bellows cpa leaves its targets to it",
          "Deployment default/proportional has 1 ready",
          "4 conflicts, 0 left over, 0 CRD problems",
        );
        if (diagnosis.code !== 1) throw new Error(`exit code ${diagnosis.code}, expected 1`);
      },
    },
    {
      name: "bellows doctor on an empty cluster: what is to be installed, no conflict, 0",
      lane: "doctor",
      async run({ startControlPlane, print }) {
        if (!startControlPlane) return print("      (there is only the one control plane)");
        const empty = await startControlPlane();
        try {
          const { code, output } = await doctor(empty);
          has(output, "CRD       scaledobjects.keda.sh is not installed", "0 conflicts, 0 left over");
          if (code !== 0) throw new Error(`exit code ${code}, expected 0`);
          const json = JSON.parse((await doctor(empty, "-o", "json")).output) as { neighbours: unknown[] };
          if (json.neighbours.length > 0) throw new Error(JSON.stringify(json.neighbours));
        } finally {
          await empty.stop();
        }
      },
    },
    ...rows.map(standsBy),
    comesLater,
    givesBack,
  ],
};
