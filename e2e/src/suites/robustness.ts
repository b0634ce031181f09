import { randomBytes, sign } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  ClusterRole,
  ClusterRoleBinding,
  type CrdObject,
  CustomResourceDefinition,
  customKinds,
  customResourceDefinitions,
  ServiceAccount,
} from "@bellows/api";
import type { Client } from "@bellows/kube";
import { applyObjects } from "@bellows/sandbox/simulator";
import { connectionProxy } from "../control-plane/connection-proxy.ts";
import { type RunningController, startController } from "../controllers/controller.ts";
import { namespace, type Subject, subjects } from "../robustness/subjects.ts";
import type { Case, Suite, SuiteContext } from "../suite.ts";
import { waitFor } from "./waiting.ts";

/** Waits for a line of the log whose text has each of `words`. */
const says = (controller: RunningController, words: readonly string[], context: SuiteContext) =>
  waitFor(
    `a log line with ${words.join(" and ")}`,
    async () =>
      controller.logLines().some((line) => words.every((word) => line.includes(word))) || controller.lastLines(),
    context,
  );

const isReady = (controller: RunningController, context: SuiteContext) =>
  waitFor("ready", async () => (await controller.notReady()) ?? true, context, 120_000);

async function isNotReady(controller: RunningController): Promise<void> {
  const reason = await controller.notReady();
  if (!reason?.includes("failed")) throw new Error(`it is ready, expected not: ${reason}`);
}

/** The run's kubeconfig with another server or token. */
function kubeconfigWith(context: SuiteContext, change: { readonly server?: string; readonly token?: string }): string {
  let text = readFileSync(context.controlPlane.kubeconfig, "utf8");
  const replace = (field: string, value: string) => {
    const pattern = new RegExp(`^(\\s*-?\\s*${field}: ).*$`, "m");
    if (!pattern.test(text))
      throw new Error(`the kubeconfig has no ${field}: only one with a token or a certificate can be changed`);
    text = text.replace(pattern, `$1${value}`);
  };
  if (change.server) replace("server", change.server);
  if (change.token) {
    // In place of a certificate, with which it would be the administrator still.
    text = text
      .replace(/^\s*client-key(-data)?: .*\n/m, "")
      .replace(/^(\s*-?\s*)client-certificate(-data)?: .*$/m, "$1token: none");
    replace("token", change.token);
  }
  const file = join(context.folder, `kubeconfig-${randomBytes(4).toString("hex")}`);
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}

const serverOf = (kubeconfig: string): string => /^\s*server: (.*)$/m.exec(readFileSync(kubeconfig, "utf8"))?.[1] ?? "";

async function withProcess(
  { controller, args }: Subject,
  { folder }: SuiteContext,
  kubeconfig: string,
  run: (process: RunningController) => Promise<void>,
): Promise<void> {
  const process = await startController(controller, { kubeconfig, folder, args });
  try {
    await run(process);
  } finally {
    await process.stop();
  }
}

/** Runs a case for every controller at the same time; what fails is told with the controller's name. */
const forEach = (
  name: string,
  run: (subject: Subject, context: SuiteContext) => Promise<void>,
  of: readonly Subject[] = subjects,
): Case => ({
  name: `${name} (${of.map(({ controller }) => controller).join(", ")})`,
  async run(context) {
    const outcomes = await Promise.allSettled(of.map((subject) => run(subject, context)));
    const failures = outcomes.flatMap((outcome, index) =>
      outcome.status === "rejected" ? [`${of[index]?.controller}: ${outcome.reason}`] : [],
    );
    if (failures.length > 0) throw new Error(failures.join("\n"));
  },
});

const dropped = forEach(
  "connections that drop in the middle of watches: the controller goes on, and is ready again",
  async (subject, context) => {
    const proxy = await connectionProxy(serverOf(context.controlPlane.kubeconfig));
    try {
      await withProcess(subject, context, kubeconfigWith(context, { server: proxy.url }), async (process) => {
        await subject.acts(context);
        for (let round = 0; round < 3; round++) {
          if (proxy.drop() === 0) throw new Error("there was no connection to drop");
          await subject.acts(context);
        }
        await isReady(process, context);
      });
    } finally {
      await proxy.close();
    }
  },
);

