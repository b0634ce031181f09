import { randomBytes, sign } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  ClusterRole,
  ClusterRoleBinding,
  ConfigMap,
  crdOf,
  customResources,
  Deployment,
  Node,
  ServiceAccount,
} from "@bellows/api";
import { applyObjects } from "@bellows/sandbox/simulator";
import { connectionProxy } from "../control-plane/connection-proxy.ts";
import { type RunningController, startController } from "../controllers/controller.ts";
import type { Case, Suite, SuiteContext } from "../suite.ts";
import { waitFor } from "./waiting.ts";

const namespace = "default";
const name = "bellows-e2e-proportional";
/** Counts only nodes that nobody else makes. */
const nodeLabel = { "bellows-e2e/robustness": "true" };
const cpaArgs = [
  "--leader-elect=false",
  "--ignore-neighbours",
  `--target=deployment/${name}`,
  `--configmap=${name}`,
  `--namespace=${namespace}`,
  "--nodelabels=bellows-e2e/robustness=true",
];

const nodeNames = new Set<string>();

async function addNode({ controlPlane: { client } }: SuiteContext): Promise<void> {
  const node = `bellows-e2e-${nodeNames.size + 1}`;
  nodeNames.add(node);
  await client.create(Node, { metadata: { name: node, labels: nodeLabel } } as never);
}

const replicasAre = (wanted: number, context: SuiteContext, limitMs?: number) =>
  waitFor(
    "replicas",
    async () => {
      const { spec } = await context.controlPlane.client.get(Deployment, { namespace, name });
      return spec?.replicas === wanted || `${spec?.replicas}, expected ${wanted}`;
    },
    context,
    limitMs,
  );

/** Waits for a line of the log whose text has each of `words`. */
const says = (controller: RunningController, words: readonly string[], context: SuiteContext) =>
  waitFor(
    `a log line with ${words.join(" and ")}`,
    async () =>
      controller.logLines().some((line) => words.every((word) => line.includes(word))) || controller.lastLines(),
    context,
    60_000,
  );

/** The run's kubeconfig with another server or token. */
function kubeconfigWith(context: SuiteContext, change: { readonly server?: string; readonly token?: string }): string {
  let text = readFileSync(context.controlPlane.kubeconfig, "utf8");
  const replace = (field: string, value: string) => {
    const pattern = new RegExp(`^(\\s*-?\\s*${field}: ).*$`, "m");
    if (!pattern.test(text)) throw new Error(`the kubeconfig has no ${field}: only one with a token can be changed`);
    text = text.replace(pattern, `$1${value}`);
  };
  if (change.server) replace("server", change.server);
  if (change.token) replace("token", change.token);
  const file = join(context.folder, `kubeconfig-${randomBytes(4).toString("hex")}`);
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}

const serverOf = (kubeconfig: string): string => /^\s*server: (.*)$/m.exec(readFileSync(kubeconfig, "utf8"))?.[1] ?? "";

async function withCpa(
  context: SuiteContext,
  kubeconfig: string,
  run: (controller: RunningController) => Promise<void>,
): Promise<void> {
  const controller = await startController("cpa", { kubeconfig, folder: context.folder, args: cpaArgs });
  try {
    await run(controller);
  } finally {
    await controller.stop();
  }
}

/** A service account that may only do what `rules` say. @returns a kubeconfig with its token */
async function accountWith(rules: readonly object[], account: string, context: SuiteContext): Promise<string> {
  const { client } = context.controlPlane;
  const options = { fieldManager: "bellows-e2e", force: true };
  await client.apply(ServiceAccount, { metadata: { name: account, namespace } } as never, options);
  await client.apply(ClusterRole, { metadata: { name: account }, rules } as never, options);
  await client.apply(
    ClusterRoleBinding,
    {
      metadata: { name: account },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: account },
      subjects: [{ kind: "ServiceAccount", name: account, namespace }],
    } as never,
    options,
  );
  const token = await tokenOf(account, context);
  return kubeconfigWith(context, { token });
}

const dropped: Case = {
  name: "connections that drop in the middle of watches: the controller goes on, and is ready again",
  async run(context) {
    const proxy = await connectionProxy(serverOf(context.controlPlane.kubeconfig));
    try {
      await withCpa(context, kubeconfigWith(context, { server: proxy.url }), async (controller) => {
        await addNode(context);
        await replicasAre(nodeNames.size, context);
        for (let round = 0; round < 3; round++) {
          if (proxy.drop() === 0) throw new Error("there was no connection to drop");
          await addNode(context);
          await replicasAre(nodeNames.size, context);
        }
        await waitFor("ready", async () => (await controller.notReady()) ?? true, context);
      });
    } finally {
      await proxy.close();
    }
  },
};

