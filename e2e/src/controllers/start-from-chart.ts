import { Deployment, type Pod, Secret } from "@bellows/api";
import type { SuiteContext } from "../suite.ts";
import { accountKubeconfig } from "./account-kubeconfig.ts";
import { type RunningController, startController } from "./controller.ts";

/**
 * Starts a controller as the chart's Deployment would: with the arguments and the environment of its pod, and a token of
 * its own service account, so that it may do what the chart's roles say and nothing else.
 * @param more  arguments that are added
 * @param deployment  the Deployment's name
 */
export async function startFromChart(
  name: string,
  namespace: string,
  context: SuiteContext,
  more: readonly string[] = [],
  deployment = `bellows-${name}`,
): Promise<RunningController> {
  const { spec } = await context.controlPlane.client.get(Deployment, { namespace, name: deployment });
  const pod = spec?.template.spec;
  const [container] = pod?.containers ?? [];
  const kubeconfig = await accountKubeconfig(pod?.serviceAccountName as string, namespace, context);
  const args = [...(container?.args ?? []).slice(1), ...more];
  const env = await environmentOf(container, namespace, context);
  return startController(container?.args?.[0] ?? name, { kubeconfig, folder: context.folder, args, env });
}

type Container = NonNullable<Pod["spec"]>["containers"][number];

/** What a kubelet would give it: texts, and keys of Secrets. */
export async function environmentOf(
  container: Container | undefined,
  namespace: string,
  { controlPlane: { client } }: SuiteContext,
): Promise<Record<string, string>> {
  const env: Record<string, string> = {};
  for (const { name, value, valueFrom } of container?.env ?? []) {
    const { secretKeyRef } = valueFrom ?? {};
    if (value !== undefined) env[name] = value;
    if (!secretKeyRef) continue;
    const { data } = await client.get(Secret, { namespace, name: secretKeyRef.name as string });
    env[name] = Buffer.from(data?.[secretKeyRef.key] ?? "", "base64").toString();
  }
  return env;
}
