import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Deployment, Secret } from "@bellows/api";
import type { SuiteContext } from "../suite.ts";
import { type RunningController, startController } from "./controller.ts";

/**
 * Starts a controller as the chart's Deployment would: with the arguments of its pod, and a token of its own service
 * account, so that it may do what the chart's roles say and nothing else.
 * @param more  arguments that are added
 * @param deployment  the Deployment's name
 */
export async function startFromChart(
  name: string,
  namespace: string,
  { controlPlane, folder, kubectl }: SuiteContext,
  more: readonly string[] = [],
  deployment = `bellows-${name}`,
): Promise<RunningController> {
  const { client } = controlPlane;
  const { spec } = await client.get(Deployment, { namespace, name: deployment });
  const pod = spec?.template.spec;
  const [container] = pod?.containers ?? [];
  const account = pod?.serviceAccountName as string;
  const { status } = await client.createSub<object, { status: { token: string } }>(
    { group: "", version: "v1", kind: "ServiceAccount", plural: "serviceaccounts", scope: "Namespaced" } as never,
    { namespace, name: account },
    "token",
    { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: { expirationSeconds: 3600 } },
  );
  const args = (container?.args ?? []).slice(1).filter((word) => !word.startsWith("--metrics-port"));
  const secret = container?.env?.find((each) => each.name === "DASHBOARD_TOKEN")?.valueFrom?.secretKeyRef;
  if (secret) {
    const { data } = await client.get(Secret, { namespace, name: secret.name as string });
    args.push(`--dashboard-token=${Buffer.from(data?.[secret.key] ?? "", "base64")}`);
  }
  const kubeconfig = join(folder, `${name}.kubeconfig`);
  writeFileSync(kubeconfig, kubeconfigOf(controlPlane.kubeconfig, namespace, status.token, kubectl), { mode: 0o600 });
  return startController(container?.args?.[0] ?? name, { kubeconfig, folder, args: [...args, ...more] });
}

/** The administrator's kubeconfig with another user and namespace. */
function kubeconfigOf(admin: string, namespace: string, token: string, kubectl: string): string {
  const { stdout } = spawnSync(
    kubectl,
    ["--kubeconfig", admin, "config", "view", "--raw", "--minify", "--flatten", "-o", "json"],
    {
      encoding: "utf8",
    },
  );
  const { clusters } = JSON.parse(stdout) as { clusters: { name: string }[] };
  return JSON.stringify({
    clusters,
    users: [{ name: "account", user: { token } }],
    contexts: [{ name: "account", context: { cluster: clusters[0]?.name, user: "account", namespace } }],
    "current-context": "account",
  });
}