const restarted: Case = {
  name: "an API server that restarts: the controller says that it is away, waits, and acts again",
  async run(context) {
    const { restartApiServer } = context.controlPlane;
    if (!restartApiServer) return context.print("      (this control plane is not ours to restart)");
    await withCpa(context, context.controlPlane.kubeconfig, async (controller) => {
      await addNode(context);
      await replicasAre(nodeNames.size, context);
      await restartApiServer();
      await addNode(context);
      await replicasAre(nodeNames.size, context);
      await waitFor("ready", async () => (await controller.notReady()) ?? true, context);
    });
  },
};

/** Waits until it has said what is wrong with its token, and that it is not ready. */
const refuses = (token: string, context: SuiteContext) =>
  withCpa(context, kubeconfigWith(context, { token }), async (controller) => {
    await says(controller, ["Unauthorized", "the token is not accepted: it expired"], context);
    const reason = await controller.notReady();
    if (!reason?.includes("failed")) throw new Error(`it is not unready because its token is refused: ${reason}`);
  });

/** A service account's token as this API server signs them, whose hour ended an hour ago. */
function expiredToken(key: string): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const now = Math.floor(Date.now() / 1000);
  const issuer = "https://kubernetes.default.svc";
  const claims = {
    iss: issuer,
    aud: [issuer],
    sub: `system:serviceaccount:${namespace}:default`,
    iat: now - 7200,
    nbf: now - 7200,
    exp: now - 3600,
  };
  const signed = `${part({ alg: "ES256", typ: "JWT" })}.${part(claims)}`;
  return `${signed}.${sign("sha256", Buffer.from(signed), { key, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
}

const expired: Case = {
  name: "a token that expired: the message says what to do, and the process is not ready",
  async run(context) {
    const { serviceAccountKey } = context.controlPlane;
    if (!serviceAccountKey) return context.print("      (the key of this control plane is not ours)");
    await refuses(expiredToken(serviceAccountKey), context);
  },
};

const unknownToken: Case = {
  name: "a token that nobody knows: the same",
  run: (context) => refuses(randomBytes(24).toString("hex"), context),
};

const missingVerb: Case = {
  name: "a missing RBAC verb: the message names role, verb and resource; granted, the controller acts",
  async run(context) {
    const account = "bellows-e2e-cpa";
    const allowed = [
      { apiGroups: ["bellows.dev"], resources: ["clusterproportionalautoscalers"], verbs: ["list", "watch"] },
      { apiGroups: [""], resources: ["events"], verbs: ["create", "patch"] },
      { apiGroups: ["apps"], resources: ["deployments", "replicasets", "statefulsets"], verbs: ["list", "watch"] },
      { apiGroups: ["apps"], resources: ["deployments/scale"], verbs: ["get", "patch"] },
      { apiGroups: [""], resources: ["configmaps"], resourceNames: [name], verbs: ["get", "list", "watch"] },
    ];
    const kubeconfig = await accountWith(allowed, account, context);
    await addNode(context);
    await withCpa(context, kubeconfig, async (controller) => {
      await says(controller, ["Forbidden", "the ClusterRole bellows-cpa must allow list of nodes"], context);
      if (!(await controller.notReady())) throw new Error("it is ready although it may not list nodes");
      const nodes = { apiGroups: [""], resources: ["nodes"], verbs: ["list", "watch"] };
      await accountWith([...allowed, nodes], account, context);
      await replicasAre(nodeNames.size, context, 120_000);
      await waitFor("ready", async () => (await controller.notReady()) ?? true, context);
    });
  },
};

async function tokenOf(account: string, { controlPlane, kubectl }: SuiteContext): Promise<string> {
  const { promisify } = await import("node:util");
  const { execFile } = await import("node:child_process");
  const args = ["--kubeconfig", controlPlane.kubeconfig, "create", "token", account, "--namespace", namespace];
  return (await promisify(execFile)(kubectl, args)).stdout.trim();
}

/** What keeps a controller from its API server, with controllers as processes. */
export const robustness: Suite = {
  name: "robustness",
  async start({ controlPlane: { client } }) {
    const definitions = customResources.map(({ versions, options }) => crdOf(versions, options));
    await applyObjects(client, definitions as never, namespace, "bellows-e2e");
    const labels = { app: name };
    await client.create(Deployment, {
      metadata: { name, namespace },
      spec: {
        replicas: 0,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: { containers: [{ name: "pause", image: "registry.k8s.io/pause:3.10" }] },
        },
      },
    } as never);
    await client.create(ConfigMap, {
      metadata: { name, namespace },
      data: { linear: JSON.stringify({ nodesPerReplica: 1, min: 0, includeUnschedulableNodes: true }) },
    } as never);
    return async () => {
      await client.delete(Deployment, { namespace, name });
      await client.delete(ConfigMap, { namespace, name });
      for (const node of nodeNames) await client.delete(Node, { name: node });
    };
  },
  cases: [dropped, restarted, expired, unknownToken, missingVerb],
};
