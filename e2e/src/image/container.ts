import { chmodSync, copyFileSync } from "node:fs";
import { join } from "node:path";
import { Deployment } from "@bellows/api";
import { freePorts } from "../control-plane/process.ts";
import { accountKubeconfig } from "../controllers/account-kubeconfig.ts";
import { environmentOf } from "../controllers/start-from-chart.ts";
import type { SuiteContext } from "../suite.ts";
import { waitFor } from "../suites/waiting.ts";
import { createContainer, docker, removeContainer, tryDocker } from "./docker-command.ts";

/** What the chart's security contexts mean to Docker, whose own seccomp profile is the runtime's. */
export const confined: readonly string[] = [
  "--read-only",
  ...["--cap-drop", "ALL"],
  ...["--security-opt", "no-new-privileges"],
  ...["--user", "65532:65532"],
];

export interface ControllerContainer {
  /** From the start of the container to its first answer to a probe. */
  readonly answersAfterMs: number;
  /** Waits until it is ready. */
  ready(): Promise<void>;
  log(): Promise<string>;
  /** SIGTERM. @returns its exit code, and how long it took */
  stop(): Promise<{ readonly exitCode: number; readonly ms: number }>;
  remove(): Promise<void>;
}

/** Twice what a pod has. */
const stopLimitMs = 60_000;

/** A kubeconfig that the user of the image may read. */
export async function readableKubeconfig(account: string, namespace: string, context: SuiteContext): Promise<string> {
  const file = join(context.folder, `${account}-container.kubeconfig`);
  copyFileSync(await accountKubeconfig(account, namespace, context), file);
  chmodSync(file, 0o644);
  return file;
}

/** A controller in a container as its pod would have it: the chart's arguments, environment, limits and rights. */
export async function startContainer(
  image: string,
  name: string,
  namespace: string,
  context: SuiteContext,
  more: readonly string[],
): Promise<ControllerContainer> {
  const { spec } = await context.controlPlane.client.get(Deployment, { namespace, name: `bellows-${name}` });
  const pod = spec?.template.spec;
  const [container] = pod?.containers ?? [];
  const kubeconfig = await readableKubeconfig(pod?.serviceAccountName as string, namespace, context);
  const [port] = await freePorts(1);
  const env = await environmentOf(container, namespace, context);
  const memory = String(container?.resources?.limits?.["memory"] ?? "512Mi").replace(/i$/, "");
  const id = await createContainer(
    ...confined,
    ...["--network", "host", "--memory", memory, "--volume", `${kubeconfig}:/kubeconfig:ro`],
    ...Object.entries(env).flatMap(([key, value]) => ["--env", `${key}=${value}`]),
    image,
    ...(container?.args ?? [name]),
    ...["--kubeconfig=/kubeconfig", "--bind-address=127.0.0.1", `--metrics-port=${port}`],
    ...more,
  );
  const url = `http://127.0.0.1:${port}`;
  const log = async () => {
    const { output, errors } = await tryDocker("logs", id);
    return `${output}${errors}`;
  };
  await docker("start", id);
  const answeredAt = await firstAnswer(`${url}/healthz`, context);
  const startedAt = Date.parse(await docker("inspect", "--format", "{{.State.StartedAt}}", id));
  if (answeredAt === undefined) {
    const said = await log();
    await removeContainer(id);
    throw new Error(`bellows ${name} does not answer probes in its container: ${said}`);
  }
  return {
    answersAfterMs: answeredAt - startedAt,
    log,
    ready: () =>
      waitFor(
        `bellows ${name} is ready in its container`,
        async () => {
          const answer = await fetch(`${url}/readyz?verbose`);
          return answer.ok || (await answer.text());
        },
        context,
      ).catch(async (error: unknown) => {
        throw new Error(`${error}\n${await log()}`);
      }),
    async stop() {
      const from = performance.now();
      await docker("kill", "--signal", "TERM", id);
      const limit = new Promise<undefined>((late) => setTimeout(() => late(undefined), stopLimitMs).unref());
      const exitCode = await Promise.race([docker("wait", id), limit]);
      if (exitCode === undefined) throw new Error(`it is there ${stopLimitMs / 1000} s after SIGTERM: ${await log()}`);
      return { exitCode: Number(exitCode), ms: performance.now() - from };
    },
    remove: () => removeContainer(id),
  };
}

/** When a URL first answered; undefined where it did not within a minute. */
async function firstAnswer(url: string, { signal }: SuiteContext): Promise<number | undefined> {
  for (const until = Date.now() + 60_000; Date.now() < until && !signal.aborted; ) {
    if (await fetch(url).then(Boolean, () => false)) return Date.now();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return undefined;
}
