import type { Taint } from "@bellows/api";
import type { KubeletSettings } from "@bellows/aws";
import { parseAllDocuments } from "yaml";

/** What an instance's user data tells its kubelet. */
export interface NodeBootstrap {
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  readonly kubelet: KubeletSettings;
}

/**
 * Reads the user data of the EKS AMI families: nodeadm's NodeConfig (AL2023; alone or as a MIME part), the arguments of
 * `bootstrap.sh` (AL2), and Bottlerocket's settings. What it does not know, it leaves alone; base64 is decoded first.
 */
export function readUserData(userData: string): NodeBootstrap {
  const text = decoded(userData);
  if (text.includes("[settings.kubernetes")) return readBottlerocket(text);
  const configs = nodeConfigs(text);
  const flags = configs.length > 0 ? configs.flatMap(({ flags }) => flags).join(" ") : text;
  const { labels, taints, kubelet } = readFlags(flags);
  const configured = Object.assign({}, ...configs.map((config) => config.kubelet)) as KubeletSettings;
  return {
    labels,
    taints: [...taints, ...configs.flatMap((config) => config.taints)],
    kubelet: { ...kubelet, ...configured },
  };
}

function decoded(userData: string): string {
  if (!/^[A-Za-z0-9+/=\s]+$/.test(userData) || userData.trim() === "") return userData;
  const text = Buffer.from(userData, "base64").toString("utf8");
  return /^[\t\n\r\x20-\x7e]*$/.test(text) ? text : userData;
}

interface NodeConfig {
  readonly flags: readonly string[];
  readonly taints: readonly Taint[];
  readonly kubelet: KubeletSettings;
}

/** `apiVersion: node.eks.aws/v1alpha1` documents; in MIME, parts are set apart by lines that start with `--`. */
function nodeConfigs(text: string): readonly NodeConfig[] {
  return text
    .split(/^--\S*$/m)
    .map((part) => part.slice(Math.max(0, part.search(/^(?:---\n)?(?:apiVersion|kind):/m))))
    .filter((part) => part.includes("kind: NodeConfig"))
    .flatMap((part) => parseAllDocuments(part).map((document) => nodeConfig(document.toJS() as NodeConfigYaml)));
}

interface NodeConfigYaml {
  readonly spec?: {
    readonly kubelet?: {
      readonly flags?: string[];
      readonly config?: KubeletSettings & { registerWithTaints?: Taint[] };
    };
  };
}

function nodeConfig(document: NodeConfigYaml | null): NodeConfig {
  const { flags = [], config = {} } = document?.spec?.kubelet ?? {};
  const { registerWithTaints = [], maxPods, podsPerCore, kubeReserved, systemReserved, evictionHard } = config;
  const kubelet = { maxPods, podsPerCore, kubeReserved, systemReserved, evictionHard };
  return { flags, taints: registerWithTaints, kubelet: defined(kubelet) };
}

/** Kubelet flags: `--node-labels=a=b,c=d --register-with-taints=k=v:NoSchedule --max-pods=20`. */
function readFlags(text: string): NodeBootstrap {
  const flag = (name: string) => new RegExp(`--${name}[= ]["']?([^\\s"']+)`).exec(text)?.[1];
  const maxPods = flag("max-pods");
  return {
    labels: Object.fromEntries(pairs(flag("node-labels") ?? "", ",")),
    taints: (flag("register-with-taints") ?? "").split(",").flatMap(taintOf),
    kubelet: maxPods === undefined ? {} : { maxPods: Number(maxPods) },
  };
}

/** `key=value:effect` or `key:effect`. */
function taintOf(text: string): Taint[] {
  const match = /^([^=:]+)(?:=([^:]*))?:(NoSchedule|PreferNoSchedule|NoExecute)$/.exec(text.trim());
  if (!match) return [];
  const [, key = "", value, effect = ""] = match;
  return [{ key, ...(value && { value }), effect }];
}

function pairs(text: string, separator: string): [string, string][] {
  return text
    .split(separator)
    .filter(Boolean)
    .map((pair) => {
      const at = pair.indexOf("=");
      return at < 0 ? [pair, ""] : [pair.slice(0, at), pair.slice(at + 1)];
    });
}

/** The parts of Bottlerocket's TOML that matter here: tables of `key = "value"` and of `key = ["value:effect"]`. */
function readBottlerocket(text: string): NodeBootstrap {
  const table = (name: string): [string, string][] => {
    const body =
      new RegExp(
        `^\\s*\\[settings\\.kubernetes\\.["']?${name}["']?\\]\\s*$([\\s\\S]*?)(?=^\\s*\\[|$(?![\\s\\S]))`,
        "m",
      ).exec(text)?.[1] ?? "";
    return [...body.matchAll(/^\s*["']?([^"'=\s]+)["']?\s*=\s*(.+?)\s*$/gm)].map((line) => [
      line[1] ?? "",
      line[2] ?? "",
    ]);
  };
  const unquoted = (value: string) => value.replace(/^["']|["']$/g, "");
  const maxPods = /^\s*max-pods\s*=\s*(\d+)/m.exec(text)?.[1];
  const reserved = (name: string) => Object.fromEntries(table(name).map(([key, value]) => [key, unquoted(value)]));
  const kubelet = {
    maxPods: maxPods === undefined ? undefined : Number(maxPods),
    kubeReserved: notEmpty(reserved("kube-reserved")),
    systemReserved: notEmpty(reserved("system-reserved")),
    evictionHard: notEmpty(reserved("eviction-hard")),
  };
  return {
    labels: Object.fromEntries(table("node-labels").map(([key, value]) => [key, unquoted(value)])),
    taints: table("node-taints").flatMap(([key, values]) =>
      [...values.matchAll(/["']([^"']*)["']/g)].flatMap(([, value = ""]) => taintOf(`${key}=${value}`)),
    ),
    kubelet: defined(kubelet),
  };
}

const notEmpty = (record: Record<string, string>) => (Object.keys(record).length > 0 ? record : undefined);

/** Without the fields that are undefined. */
function defined<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}
