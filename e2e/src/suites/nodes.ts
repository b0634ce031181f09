import { Deployment, isConditionTrue, Pod } from "@bellows/api";
import { systemClock, systemRandom } from "@bellows/kube";
import { startNodes } from "@bellows/sandbox";
import type { Suite, SuiteContext } from "../suite.ts";
import { nodesReady, waitFor } from "./waiting.ts";

const namespace = "default";
const name = "bellows-e2e-web";

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
  async start({ controlPlane: { client } }) {
    const running = await startNodes({
      client,
      clock: systemClock,
      random: systemRandom,
      region: "us-east-1",
      clusterName: "bellows",
      nodeGroups: [{ name: "ng1", instanceType: "t3.medium", minSize: 3, maxSize: 5, desiredCapacity: 3 }],
    });
    return async () => running.stop();
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
