import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { helmTool } from "../control-plane/helm-tool.ts";
import type { SuiteContext } from "../suite.ts";

export const chart: string = resolve(import.meta.dirname, "../../../deploy/helm/bellows");
/** Where suites install it. */
export const chartNamespace = "bellows-system";

export interface Ran {
  readonly ok: boolean;
  readonly output: string;
  /** What it said about it. */
  readonly errors: string;
}

function run(program: string, args: readonly string[], input = ""): Promise<Ran> {
  return new Promise((done) => {
    const child = execFile(program, args, { maxBuffer: 2 ** 27 }, (error, output, errors) =>
      done({ ok: error === null, output, errors }),
    );
    child.stdin?.end(input);
  });
}

async function mustRun(program: string, args: readonly string[], input?: string): Promise<string> {
  const { ok, output, errors } = await run(program, args, input);
  if (!ok) throw new Error(`${program} ${args.join(" ")}: ${errors}${output}`);
  return output;
}

/** Helm on the run's cluster, however it ends. */
export const tryHelm = ({ controlPlane, print }: SuiteContext, ...args: readonly string[]): Promise<Ran> =>
  run(helmTool(print), ["--kubeconfig", controlPlane.kubeconfig, ...args]);

export const helm = ({ controlPlane, print }: SuiteContext, ...args: readonly string[]): Promise<string> =>
  mustRun(helmTool(print), ["--kubeconfig", controlPlane.kubeconfig, ...args]);

export const kubectl = (
  { kubectl: program, controlPlane }: SuiteContext,
  args: readonly string[],
  input?: string,
): Promise<string> => mustRun(program, ["--kubeconfig", controlPlane.kubeconfig, ...args], input);

let installed = "";

/** Installs or upgrades the chart with these values. @returns its notes */
export async function install(context: SuiteContext, ...values: readonly string[]): Promise<string> {
  installed = values.join();
  return helm(
    context,
    ...["upgrade", "--install", "bellows", chart, "-n", chartNamespace, "--create-namespace"],
    ...values.flatMap((value) => ["--set", value]),
  );
}

/** {@link install}, unless it was the last that was. */
export async function ensureInstalled(context: SuiteContext, ...values: readonly string[]): Promise<void> {
  if (installed !== values.join()) await install(context, ...values);
}

/** Takes away what {@link install} made, and its namespace. Nobody runs its hook: what was registered goes by hand. */
export async function uninstall(context: SuiteContext): Promise<void> {
  installed = "";
  await tryHelm(context, "uninstall", "bellows", "-n", chartNamespace, "--no-hooks");
  await kubectl(context, ["delete", "apiservice", "v1beta1.external.metrics.k8s.io", "--ignore-not-found"]);
  await kubectl(context, ["delete", "namespace", chartNamespace, "--ignore-not-found", "--wait=false"]);
}
