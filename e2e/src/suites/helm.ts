import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { ClusterRole, Deployment } from "@bellows/api";
import { helmTool } from "../control-plane/helm-tool.ts";
import { startFromChart } from "../controllers/start-from-chart.ts";
import type { Suite, SuiteContext } from "../suite.ts";
import { waitFor } from "./waiting.ts";

const chart = resolve(import.meta.dirname, "../../../deploy/helm/bellows");
const namespace = "bellows-system";
const controllers = ["hpa", "cpa", "dashboard"] as const;

let helmProgram = "";

interface Ran {
  readonly ok: boolean;
  readonly text: string;
}

function run(program: string, args: readonly string[], input?: string): Ran {
  const { status, stdout, stderr } = spawnSync(program, args, {
    encoding: "utf8",
    maxBuffer: 2 ** 27,
    ...(input !== undefined && { input }),
  });
  return { ok: status === 0, text: `${stdout}${stderr}` };
}

function helm({ controlPlane }: SuiteContext, ...args: readonly string[]): string {
  const { ok, text } = run(helmProgram, ["--kubeconfig", controlPlane.kubeconfig, ...args]);
  if (!ok) throw new Error(`helm ${args.join(" ")}: ${text}`);
  return text;
}

function kubectl({ kubectl: program, controlPlane }: SuiteContext, args: readonly string[], input?: string): string {
  const { ok, text } = run(program, ["--kubeconfig", controlPlane.kubeconfig, ...args], input);
  if (!ok) throw new Error(`kubectl ${args.join(" ")}: ${text}`);
  return text;
}

const expect = (holds: boolean, message: string) => {
  if (!holds) throw new Error(message);
};

/** Every way to choose controllers, with and without the options that add objects. */
function* matrix(): Generator<readonly string[]> {
  const parts = ["hpa", "cpa", "eventScaler", "dashboard", "nodeProvisioner", "allInOne"];
  const options = [
    [],
    ["replicas=1"],
    ["serviceMonitor.enabled=true"],
    ["rbac.create=false"],
    ["networkPolicy.enabled=false"],
  ];
  for (let chosen = 0; chosen < 2 ** parts.length; chosen++) {
    const names = parts.filter((_, index) => chosen & (1 << index));
    for (const option of options) {
      if (names.length === 0 && option.length > 0) continue;
      yield names.flatMap((name) => [`${name}.enabled=true`, ...option.map((each) => `${name}.${each}`)]);
    }
  }
}

const refusals: readonly { readonly set: string; readonly says: string }[] = [
  { set: "vpa.enabled=true", says: "vpa.enabled: true, expected false" },
  { set: "hpa.enabled=yes", says: "at '/hpa/enabled': got string, want boolean" },
  { set: "hpa.replicas=many", says: "at '/replicas': got string, want integer" },
  {
    set: "hpa.config.horizontalPodAutoscalerTolerance=high",
    says: "at '/config/horizontalPodAutoscalerTolerance': got string, want number",
  },
  { set: "hpa.config.syncPeriod=15s", says: "at '/config': additional properties 'syncPeriod' not allowed" },
  { set: "hpaa.enabled=true", says: "additional properties 'hpaa' not allowed" },
];

const workload = (name: string) => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, namespace: ${namespace} }
spec:
  replicas: 1
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec: { containers: [{ name: app, image: "registry.k8s.io/pause:3.10" }] }
`;

const scenarios: Readonly<Record<string, { readonly manifest: string; readonly target?: string }>> = {
  hpa: {
    target: "chart-hpa",
    manifest: `${workload("chart-hpa")}---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: chart-hpa, namespace: ${namespace} }
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: chart-hpa }
  minReplicas: 3
  maxReplicas: 5
  metrics: [{ type: Resource, resource: { name: cpu, target: { type: Utilization, averageUtilization: 50 } } }]
`,
  },
  cpa: {
    target: "chart-cpa",
    manifest: `${workload("chart-cpa")}---
apiVersion: bellows.dev/v1
kind: ClusterProportionalAutoscaler
metadata: { name: chart-cpa, namespace: ${namespace} }
spec:
  targets: [{ apiVersion: apps/v1, kind: Deployment, name: chart-cpa }]
  linear: { nodesPerReplica: 1, min: 3 }
