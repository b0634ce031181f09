import { execFile } from "node:child_process";
import { Deployment, isConditionTrue, Pod } from "@bellows/api";
import { systemClock, systemRandom } from "@bellows/kube";
import { startNodes } from "@bellows/sandbox";
import { quickMachines } from "../control-plane/quick-machines.ts";
import type { Suite, SuiteContext } from "../suite.ts";
import { nodesReady, waitFor } from "./waiting.ts";

const namespace = "default";
const name = "bellows-e2e-web";

const talker = "bellows-e2e-talker";

interface Said {
  readonly failed: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** Not synchronous: what it asks for is answered by kubelets of this process. */
function tryKubectl(
  { kubectl: program, controlPlane }: SuiteContext,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Said> {
  const all = ["--kubeconfig", controlPlane.kubeconfig, "-n", namespace, ...args];
  return new Promise((done) => {
    execFile(program, all, { timeout: 60_000, env: { ...process.env, ...env } }, (error, stdout, stderr) =>
      done({ failed: error !== null, stdout, stderr }),
    );
  });
}

/** @throws with what kubectl said where it failed */
async function kubectl(context: SuiteContext, ...args: readonly string[]): Promise<string> {
  const { failed, stdout, stderr } = await tryKubectl(context, args);
  if (failed) throw new Error(`kubectl ${args.join(" ")}: ${stderr}`);
  return stdout;
}

const deployment = {
  metadata: { name, namespace },
  spec: {
    replicas: 3,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: {
        containers: [{ name: "pause", image: "registry.k8s.io/pause:3.10", resources: { requests: { cpu: "100m" } } }],
      },
    },
  },
};

const pods = async ({ controlPlane: { client } }: SuiteContext) =>
  (await client.list(Pod, { namespace, labelSelector: `app=${name}` })).items;

const run = async (context: SuiteContext, wanted: number): Promise<true | string> => {
  const all = await pods(context);
  const ready = all.filter(({ status }) => isConditionTrue(status?.conditions, "Ready") && status?.podIP);
  return (ready.length === wanted && all.length === wanted) || `${ready.length} of ${all.length} pods are ready`;
};

/** Kubelets and simulated EC2 as clients of the real API server, beside its own scheduler and workload controllers. */
export const nodes: Suite = {
  name: "nodes",
  async start({ controlPlane: { client, kubeletApi } }) {
    const running = await startNodes({
      client,
      ...quickMachines,
      ...(kubeletApi && { kubeletApi }),
      clock: systemClock,
      random: systemRandom,
      region: "us-east-1",
      clusterName: "bellows",
      nodeGroups: [{ name: "ng1", instanceType: "t3.medium", minSize: 3, maxSize: 5, desiredCapacity: 3 }],
    });
    return () => running.remove();
  },
  cases: [
    {
      name: "three nodes join and are Ready",
      run: (context) => nodesReady(3, context),
    },
    {
      name: "the pods of a Deployment run, each with an address",
      async run(context) {
        await context.controlPlane.client.create(Deployment, deployment as never);
        await waitFor("pods", () => run(context, 3), context);
      },
    },
    {
      name: "kubectl logs shows what a container prints, and follows it until it ends",
      async run(context) {
        if (!context.controlPlane.kubeletApi)
          return context.print("      (this API server cannot reach kubelets here)");
        const script = "for i in 1 2 3 4; do echo $(hostname) counts; sleep 1; done";
        const flags = ["--image=busybox:1.36", "--restart=Never", "--", "/bin/sh", "-c", script];
        await kubectl(context, "run", talker, ...flags);
        try {
          await waitFor(
            "the pod runs",
            async () =>
              isConditionTrue(
                (await context.controlPlane.client.get(Pod, { namespace, name: talker })).status?.conditions,
                "Ready",
              ) || "not ready",
            context,
          );
          const last = await kubectl(context, "logs", talker, "--tail=1");
          if (last !== `${talker} counts\n`) throw new Error(`the last line is ${JSON.stringify(last)}`);
          const followed = await kubectl(context, "logs", "-f", talker);
          if (followed !== `${talker} counts\n`.repeat(4)) throw new Error(`followed to its end: ${followed}`);
          const stamped = await kubectl(context, "logs", talker, "--timestamps");
          if (!/^\d{4}-\d\d-\d\dT\S+Z bellows-e2e-talker counts\n/.test(stamped))
            throw new Error(`with timestamps: ${stamped}`);
        } finally {
          await kubectl(context, "delete", "pod", talker, "--now");
        }
      },
    },
    {
      name: "kubectl exec runs a command in a container, and gives its output and its exit code",
      async run(context) {
        if (!context.controlPlane.kubeletApi)
          return context.print("      (this API server cannot reach kubelets here)");
        const [pod] = await pods(context);
        const podName = pod?.metadata.name as string;
        const said = await kubectl(context, "exec", podName, "--", "hostname");
        if (said !== `${podName}\n`) throw new Error(`hostname says ${JSON.stringify(said)}`);
        // As kubectl before 1.31 speaks: what it sends then goes to the kubelet as it is.
        const spdy = { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: "false" };
        const bySpdy = await tryKubectl(context, ["exec", podName, "-i", "--", "echo", "by SPDY"], spdy);
        if (bySpdy.stdout !== "by SPDY\n") throw new Error(`echo by SPDY: ${JSON.stringify(bySpdy)}`);
        const refused = await tryKubectl(context, ["exec", podName, "--", "reboot"]);
        if (!refused.failed || !/exit code 12[67]/.test(refused.stderr))
          throw new Error(`a command that is not there: ${refused.stderr}`);
        const missing = await tryKubectl(context, ["exec", podName, "-c", "other", "--", "hostname"]);
        if (!missing.stderr.includes("container other is not valid for pod")) throw new Error(missing.stderr);
      },
    },
    {
      name: "an API server that restarts in the middle is found again by every kubelet",
      async run(context) {
        const { restartApiServer, client } = context.controlPlane;
        if (!restartApiServer) return context.print("      (this control plane is not ours to restart)");
        await restartApiServer();
        await client.patch(Deployment, { namespace, name }, { type: "merge", body: { spec: { replicas: 5 } } });
        await waitFor("pods", () => run(context, 5), context);
      },
    },
    {
      name: "deleted, the pods end and are gone",
      async run(context) {
        await context.controlPlane.client.delete(Deployment, { namespace, name });
        await waitFor("pods", async () => (await pods(context)).length === 0 || "some are left", context);
      },
    },
  ],
};
