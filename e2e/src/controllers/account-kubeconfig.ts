import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { SuiteContext } from "../suite.ts";

/** A kubeconfig file with a token of a service account: its holder may do what that may, and nothing else. */
export async function accountKubeconfig(
  account: string,
  namespace: string,
  { controlPlane: { client, kubeconfig: admin }, folder, kubectl }: SuiteContext,
): Promise<string> {
  const { status } = await client.createSub<object, { status: { token: string } }>(
    { group: "", version: "v1", kind: "ServiceAccount", plural: "serviceaccounts", scope: "Namespaced" } as never,
    { namespace, name: account },
    "token",
    { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: { expirationSeconds: 3600 } },
  );
  const { stdout } = spawnSync(
    kubectl,
    ["--kubeconfig", admin, "config", "view", "--raw", "--minify", "--flatten", "-o", "json"],
    { encoding: "utf8" },
  );
  const { clusters } = JSON.parse(stdout) as { clusters: { name: string }[] };
  const file = join(folder, `${namespace}-${account}.kubeconfig`);
  const text = JSON.stringify({
    clusters,
    users: [{ name: "account", user: { token: status.token } }],
    contexts: [{ name: "account", context: { cluster: clusters[0]?.name, user: "account", namespace } }],
    "current-context": "account",
  });
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}
