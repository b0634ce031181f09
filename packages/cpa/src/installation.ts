import { type Deployment, parseSelector, type Selector } from "@bellows/api";
import { parseParams } from "./engine/params.ts";
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
  const nodes = nodesOf(flags.nodelabels);
  if (nodes && "problem" in nodes) return nodes;
  const params = paramsByMode(flags["default-params"]);
  if (params && "problem" in params) return params;
  return {
    namespace: flags.namespace,
    configMap: flags.configmap,
    targets,
    ...(nodes && { nodes: nodes.selector }),
    ...(params && { defaultParams: params.data }),
  };
}

function nodesOf(text: string | undefined): { selector: Selector } | { problem: string } | undefined {
  if (!text) return undefined;
  try {
    return { selector: parseSelector(text) };
  } catch (error) {
    return { problem: `nodelabels: ${JSON.stringify(text)}, expected a label selector (${(error as Error).message})` };
  }
}

/** Checked as the ConfigMap will be, since one that is made of them could not be used otherwise. */
function paramsByMode(text: string | undefined): { data: Record<string, string> } | { problem: string } | undefined {
  if (!text) return undefined;
  const expected = 'expected an object by control mode, such as {"linear":{"nodesPerReplica":1}}';
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { problem: `default-params: not JSON (${(error as Error).message}), ${expected}` };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { problem: `default-params: ${JSON.stringify(value)}, ${expected}` };
  }
  const data = Object.fromEntries(Object.entries(value).map(([mode, params]) => [mode, JSON.stringify(params)]));
  const read = parseParams(data);
  return "problem" in read ? { problem: read.problem.replace(/^data/, "default-params") } : { data };
}

const upstreamImage = /(^|\/)cluster-proportional-autoscaler(-amd64|-arm64)?(:|@|$)/;

const ownImage = /(^|\/)bellows(:|@|$)/;

/**
 * The flags of a Deployment that runs the upstream image, or our own for a target: how the charts and upstream's examples
 * say what to scale. Undefined for any other Deployment.
 * @param images  whose images count
 */
export function flagsOfDeployment(
  deployment: Deployment,
  images: "upstream" | "any" = "any",
): InstallationFlags | undefined {
  if (deployment.spec?.replicas === 0) return undefined;
  for (const { image = "", command = [], args = [] } of deployment.spec?.template?.spec?.containers ?? []) {
    const words = [...command, ...args];
    const isOwn = images === "any" && ownImage.test(image) && words.includes("cpa");
    if (!isOwn && !upstreamImage.test(image)) continue;
    const flags = flagsIn(words);
    if (isOwn && !flags.has("target")) continue;
    return {
      namespace: flags.get("namespace") || (deployment.metadata.namespace ?? "default"),
      configmap: flags.get("configmap") ?? "",
      target: flags.get("target") ?? "",
      nodelabels: flags.get("nodelabels") ?? "",
      "default-params": flags.get("default-params") ?? "",
    };
  }
  return undefined;
}

/** `--name=value`, or two words. */
function flagsIn(words: readonly string[]): Map<string, string> {
  const flags = new Map<string, string>();
  for (const [index, word] of words.entries()) {
    const [, name, value] = /^--?([a-z-]+)(?:=(.*))?$/s.exec(word) ?? [];
    if (name !== undefined) flags.set(name, value ?? words[index + 1] ?? "");
  }
  return flags;
}