const restarted: Case = {
  name: "an API server that restarts: every controller waits, acts again and is ready",
  async run(context) {
    const { restartApiServer, kubeconfig } = context.controlPlane;
    if (!restartApiServer) return context.print("      (this control plane is not ours to restart)");
    const acting = Promise.withResolvers<void>();
    const restart = Promise.withResolvers<void>();
    let left = subjects.length;
    const run = forEach("restart", (subject) =>
      withProcess(subject, context, kubeconfig, async (process) => {
        try {
          await subject.acts(context);
        } finally {
          if (--left === 0) acting.resolve();
        }
        await restart.promise;
        await subject.acts(context);
        await isReady(process, context);
      }),
    ).run(context);
    run.catch(() => undefined);
    await Promise.race([acting.promise, run]);
    await restartApiServer();
    restart.resolve();
    await run;
  },
};

const startedBefore: Case = {
  name: "an API server that is not up yet: the controllers say which, wait, and act once it is",
  run: (context) =>
    forEach("start", async (subject) => {
      const proxy = await connectionProxy(serverOf(context.controlPlane.kubeconfig));
      await proxy.close();
      await withProcess(subject, context, kubeconfigWith(context, { server: proxy.url }), async (process) => {
        await says(process, ["Unreachable", `${proxy.url} gave no answer`], context);
        await isNotReady(process);
        const again = await connectionProxy(serverOf(context.controlPlane.kubeconfig), Number(new URL(proxy.url).port));
        try {
          await subject.acts(context);
          await isReady(process, context);
        } finally {
          await again.close();
        }
      });
    }).run(context),
};

/** Of the 30 s that a pod has, this leaves some. */
const endLimitMs = 15_000;

const toldToEnd = forEach(
  "an API server that hangs: told to end, a controller that leads does so in time, and with 0",
  async (subject, context) => {
    const proxy = await connectionProxy(serverOf(context.controlPlane.kubeconfig));
    const args = subject.args.filter((arg) => arg !== "--leader-elect=false");
    const leads = { ...subject, args: [...args, `--leader-elect-resource-namespace=${namespace}`] };
    try {
      await withProcess(leads, context, kubeconfigWith(context, { server: proxy.url }), async (process) => {
        await says(process, ["successfully acquired lease"], context);
        await isReady(process, context);
        proxy.hang();
        // It notices at its next renewal.
        await new Promise((resolve) => setTimeout(resolve, 3_000));
        const { exitCode, ms } = await process.end();
        context.note(`${subject.controller}: ended ${ms.toFixed(0)} ms after SIGTERM while the API server hung`);
        if (exitCode !== 0 || ms > endLimitMs)
          throw new Error(`it ended with ${exitCode} after ${ms.toFixed(0)} ms: ${process.lastLines()}`);
      });
    } finally {
      await proxy.close();
    }
  },
);

/** Says what is wrong with its token, and is not ready. */
const refuses = (name: string, tokenOf: (context: SuiteContext) => string | undefined): Case =>
  forEach(name, async (subject, context) => {
    const token = tokenOf(context);
    if (!token) return context.print("      (the key of this control plane is not ours)");
    await withProcess(subject, context, kubeconfigWith(context, { token }), async (process) => {
      await says(process, ["Unauthorized", "the token is not accepted: it expired"], context);
      await isNotReady(process);
    });
  });

/** A service account's token as this API server signs them, whose hour ended an hour ago. */
function expiredToken({ controlPlane: { serviceAccountKey: key } }: SuiteContext): string | undefined {
  if (!key) return undefined;
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
  const { status } = await client.createSub<object, { status: { token: string } }>(
    ServiceAccount,
    { namespace, name: account },
    "token",
    { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: { expirationSeconds: 3600 } },
  );
  return kubeconfigWith(context, { token: status.token });
}

const withoutRights = forEach(
  "no right at all: the message names role, verb and resource; granted, the controller acts",
  async (subject, context) => {
    const account = `bellows-e2e-${subject.controller}`;
    const kubeconfig = await accountWith([], account, context);
    await withProcess(subject, context, kubeconfig, async (process) => {
      const fix = new RegExp(`the ClusterRole bellows-${subject.controller} must allow (get|list|create) of [a-z]+`);
      await waitFor(
        "the log names what is missing",
        async () =>
          process.logLines().some((line) => line.includes('"reason":"Forbidden"') && fix.test(line)) ||
          process.lastLines(),
        context,
      );
      await isNotReady(process);
      await accountWith([{ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }], account, context);
      await subject.acts(context);
      await isReady(process, context);
    });
  },
);

const withDefinitions = subjects.filter(({ controller }) => controller !== "hpa");
const definitions = () => customResourceDefinitions();

