import { HorizontalPodAutoscaler, isConditionTrue, Job, ScaledJob, ScaledObject } from "@bellows/api";
import type { RunningController } from "../controllers/controller.ts";
import { startFromChart } from "../controllers/start-from-chart.ts";
import type { SuiteContext } from "../suite.ts";
import { waitFor } from "../suites/waiting.ts";
import { chartNamespace as namespace } from "./chart.ts";
import { startVault } from "./vault.ts";
import { applied, deleted, replicasAre, workload } from "./workload.ts";

/** All day, so that the time of a run does not matter. */
const always = `{ type: cron, metadata: { timezone: UTC, start: 0 0 * * *, end: 59 23 * * *, desiredReplicas: "2" } }`;

/** Each source of credentials that needs a right, in one trigger. */
const eventManifest = `
apiVersion: v1
kind: Secret
metadata: { name: chart-events, namespace: ${namespace} }
stringData: { password: for-the-test }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: chart-events, namespace: ${namespace} }
data: { user: for-the-test }
---
apiVersion: keda.sh/v1alpha1
kind: TriggerAuthentication
metadata: { name: chart-events, namespace: ${namespace} }
spec:
  secretTargetRef: [{ parameter: password, name: chart-events, key: password }]
  configMapTargetRef: [{ parameter: username, name: chart-events, key: user }]
  boundServiceAccountToken: [{ parameter: token, serviceAccountName: default }]
---
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: { name: chart-events, namespace: ${namespace} }
spec:
  scaleTargetRef: { name: chart-events }
  minReplicaCount: 0
  maxReplicaCount: 4
  pollingInterval: 1
  cooldownPeriod: 1
  triggers:
    - ${always.replace("metadata:", "authenticationRef: { name: chart-events }, metadata:")}
---
apiVersion: keda.sh/v1alpha1
kind: ScaledJob
metadata: { name: chart-jobs, namespace: ${namespace} }
spec:
  pollingInterval: 1
  maxReplicaCount: 1
  triggers: [${always}]
  jobTargetRef:
    template:
      spec:
        restartPolicy: Never
        containers: [{ name: app, image: "registry.k8s.io/pause:3.10" }]
`;

/** A ScaledObject and a ScaledJob, with their HPA, metric, webhook and pause. */
export async function eventsScale(context: SuiteContext, running: RunningController): Promise<void> {
  const { client } = context.controlPlane;
  await applied(context, workload("chart-events") + eventManifest);
  const key = { namespace, name: "chart-events" };
  const hpa = { namespace, name: "keda-hpa-chart-events" };
  await waitFor(
    "the ScaledObject is ready, and has its HPA",
    async () => {
      const { status } = await client.get(ScaledObject, key);
      if (!isConditionTrue(status?.conditions, "Ready")) return `${JSON.stringify(status)}\n${running.lastLines()}`;
      return (await client.find(HorizontalPodAutoscaler, hpa)) !== undefined || "no HPA";
    },
    context,
  );
  await waitFor(
    "its metric is served through the aggregation layer",
    async () => {
      const { items } = (await client.raw(
        `/apis/external.metrics.k8s.io/v1beta1/namespaces/${namespace}/s0-cron-UTC-00xxx-5923xxx`,
        { labelSelector: "scaledobject.keda.sh/name=chart-events" },
      )) as { items: readonly { value: string }[] };
      return items[0]?.value === "2" || JSON.stringify(items);
    },
    context,
  );
  await client.patch(ScaledObject, key, { type: "merge", body: { spec: { maxReplicaCount: 5 } } });
  await waitFor(
    "the HPA follows its ScaledObject",
    async () => {
      const { spec } = await client.get(HorizontalPodAutoscaler, hpa);
      return spec?.maxReplicas === 5 || `${spec?.maxReplicas} replicas at most`;
    },
    context,
  );
  await waitFor(
    "the ScaledJob makes a Job",
    async () => {
      const { items } = await client.list(Job, { namespace });
      return items.length > 0 || running.lastLines();
    },
    context,
  );
  const second = {
    metadata: { namespace, name: "chart-second" },
    spec: { scaleTargetRef: { name: "chart-events" }, triggers: [{ type: "cpu", metadata: { value: "50" } }] },
  } as unknown as ScaledObject;
  await waitFor(
    "the webhook refuses a second ScaledObject of the Deployment",
    () =>
      client.create(ScaledObject, second).then(
        async () => {
          await client.delete(ScaledObject, { namespace, name: "chart-second" });
          return "accepted";
        },
        (error: unknown) => String(error).includes("denied the request") || String(error),
      ),
    context,
  );
  await client.patch(ScaledObject, key, {
    type: "merge",
    body: { metadata: { annotations: { "autoscaling.keda.sh/paused-replicas": "0" } } },
  });
  await replicasAre("chart-events", 0, context, running);
  await client.delete(ScaledObject, key);
  await client.delete(ScaledJob, { namespace, name: "chart-jobs" });
  await waitFor(
    "the HPA is gone with its ScaledObject",
    async () => (await client.find(HorizontalPodAutoscaler, hpa)) === undefined || running.lastLines(),
    context,
  );
  await deleted(context, workload("chart-events") + eventManifest);
}

/** With the event scaler beside an HPA controller: the whole way from a trigger to replicas. */
export async function eventsScaleWithHpa(context: SuiteContext, running: RunningController): Promise<void> {
  const hpa = await startFromChart("hpa", namespace, context);
  try {
    await applied(context, workload("chart-events") + eventManifest);
    await replicasAre("chart-events", 2, context, running);
  } finally {
    await hpa.stop();
  }
  await eventsScale(context, running);
  await vaultIsAsked(context, running);
}

const vaultToken = "of-the-process";

/** The Secret that the event scaler's values name. */
export const vaultSecret = `
apiVersion: v1
kind: Secret
metadata: { name: chart-vault, namespace: ${namespace} }
stringData: { token: ${vaultToken} }
`;

/** The Secret that the chart's values name holds the one token that Vault takes; the trigger's own is wrong. */
async function vaultIsAsked(context: SuiteContext, running: RunningController): Promise<void> {
  const { client } = context.controlPlane;
  const vault = await startVault(vaultToken, "admin", "of-vault");
  const manifest = `${workload("chart-vault")}
apiVersion: keda.sh/v1alpha1
kind: TriggerAuthentication
metadata: { name: chart-vault, namespace: ${namespace} }
spec:
  hashiCorpVault:
    address: ${vault.url}
    authentication: token
    credential: { token: wrong }
    secrets: [{ parameter: token, path: kv/chart, key: password }]
---
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: { name: chart-vault, namespace: ${namespace} }
spec:
  scaleTargetRef: { name: chart-vault }
  pollingInterval: 1
  triggers:
    - type: metrics-api
      metadata: { url: "${vault.url}/metric", valueLocation: value, targetValue: "1", authMode: bearer }
      authenticationRef: { name: chart-vault }
`;
  try {
    await applied(context, manifest);
    await waitFor(
      "the metric that Vault's secret opens is read",
      async () => {
        const { status } = await client.get(ScaledObject, { namespace, name: "chart-vault" });
        return isConditionTrue(status?.conditions, "Active") || `${JSON.stringify(status)}\n${running.lastLines()}`;
      },
      context,
    );
    if (vault.refused > 0) throw new Error(`Vault refused ${vault.refused} requests, expected none`);
  } finally {
    await deleted(context, manifest);
    await vault.stop();
  }
}
