import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { Deployment, Node } from "@bellows/api";
import { helmTool } from "../control-plane/helm-tool.ts";
import { startFromChart } from "../controllers/start-from-chart.ts";
import type { Suite, SuiteContext } from "../suite.ts";
import { waitFor } from "./waiting.ts";

const root = resolve(import.meta.dirname, "../../..");
const chart = `${root}/deploy/helm/cluster-proportional-autoscaler`;
const example = `${root}/examples/cpa`;
const release = "cluster-proportional-autoscaler";

let program = "";

function helm(args: readonly string[]): { readonly ok: boolean; readonly text: string } {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8" });
  return { ok: status === 0, text: `${stdout}${stderr}` };
}

function rendered(...args: readonly string[]): string {
  const { ok, text } = helm(["template", release, chart, ...args]);
  if (!ok) throw new Error(text);
  return text;
}

function contains(text: string, ...parts: readonly string[]): void {
  const missing = parts.filter((part) => !text.includes(part));
  if (missing.length > 0) throw new Error(`not there: ${missing.join(", ")}\n${text}`);
}

/** Values of upstream's chart that can't be used, and what is said. */
const refusals: readonly { readonly set: string; readonly says: string }[] = [
  { set: "options.target=deployment/web", says: "config: neither ladder nor linear, expected one of them" },
  { set: "config.linear.min=1", says: "options.target: nothing, expected KIND/NAME" },
  {
    set: "options.target=deployment/web,config.linear.min=1,config.ladder.x=1",
    says: "config: both ladder and linear, expected one of them",
  },
  { set: "options.targets=deployment/web", says: "at '/options': additional properties 'targets' not allowed" },
];

/** Nodes by name only: nobody runs pods on them, and for as long as this takes nobody finds that out. */
async function makeNode(name: string, { controlPlane: { client } }: SuiteContext): Promise<void> {
  await client.create(Node, { metadata: { name } } as Node);
  const status = { allocatable: { cpu: "2" }, conditions: [{ type: "Ready", status: "True", reason: "KubeletReady" }] };
  await client.patch(Node, { name }, { type: "merge", body: { status } }, { subresource: "status" });
}

/** The chart that takes the values of upstream's, with those of the walk-through. */
export const cpaChart: Suite = {
  name: "cpa-chart",
  async start({ print, controlPlane: { client, kubeconfig } }) {
    program = helmTool(print);
    return async () => {
      helm(["--kubeconfig", kubeconfig, "uninstall", release, "-n", "default"]);
      for (const { metadata } of (await client.list(Node)).items)
        if (metadata.name.startsWith("cpa-chart-")) await client.delete(Node, { name: metadata.name });
    };
  },
  cases: [
    {
      name: "the walk-through's values render as they are",
      run: async () =>
        contains(
          rendered("-f", `${example}/cpa-values.yaml`),
          '{"nodesToReplicas":[[1,1],[2,2],[3,3],[4,3],[5,5]]}',
          '"--target=deployment/nginx-deployment"',
          '"--configmap=cluster-proportional-autoscaler"',
          '"--namespace=default"',
        ),
    },
    {
      name: "each of upstream's options has its flag",
      run: async () =>
        contains(
          rendered(
            ...["--set", "config.linear.coresPerReplica=2,options.namespace=kube-system,replicaCount=3"],
            ...["--set", "options.target=deployment/a\\,deployment/b,options.nodeLabels.pool=dns"],
            ...["--set", "options.pollPeriodSeconds=5,options.maxSyncFailures=4,options.logLevel=4"],
            ...["--set", "options.logToStdErr=true,options.vmodule=x,image.tag=1.8.6,serviceAccount.create=false"],
            ...["--set", "securityContext.runAsUser=1000,imagePullSecrets[0].name=pull,nameOverride=dns"],
          ),
          '"--target=deployment/a,deployment/b"',
          '"--nodelabels=pool=dns"',
          '"--poll-period-seconds=5"',
          '"--max-sync-failures=4"',
          '"--log-level=debug"',
          "namespace: kube-system",
          "replicas: 3",
          "app.kubernetes.io/name: dns",
          "serviceAccountName: default",
          "runAsUser: 1000",
          "- name: pull",
        ),
    },
    ...refusals.map(({ set, says }) => ({
      name: `--set ${set} is refused`,
      run: async () => {
        const { ok, text } = helm(["template", release, chart, "--set", set]);
        if (ok || !text.includes(says)) throw new Error(`said ${text.slice(0, 500)}, expected ${says}`);
      },
    })),
    {
      name: "installed with the walk-through's values, it sizes nginx with the rights that the chart gives it",
      async run(context) {
        const { client, kubeconfig } = context.controlPlane;
        for (const index of [1, 2, 3]) await makeNode(`cpa-chart-${index}`, context);
        const apply = spawnSync(
          context.kubectl,
          ["--kubeconfig", kubeconfig, "apply", "-n", "default", "-f", `${example}/manifests/cpa-nginx.yaml`],
          { encoding: "utf8" },
        );
        if (apply.status !== 0) throw new Error(apply.stderr);
        const { ok, text } = helm([
          ...["--kubeconfig", kubeconfig, "upgrade", "--install", release, "-n", "default"],
          ...["-f", `${example}/cpa-values.yaml`, chart],
        ]);
        if (!ok) throw new Error(text);
        const running = await startFromChart("cpa", "default", context, [], release);
        try {
          await waitFor("it is ready", async () => (await running.notReady()) ?? true, context);
          const sized = (count: number) => async () => {
            const { spec } = await client.get(Deployment, { namespace: "default", name: "nginx-deployment" });
            return spec?.replicas === count || `${spec?.replicas} replicas\n${running.lastLines()}`;
          };
          await waitFor("three nodes, three replicas", sized(3), context);
          for (const index of [4, 5]) await makeNode(`cpa-chart-${index}`, context);
          await waitFor("five nodes, five replicas", sized(5), context);
          const cordon = { type: "merge", body: { spec: { unschedulable: true } } } as const;
          await client.patch(Node, { name: "cpa-chart-5" }, cordon);
          await waitFor("one is cordoned, three replicas", sized(3), context);
          const refused = running.logLines().filter((line) => line.includes("orbidden"));
          if (refused.length > 0) throw new Error(`the chart's role lacks: ${refused.join("\n")}`);
        } finally {
          await running.stop();
        }
      },
    },
  ],
};