`,
  },
  dashboard: { manifest: workload("chart-dashboard") },
};

/** What the server refused a controller, from its log. */
const forbidden = (lines: readonly string[]): string[] =>
  lines.filter((line) => line.includes("is forbidden") || line.includes('"reason":"Forbidden"'));

function worksWithItsRole(name: string) {
  return async (context: SuiteContext) => {
    const { manifest, target } = scenarios[name] as { manifest: string; target?: string };
    kubectl(context, ["apply", "-f", "-"], manifest);
    const running = await startFromChart(name, namespace, context);
    try {
      await waitFor(`bellows ${name} is ready`, async () => (await running.notReady()) ?? true, context);
      if (target) {
        const key = { namespace, name: target };
        await waitFor(
          `${target} has 3 replicas`,
          async () => {
            const { spec } = await context.controlPlane.client.get(Deployment, key);
            return spec?.replicas === 3 || `${spec?.replicas} replicas\n${running.lastLines()}`;
          },
          context,
        );
        await waitFor(
          "an Event tells of it",
          async () => kubectl(context, ["-n", namespace, "get", "events"]).includes("SuccessfulRescale") || "none",
          context,
        );
      }
      const refused = forbidden(running.logLines());
      expect(refused.length === 0, `the chart's role lacks: ${refused.join("\n")}`);
    } finally {
      await running.stop();
    }
  };
}

/** The chart, installed and used; each controller runs as a process with the rights of its own service account. */
export const helmSuite: Suite = {
  name: "helm",
  async start(context) {
    helmProgram = helmTool(context.print);
    return async () => {
      run(helmProgram, ["--kubeconfig", context.controlPlane.kubeconfig, "uninstall", "bellows", "-n", namespace]);
      kubectl(context, ["delete", "namespace", namespace, "--ignore-not-found", "--wait=false"]);
    };
  },
  cases: [
    {
      name: "helm lint finds nothing",
      run: async (context) => void helm(context, "lint", "--strict", chart),
    },
    {
      name: "every choice of controllers renders",
      async run(context) {
        let count = 0;
        for (const values of matrix()) {
          helm(context, "template", "bellows", chart, "--set", ["crds.enabled=false", ...values].join(","));
          count++;
        }
        context.print(`     ${count} choices of values rendered`);
      },
    },
    ...refusals.map(({ set, says }) => ({
      name: `--set ${set} is refused with its place`,
      run: async () => {
        const { ok, text } = run(helmProgram, [
          "template",
          "bellows",
          chart,
          "--set",
          `crds.enabled=false,hpa.enabled=true,${set}`,
        ]);
        expect(!ok && text.includes(says), `said ${text.slice(0, 500)}, expected ${says}`);
      },
    })),
    {
      name: "install, upgrade, rollback",
      async run(context) {
        const to = ["bellows", chart, "-n", namespace];
        helm(context, "install", ...to, "--create-namespace", "--set", "hpa.enabled=true");
        const all = controllers.map((name) => `${name}.enabled=true`).join(",");
        helm(context, "upgrade", ...to, "--set", all);
        const deployments = () =>
          kubectl(context, ["-n", namespace, "get", "deploy", "-o", "name"]).trim().split("\n").sort();
        expect(deployments().length === 3, `after the upgrade: ${deployments()}`);
        helm(context, "rollback", "bellows", "1", "-n", namespace);
        expect(deployments().join() === "deployment.apps/bellows-hpa", `after the rollback: ${deployments()}`);
        helm(context, "upgrade", ...to, "--set", all);
      },
    },
    ...controllers.map((name) => ({
      name: `bellows ${name} does its work with the rights that the chart gives it`,
      run: worksWithItsRole(name),
    })),
    {
      name: "a missing verb is named, with what mends it, and keeps the controller from being ready",
      async run(context) {
        const { client } = context.controlPlane;
        const role = await client.get(ClusterRole, { name: "bellows-hpa" });
        const rules = role.rules?.filter(({ resources }) => !resources?.includes("pods"));
        await client.update(ClusterRole, { ...role, rules } as never);
        const running = await startFromChart("hpa", namespace, context);
        try {
          const fix = "the ClusterRole bellows-hpa must allow list of pods";
          await waitFor(
            "the log names it",
            async () => running.logLines().some((line) => line.includes(fix)) || running.lastLines(),
            context,
          );
          expect((await running.notReady()) !== undefined, "it is ready, expected not");
          const current = await client.get(ClusterRole, { name: "bellows-hpa" });
          await client.update(ClusterRole, { ...current, rules: role.rules } as never);
          await waitFor("ready once the verb is there", async () => (await running.notReady()) ?? true, context);
        } finally {
          await running.stop();
        }
      },
    },
    {
      name: "uninstall keeps the definitions, and a second install takes them again",
      async run(context) {
        helm(context, "uninstall", "bellows", "-n", namespace);
        const definitions = kubectl(context, ["get", "crd", "-l", "app.kubernetes.io/part-of=bellows", "-o", "name"]);
        expect(definitions.trim().split("\n").length === 16, definitions);
        helm(context, "install", "bellows", chart, "-n", namespace);
        const { ok, text } = run(helmProgram, [
          "--kubeconfig",
          context.controlPlane.kubeconfig,
          "install",
          "other",
          chart,
          "-n",
          "default",
        ]);
        expect(!ok && text.includes("is installed already, by bellows"), `a second release: ${text}`);
      },
    },
  ],
};
