import { type Deployment, parseSelector, type Selector } from "@bellows/api";
import { parseTargets, type Target } from "./engine/target.ts";

/** One autoscaler as cluster-proportional-autoscaler's flags describe it. */
export interface Installation {
  readonly namespace: string;
  readonly configMap: string;
  readonly targets: readonly Target[];
  /** Nodes to count; all where left out. */
  readonly nodes?: Selector;
  /** Data of the ConfigMap to create where there is none. */
  readonly defaultParams?: Readonly<Record<string, string>>;
}

/** The flags of cluster-proportional-autoscaler that say what to scale. */
export interface InstallationFlags {
  readonly namespace: string;
  readonly configmap: string;
  readonly target: string;
  readonly nodelabels?: string;
  /** JSON: an object by control mode. */
  readonly "default-params"?: string;
}

/** @returns the installation, or which flag can't be used and what was expected there */
export function installationOf(flags: InstallationFlags): Installation | { readonly problem: string } {
  const targets = parseTargets(flags.target);
  if ("problem" in targets) return targets;
  if (!flags.configmap) return { problem: "configmap: nothing, expected the name of a ConfigMap" };
  try {
    return {
      namespace: flags.namespace,
      configMap: flags.configmap,
      targets,
      ...(flags.nodelabels && { nodes: parseSelector(flags.nodelabels) }),
      ...(flags["default-params"] && { defaultParams: paramsByMode(flags["default-params"]) }),
    };
  } catch (error) {
    return { problem: `nodelabels or default-params: ${(error as Error).message}` };
  }
}

const paramsByMode = (text: string): Record<string, string> =>
  Object.fromEntries(
    Object.entries(JSON.parse(text) as object).map(([mode, params]) => [mode, JSON.stringify(params)]),
  );

const upstreamImage = /(^|\/)cluster-proportional-autoscaler(-amd64|-arm64)?(:|@|$)/;

/**
 * The flags of a Deployment that runs the upstream image: how its chart and examples say what to scale. Undefined for
 * any other Deployment.
 */
export function flagsOfDeployment(deployment: Deployment): InstallationFlags | undefined {
  const container = deployment.spec?.template?.spec?.containers.find((each) => upstreamImage.test(each.image ?? ""));
  if (!container || deployment.spec?.replicas === 0) return undefined;
  const flags = new Map<string, string>();
  for (const word of [...(container.command ?? []), ...(container.args ?? [])]) {
    const [, name, value] = /^--?([a-z-]+)=(.*)$/s.exec(word) ?? [];
    if (name !== undefined && value !== undefined) flags.set(name, value);
  }
  return {
    namespace: flags.get("namespace") || (deployment.metadata.namespace ?? "default"),
    configmap: flags.get("configmap") ?? "",
    target: flags.get("target") ?? "",
    nodelabels: flags.get("nodelabels") ?? "",
    "default-params": flags.get("default-params") ?? "",
  };
}