/** As an older or a newer release has it: nothing of what it serves is known. */
const otherVersion = (crd: CrdObject): CrdObject => ({
  ...crd,
  spec: {
    ...crd.spec,
    conversion: { strategy: "None" },
    versions: crd.spec.versions.slice(0, 1).map((version) => ({ ...version, name: "v1alpha0" })),
  },
});

/** Without a field that this version writes. */
function withoutField(crd: CrdObject, field: string): CrdObject {
  const copy = structuredClone(crd);
  for (const { schema } of copy.spec.versions) {
    const spec = schema.openAPIV3Schema.properties?.["spec"] as { properties: Record<string, unknown> };
    delete spec.properties[field];
  }
  return copy;
}

async function reinstall(client: Client, wanted: readonly CrdObject[], context: SuiteContext): Promise<void> {
  for (const { metadata } of wanted) await client.delete(CustomResourceDefinition, { name: metadata.name as string });
  await waitFor(
    "the definitions are gone",
    async () => {
      const { items } = await client.list(CustomResourceDefinition);
      const left = items.filter(({ metadata }) => wanted.some((each) => each.metadata.name === metadata.name));
      return left.length === 0 || `${left.map(({ metadata }) => metadata.name)} are left`;
    },
    context,
  );
  await applyObjects(client, wanted as never, namespace, "bellows-e2e");
}

const otherDefinitions: Case = {
  name: "CustomResourceDefinitions of another version: each is named with what installs this one, and then the controllers start",
  async run(context) {
    const { startControlPlane } = context;
    if (!startControlPlane) return context.print("      (there is only the one control plane)");
    const controlPlane = await startControlPlane();
    const own = { ...context, controlPlane };
    const { client, kubeconfig } = controlPlane;
    try {
      await applyObjects(client, definitions().map(otherVersion) as never, namespace, "bellows-e2e");
      const named = Promise.withResolvers<void>();
      const mended = Promise.withResolvers<void>();
      let left = withDefinitions.length;
      const run = forEach(
        "start",
        async (subject) =>
          withProcess(subject, own, kubeconfig, async (process) => {
            try {
              await says(process, ["NotServed", "does not serve v1", "kubectl apply --server-side"], own);
              await isNotReady(process);
            } finally {
              if (--left === 0) named.resolve();
            }
            await mended.promise;
            await isReady(process, own);
          }),
        // Without a ConfigMap, cpa acts on its own kind.
        withDefinitions.map((subject) =>
          subject.controller === "cpa" ? { ...subject, args: subject.args.slice(0, 2) } : subject,
        ),
      ).run(own);
      await Promise.race([named.promise, run]);
      await reinstall(client, definitions(), own);
      mended.resolve();
      await run;

      const [scaledObjects] = definitions().filter(({ metadata }) => metadata.name === "scaledobjects.keda.sh");
      const older = withoutField(scaledObjects as CrdObject, "initialCooldownPeriod");
      await applyObjects(client, [older] as never, namespace, "bellows-e2e");
      const [subject] = withDefinitions.filter(({ controller }) => controller === "event-scaler");
      await withProcess(subject as Subject, own, kubeconfig, async (process) => {
        const problem = "v1alpha1 does not know spec.initialCooldownPeriod, and drops it";
        await says(process, ["scaledobjects.keda.sh", problem, "helm upgrade with crds.enabled=true"], own);
        await isReady(process, own);
      });
    } finally {
      await controlPlane.stop();
    }
  },
};

/** What keeps controllers from their API server, with every one of them as a process. */
export const robustness: Suite = {
  name: "robustness",
  async start(context) {
    const { client } = context.controlPlane;
    await applyObjects(client, definitions() as never, namespace, "bellows-e2e");
    await waitFor(
      "the definitions are served",
      async () => {
        for (const kind of customKinds.filter(({ version }) => version !== "v1beta1"))
          await client.list(kind, { limit: 1 });
        return true;
      },
      context,
    );
    for (const { prepare } of subjects) await prepare?.(client);
    return async () => {
      for (const { clear } of subjects) await clear(client);
    };
  },
  cases: [
    dropped,
    restarted,
    startedBefore,
    toldToEnd,
    refuses("a token that expired: the message says what to do, and the process is not ready", expiredToken),
    refuses("a token that nobody knows: the same", () => randomBytes(24).toString("hex")),
    withoutRights,
    otherDefinitions,
  ],
};
