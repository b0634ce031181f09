import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { helmTool } from "../control-plane/helm-tool.ts";
import type { SuiteContext } from "../suite.ts";

export const chart: string = resolve(import.meta.dirname, "../../../deploy/helm/bellows");
/** Where suites install it. */
export const chartNamespace = "bellows-system";

export interface Ran {
  readonly ok: boolean;
  readonly text: string;
}

function run(program: string, args: readonly string[], input?: string): Ran {
  const { status, stdout, stderr } = spawnSync(program, args, {
    encoding: "utf8",
    maxBuffer: 2 ** 27,
    ...(input !== undefined && { input }),
  });
  return { ok: status === 0, text: `${stdout}${stderr}` };
}

/** Helm on the run's cluster, however it ends. */
export const tryHelm = ({ controlPlane, print }: SuiteContext, ...args: readonly string[]): Ran =>
  run(helmTool(print), ["--kubeconfig", controlPlane.kubeconfig, ...args]);

export function helm(context: SuiteContext, ...args: readonly string[]): string {
  const { ok, text } = tryHelm(context, ...args);
  if (!ok) throw new Error(`helm ${args.join(" ")}: ${text}`);
  return text;
}

export function kubectl(
  { kubectl: program, controlPlane }: SuiteContext,
  args: readonly string[],
  input?: string,
): string {
  const { ok, text } = run(program, ["--kubeconfig", controlPlane.kubeconfig, ...args], input);
  if (!ok) throw new Error(`kubectl ${args.join(" ")}: ${text}`);
  return text;
}

/** Installs or upgrades the chart with these values. */
export const install = (context: SuiteContext, ...values: readonly string[]): string =>
  helm(
    context,
    ...["upgrade", "--install", "bellows", chart, "-n", chartNamespace, "--create-namespace"],
    ...values.flatMap((value) => ["--set", value]),
  );

/** Takes away what {@link install} made, and its namespace. */
export function uninstall(context: SuiteContext): void {
  tryHelm(context, "uninstall", "bellows", "-n", chartNamespace);
  kubectl(context, ["delete", "namespace", chartNamespace, "--ignore-not-found", "--wait=false"]);
}
