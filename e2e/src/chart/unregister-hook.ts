import { execFile } from "node:child_process";
import { Job, Pod } from "@bellows/api";
import { accountKubeconfig } from "../controllers/account-kubeconfig.ts";
import { main } from "../controllers/controller.ts";
import type { SuiteContext } from "../suite.ts";
import { waitFor } from "../suites/waiting.ts";
import { chartNamespace as namespace } from "./chart.ts";
import { requestsOf, unusedRights } from "./rights.ts";

export interface HookRun {
  /** What the hook's command printed. */
  readonly printed: readonly string[];
  /** What the API server refused it; undefined where it keeps no record. */
  readonly refused: readonly string[] | undefined;
  /** Of its rights, those that no run of it has needed so far. */
  readonly unused: readonly string[] | undefined;
}

/**
 * Takes the place of a kubelet while `helmRun` waits for the hook of this Service: its command runs as a process with
 * the token of its own service account, and its pod succeeds or fails as that does.
 */
export async function runUnregisterHook(
  service: string,
  helmRun: Promise<unknown>,
  context: SuiteContext,
): Promise<HookRun> {
  const { client } = context.controlPlane;
  const name = `${service}-unregister`;
  const ended = helmRun.then(
    () => "helm ended without the hook",
    (error: unknown) => String(error),
  );
  let pod: Pod | undefined;
  const look = async () => {
    const { items } = await client.list(Pod, { namespace, labelSelector: `batch.kubernetes.io/job-name=${name}` });
    pod = items.find(({ status }) => status?.phase === "Pending");
    return pod !== undefined || `no pod; ${JSON.stringify((await client.find(Job, { namespace, name }))?.status)}`;
  };
  await Promise.race([
    waitFor(`the hook ${name} has a pod`, look, context),
    ended.then((message) => Promise.reject(new Error(message))),
  ]);
  const { serviceAccountName = "", containers = [] } = pod?.spec ?? {};
  const kubeconfig = await accountKubeconfig(serviceAccountName, namespace, context);
  const { ok, output } = await bellows([...(containers[0]?.args ?? []), "--kubeconfig", kubeconfig]);
  const refused = requestsOf(serviceAccountName, context)?.refused;
  const unused = await unusedRights(serviceAccountName, context);
  await client.patch(
    Pod,
    { namespace, name: pod?.metadata.name as string },
    { type: "merge", body: { status: { phase: ok ? "Succeeded" : "Failed" } } },
    { subresource: "status" },
  );
  if (!ok) throw new Error(`bellows unregister: ${output}`);
  await helmRun;
  return { printed: output.trimEnd().split("\n"), refused, unused };
}

const bellows = (args: readonly string[]): Promise<{ readonly ok: boolean; readonly output: string }> =>
  new Promise((done) => {
    execFile(process.execPath, [main, ...args], (error, output, errors) =>
      done({ ok: error === null, output: `${output}${error ? errors : ""}` }),
    );
  });
