import { Deployment } from "@bellows/api";
import type { RunningController } from "../controllers/controller.ts";
import type { SuiteContext } from "../suite.ts";
import { waitFor } from "../suites/waiting.ts";
import { kubectl, chartNamespace as namespace } from "./chart.ts";

/** A Deployment of one pod that does nothing. */
export const workload = (name: string, spec = ""): string => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, namespace: ${namespace} }
spec:
  replicas: 1
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec:
      ${spec}
      containers: [{ name: app, image: "registry.k8s.io/pause:3.10", resources: { requests: { cpu: 100m } } }]
---
`;

export const applied = (context: SuiteContext, manifest: string): Promise<string> =>
  kubectl(context, ["apply", "-f", "-"], manifest);
export const deleted = (context: SuiteContext, manifest: string): Promise<string> =>
  kubectl(context, ["delete", "--ignore-not-found", "-f", "-"], manifest);

export const replicasAre = (
  name: string,
  wanted: number,
  context: SuiteContext,
  running: RunningController,
): Promise<void> =>
  waitFor(
    `${name} has ${wanted} replicas`,
    async () => {
      const { spec } = await context.controlPlane.client.get(Deployment, { namespace, name });
      return spec?.replicas === wanted || `${spec?.replicas} replicas\n${running.lastLines()}`;
    },
    context,
    120_000,
  );

export const eventTells = (reason: string, context: SuiteContext): Promise<void> =>
  waitFor(
    `an Event ${reason}`,
    async () => (await kubectl(context, ["-n", namespace, "get", "events"])).includes(reason) || "none",
    context,
  );
