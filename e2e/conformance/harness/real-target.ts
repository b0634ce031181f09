import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { send, type Target } from "./target.ts";

/** A control plane by its kubeconfig, with a bearer token. `etcd` lets cases see what a compacted store answers. */
export async function realTarget(kubeconfigFile: string, etcd?: string): Promise<Target> {
  const config = parse(readFileSync(kubeconfigFile, "utf8"));
  const named = (list: { name: string }[], name: string) => list.find((one) => one.name === name) as never;
  const { context } = named(config.contexts, config["current-context"]) as {
    context: { cluster: string; user: string };
  };
  const { cluster } = named(config.clusters, context.cluster) as { cluster: { server: string } };
  const { user } = named(config.users, context.user) as { user: { token?: string } };
  if (!user.token)
    throw new Error(`${kubeconfigFile}: user ${context.user} has no token, expected one of a cluster administrator`);
  const reached = { name: "kubernetes", url: cluster.server, token: user.token };
  const version = await send(reached, { method: "GET", path: "/version" });
  const { gitVersion } = JSON.parse(version.text) as { gitVersion: string };
  const initial = await send(reached, {
    method: "GET",
    path: "/api/v1/namespaces?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=1",
  });
  const reportsProgress = !initial.text.includes("RequestWatchProgress is disabled");
  return {
    ...reached,
    name: `kubernetes ${gitVersion}`,
    reportsProgress,
    ...(etcd && { compact: () => compactEtcd(etcd) }),
  };
}

/** Forgets everything but the newest revision. */
async function compactEtcd(endpoint: string): Promise<void> {
  const post = async (path: string, body: object) =>
    (await fetch(`${endpoint}${path}`, { method: "POST", body: JSON.stringify(body) })).json() as Promise<{
      header?: { revision: string };
    }>;
  const { header } = await post("/v3/kv/range", { key: Buffer.from("/").toString("base64"), count_only: true });
  await post("/v3/kv/compaction", { revision: header?.revision, physical: true });
}
