import { execFileSync } from "node:child_process";
import { BellowsHorizontalPodAutoscaler, Deployment, HorizontalPodAutoscaler, Namespace } from "@bellows/api";
import { installChart } from "../controllers/installed-chart.ts";
import type { Suite, SuiteContext } from "../suite.ts";
import { waitFor } from "./waiting.ts";

const namespace = "bellows-e2e-hpa";
const decided = "bellows.dev/decision";

const deployment = (name: string): Deployment => {
  const labels = { app: name };
  const container = { name: "main", image: "nginx", resources: { requests: { cpu: "10m" } } };
  return {
    metadata: { name, namespace },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [container] } },
    },
  };
};

/** Its bounds alone ask for three: no metric is needed. */
const autoscaler = (name: string) => ({
  metadata: { name, namespace },
  spec: { scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name }, minReplicas: 3, maxReplicas: 5 },
});

const replicas = (name: string, wanted: number, context: SuiteContext) =>
  waitFor(
    `${wanted} replicas of ${name}`,
    async () => {
      const { spec } = await context.controlPlane.client.get(Deployment, { namespace, name });
      return spec?.replicas === wanted || `${spec?.replicas}`;
    },
    context,
  );

const kubectl = ({ kubectl: program, controlPlane }: SuiteContext, ...args: readonly string[]): string =>
  execFileSync(program, ["--kubeconfig", controlPlane.kubeconfig, "-n", namespace, ...args], { encoding: "utf8" });

let end: (() => Promise<void>) | undefined;

/** Our HPA controller in a cluster whose own one runs, as on EKS. */
export const hpa: Suite = {
  name: "hpa",
  beside: true,
  async start(context) {
    const { client, startInTreeHpa } = context.controlPlane;
    await client.create(Namespace, { metadata: { name: namespace } });
    end = await startInTreeHpa?.();
    const chart = await installChart({ hpa: {} }, "bellows-system", context);
    if (end) {
      // What it is known by: it writes a status.
      await client.create(Deployment, deployment("theirs"));
      await client.create(HorizontalPodAutoscaler, autoscaler("theirs") as HorizontalPodAutoscaler);
      await replicas("theirs", 3, context);
      await chart.start();
    }
    return async () => {
      await client.delete(Namespace, { name: namespace });
      await chart.remove();
      await end?.();
    };
  },
  cases: [
    {
      name: "beside the in-tree HPA the twin kind is served, and autoscaling/v2 is left to it",
      async run(context) {
        const { client } = context.controlPlane;
        if (!end) {
          context.note("hpa: this control plane has no in-tree HPA to run beside");
          return;
        }
        await client.create(Deployment, deployment("ours"));
        await client.create(BellowsHorizontalPodAutoscaler, autoscaler("ours") as HorizontalPodAutoscaler);
        await replicas("ours", 3, context);
        const theirs = await client.get(HorizontalPodAutoscaler, { namespace, name: "theirs" });
        if (theirs.metadata.annotations?.[decided]) throw new Error("autoscaling/v2 was decided by bellows hpa");
      },
    },
    {
      name: "kubectl shows the columns of autoscaling/v2, and bellows why the decision",
      async run(context) {
        if (!end) return;
        const table = (kind: string) => kubectl(context, "get", kind).trimEnd().split("\n");
        await waitFor(
          "the row",
          async () =>
            /ours +Deployment\/ours +cpu: .*\/80% +3 +5 +3 /.test(table("bhpa")[1] ?? "") || table("bhpa").join("\n"),
          context,
        );
        const heads = (kind: string) => table(kind)[0]?.split(/\s+/).join(" ");
        if (heads("bhpa") !== heads("hpa")) throw new Error(`${heads("bhpa")}, expected ${heads("hpa")}`);
        const twin = await context.controlPlane.client.get(BellowsHorizontalPodAutoscaler, { namespace, name: "ours" });
        if (!twin.metadata.annotations?.[decided]) throw new Error("the twin carries no decision");
      },
    },
  ],
};
