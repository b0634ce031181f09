import { HorizontalPodAutoscaler, ScaledObject } from "@bellows/api";
import type { SuiteContext } from "../suite.ts";
import { waitFor } from "../suites/waiting.ts";
import { install, kubectl } from "./chart.ts";
import { type Scenario, withController } from "./scenarios.ts";

const watched = "bellows-watched";
const other = "default";
const name = "restricted";

const manifests = (namespace: string) => [
  {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace },
    spec: {
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [{ name: "app", image: "registry.k8s.io/pause:3.10" }] },
      },
    },
  },
  {
    apiVersion: "keda.sh/v1alpha1",
    kind: "ScaledObject",
    metadata: { name, namespace },
    spec: {
      scaleTargetRef: { name },
      minReplicaCount: 1,
      triggers: [
        { type: "cron", metadata: { timezone: "UTC", start: "0 0 * * *", end: "59 23 * * *", desiredReplicas: "2" } },
      ],
    },
  },
];
const list = JSON.stringify({
  apiVersion: "v1",
  kind: "List",
  items: [...manifests(other), ...manifests(watched)],
});

/** An event scaler of one namespace acts there, with rights that it has nowhere else, and nowhere else. */
export async function watchesOneNamespace(scenario: Scenario, context: SuiteContext): Promise<void> {
  const { client } = context.controlPlane;
  await kubectl(context, ["create", "namespace", watched]);
  await install(context, ...scenario.values, `eventScaler.config.watchNamespace=${watched}`);
  try {
    await withController(scenario, context, async (running) => {
      await kubectl(context, ["apply", "-f", "-"], list);
      await waitFor(
        "an HPA in the namespace that is watched",
        async () => {
          const hpa = await client.find(HorizontalPodAutoscaler, { namespace: watched, name: `keda-hpa-${name}` });
          return hpa !== undefined || running.lastLines();
        },
        context,
      );
      const { metadata, status } = await client.get(ScaledObject, { namespace: other, name });
      if (metadata.finalizers || status) throw new Error(`the other one was acted on: ${JSON.stringify(status)}`);
      const refused = running.logLines().filter((line) => /is forbidden|"reason":"Forbidden"/.test(line));
      if (refused.length > 0) throw new Error(`the chart's roles lack: ${refused.join("\n")}`);
      const account = `system:serviceaccount:bellows-system:bellows-${scenario.name}`;
      const answer = await kubectl(context, ["auth", "can-i", "get", "secrets", "-n", other, "--as", account]).catch(
        (error: Error) => error.message,
      );
      if (!/\bno\b/.test(answer)) throw new Error(`it may read Secrets in ${other}: ${answer}`);
      await kubectl(context, ["delete", "-f", "-"], list);
    });
  } finally {
    await kubectl(context, ["delete", "namespace", watched, "--wait=false"]);
  }
}
