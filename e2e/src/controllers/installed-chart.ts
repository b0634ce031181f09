import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { CustomResourceDefinition, Deployment } from "@bellows/api";
import { helmTool } from "../control-plane/helm-tool.ts";
import { publishPort } from "../control-plane/host-service.ts";
import { freePorts } from "../control-plane/process.ts";
import type { SuiteContext } from "../suite.ts";
import { waitFor } from "../suites/waiting.ts";
import type { RunningController } from "./controller.ts";
import { startFromChart } from "./start-from-chart.ts";

const chart = resolve(import.meta.dirname, "../../../deploy/helm/bellows");
const release = "bellows";

export type PartName = "hpa" | "cpa" | "event-scaler" | "node-provisioner";

/** What parts serve the API server: the setting of its port, and the Service's port that leads there. */
const served: Partial<Record<PartName, { readonly setting: string; readonly servicePort: string }>> = {
  "event-scaler": { setting: "securePort", servicePort: "https" },
  "node-provisioner": { setting: "webhookPort", servicePort: "conversion" },
};

export interface InstalledChart {
  /** As the chart's Deployments would: processes with its arguments and its service accounts' rights. All are ready. */
  start(): Promise<ReadonlyMap<PartName, RunningController>>;
  /** Ends the processes and uninstalls. @throws where the API server refused a controller anything meanwhile */
  remove(): Promise<void>;
}

/**
 * Installs the chart with these parts, each with its `config`, to run their controllers as processes of this machine. The
 * chart's own Deployments are scaled to none: no pod of theirs must answer behind their Services.
 */
export async function installChart(
  parts: Partial<Record<PartName, Readonly<Record<string, unknown>>>>,
  namespace: string,
  context: SuiteContext,
): Promise<InstalledChart> {
  const { controlPlane, folder } = context;
  const { client, kubeconfig } = controlPlane;
  const names = Object.keys(parts) as PartName[];
  const ports = new Map<PartName, number>();
  for (const name of names) if (served[name]) ports.set(name, (await freePorts(1))[0] as number);
  // Whoever made them keeps them: a chart does not take over what it did not install.
  const definitions = await client.find(CustomResourceDefinition, { name: "nodepools.karpenter.sh" });
  const values = {
    ...(definitions && { crds: { enabled: false } }),
    ...Object.fromEntries(
      names.map((name) => {
        const port = ports.get(name);
        const config = { ...parts[name], ...(port !== undefined && { [served[name]?.setting as string]: port }) };
        return [name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase()), { enabled: true, config }];
      }),
    ),
  };
  const file = join(folder, "values.json");
  writeFileSync(file, JSON.stringify(values));
  const program = helmTool(context.print);
  const helm = (...args: readonly string[]) => {
    const { status, stdout, stderr } = spawnSync(program, ["--kubeconfig", kubeconfig, "-n", namespace, ...args], {
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(`helm ${args.join(" ")}: ${stdout}${stderr}`);
  };
  helm("install", release, chart, "--create-namespace", "--values", file);
  const controllers = new Map<PartName, RunningController>();
  const unpublish: (() => Promise<void>)[] = [];
  for (const name of names) {
    const key = { namespace, name: `bellows-${name}` };
    await client.patch(Deployment, key, { type: "merge", body: { spec: { replicas: 0 } } });
  }
  return {
    async start() {
      for (const name of names) {
        const port = ports.get(name);
        if (port !== undefined) {
          const servicePort = served[name]?.servicePort as string;
          unpublish.push(await publishPort(controlPlane, { namespace, name: `bellows-${name}`, port, servicePort }));
        }
        const all = port === undefined ? [] : ["--bind-address=0.0.0.0"];
        controllers.set(name, await startFromChart(name, namespace, context, all));
      }
      for (const [name, controller] of controllers) {
        const ready = async () => (await controller.notReady()) ?? true;
        await waitFor(`bellows ${name} is ready`, ready, context).catch((error: unknown) => {
          throw new Error(`${error}\n${controller.lastLines()}`);
        });
      }
      return controllers;
    },
    async remove() {
      for (const controller of controllers.values()) await controller.stop();
      for (const step of unpublish) await step();
      // No kubelet would run the hook.
      helm("uninstall", release, "--no-hooks");
      const refused = [...controllers.values()].flatMap((controller) => controller.logLines()).filter(isRefusal);
      if (refused.length > 0) throw new Error(`the chart's roles lack:\n${refused.join("\n")}`);
    },
  };
}

/** Not what admission forbids: new objects of a namespace that goes away, or a full quota. */
const isRefusal = (line: string): boolean => / is forbidden: User .* cannot /.test(line);
