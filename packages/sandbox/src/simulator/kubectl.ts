import type { Kind, KubernetesObject } from "@bellows/api";
import type { Client, ObjectKey, Patch, ResourceInfo } from "@bellows/kube";
import { type CommandLine, parseCommandLine, words } from "./command-line.ts";
import { applyObjects, type Files, kindOf, objectsOf } from "./manifests.ts";

export interface KubectlOptions {
  readonly client: Client;
  readonly files: Files;
  readonly variables: Readonly<Record<string, string>>;
}

const valued = new Set([
  "filename",
  "namespace",
  "selector",
  "replicas",
  "min",
  "max",
  "cpu-percent",
  "cpu",
  "memory",
  "image",
  "restart",
  "patch",
  "type",
  "name",
  "port",
  "target-port",
  "requests",
  "limits",
  "env",
  "labels",
  "grace-period",
  "cascade",
  "subresource",
]);
const short = { f: "filename", n: "namespace", l: "selector", i: "stdin", t: "tty", p: "patch", A: "all-namespaces" };

/**
 * The kubectl commands that change a cluster, as a scenario writes them, run in process: apply, create namespace, delete,
 * scale, autoscale, run, cordon, uncordon, label, annotate, patch, taint. They send what kubectl would send.
 * @throws Error naming what is not supported or not there
 */
export async function runKubectl(line: string, options: KubectlOptions): Promise<void> {
  const [verb = "", ...args] = words(line);
  const command = parseCommandLine(args, valued, short);
  const handler = verbs[verb];
  if (!handler)
    throw new Error(`kubectl ${verb}: not known to scenarios, expected one of ${Object.keys(verbs).join(", ")}`);
  await handler(command, options, namespaceOf(command));
}

const namespaceOf = ({ flags }: CommandLine): string => text(flags["namespace"]) ?? "default";
const text = (flag: string | true | undefined): string | undefined => (typeof flag === "string" ? flag : undefined);

type Verb = (command: CommandLine, options: KubectlOptions, namespace: string) => Promise<void>;

const verbs: Readonly<Record<string, Verb>> = {
  apply: (command, { client, files, variables }, namespace) =>
    applyObjects(client, objectsOf(files.read(text(command.flags["filename"]) ?? ""), variables), namespace, "kubectl"),

  async create({ positional }, { client }) {
    const [kind, name = ""] = positional;
    if (kind !== "namespace" && kind !== "ns")
      throw new Error(`kubectl create ${kind}: expected namespace; write other objects as manifests`);
    await client.create(await kindNamed(client, "namespace"), { metadata: { name } });
  },

  async delete(command, { client, files, variables }, namespace) {
    const file = text(command.flags["filename"]);
    const named: readonly { kind: Kind; key: ObjectKey }[] = file
      ? await Promise.all(
          objectsOf(files.read(file), variables).map(async (object) => ({
            kind: await kindNamed(client, object.kind ?? "", object.apiVersion),
            key: { namespace: object.metadata.namespace ?? namespace, name: object.metadata.name },
          })),
        )
      : await objectsNamed(command, client, namespace);
    for (const { kind, key } of named)
      await client.delete(kind, placed(kind, key), { propagationPolicy: "Background" });
  },

  async scale(command, { client }, namespace) {
    const replicas = Number(text(command.flags["replicas"]));
    for (const { kind, key } of await objectsNamed(command, client, namespace)) {
      await client.updateScale(
        { apiVersion: kind.apiVersion, kind: kind.kind, namespace: key.namespace ?? namespace, name: key.name },
        replicas,
      );
    }
  },

  async autoscale(command, { client }, namespace) {
    const [target] = await objectsNamed(command, client, namespace);
    if (!target) throw new Error("kubectl autoscale: expected KIND/NAME");
    const { flags } = command;
    const percent = Number(text(flags["cpu-percent"]) ?? text(flags["cpu"])?.replace("%", "") ?? 80);
    const hpa = {
      metadata: { name: text(flags["name"]) ?? target.key.name, namespace },
      spec: {
        scaleTargetRef: { apiVersion: target.kind.apiVersion, kind: target.kind.kind, name: target.key.name },
        minReplicas: Number(text(flags["min"]) ?? 1),
        maxReplicas: Number(text(flags["max"])),
        metrics: [
          { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: percent } } },
        ],
      },
    };
    await client.create(await kindNamed(client, "HorizontalPodAutoscaler", "autoscaling/v2"), hpa);
  },

  async run({ positional, flags, rest }, { client }, namespace) {
    const [name = ""] = positional;
    const isCommand = flags["command"] !== undefined;
    const container = {
      name,
      image: text(flags["image"]) ?? "",
      ...(flags["stdin"] && { stdin: true, stdinOnce: true }),
      ...(flags["tty"] && { tty: true }),
      ...(rest.length > 0 && { [isCommand ? "command" : "args"]: [...rest] }),
    };
    const pod = {
      metadata: { name, namespace, labels: { run: name } },
      spec: { containers: [container], restartPolicy: text(flags["restart"]) ?? "Always" },
    };
    await client.create(await kindNamed(client, "pod"), pod as KubernetesObject);
  },

  cordon: (command, { client }) => setUnschedulable(command, client, true),
  uncordon: (command, { client }) => setUnschedulable(command, client, null),

  label: (command, { client }, namespace) => setMetadata("labels", command, client, namespace),
  annotate: (command, { client }, namespace) => setMetadata("annotations", command, client, namespace),

  async patch(command, { client }, namespace) {
    const type = (text(command.flags["type"]) ?? "strategic") as Patch["type"];
    const subresource = text(command.flags["subresource"]);
    const body = JSON.parse(text(command.flags["patch"]) ?? "{}");
    for (const { kind, key } of await objectsNamed(command, client, namespace)) {
      await client.patch(kind, placed(kind, key), { type, body }, subresource ? { subresource } : {});
    }
  },
};

async function setUnschedulable({ positional }: CommandLine, client: Client, value: true | null): Promise<void> {
  const kind = await kindNamed(client, "node");
  for (const name of positional) {
    await client.patch(kind, { name }, { type: "strategic", body: { spec: { unschedulable: value } } });
  }
}

async function setMetadata(
  field: "labels" | "annotations",
  command: CommandLine,
  client: Client,
  namespace: string,
): Promise<void> {
  // No name ends with a dash; a key may have a prefix with a slash.
  const isChange = (word: string) => word.includes("=") || word.endsWith("-");
  const changes = command.positional.filter(isChange).map((word) => {
    const equals = word.indexOf("=");
    return equals < 0 ? [word.slice(0, -1), null] : [word.slice(0, equals), word.slice(equals + 1)];
  });
  const named = { ...command, positional: command.positional.filter((word) => !isChange(word)) };
  for (const { kind, key } of await objectsNamed(named, client, namespace)) {
    await client.patch(kind, placed(kind, key), {
      type: "merge",
      body: { metadata: { [field]: Object.fromEntries(changes) } },
    });
  }
}

const placed = (kind: Kind, key: ObjectKey): ObjectKey => (kind.scope === "Cluster" ? { name: key.name } : key);

/** `deployment web`, `deployment/web pod/x`, or `deployment -l app=web`. */
async function objectsNamed(
  { positional, flags }: CommandLine,
  client: Client,
  namespace: string,
): Promise<{ kind: Kind; key: ObjectKey }[]> {
  const slashed = positional.filter((word) => word.includes("/"));
  if (slashed.length > 0) {
    return Promise.all(
      slashed.map(async (word) => {
        const [kind = "", name = ""] = word.split("/");
        return { kind: await kindNamed(client, kind), key: { namespace, name } };
      }),
    );
  }
  const [kindName = "", ...names] = positional;
  const selector = text(flags["selector"]);
  const found: { kind: Kind; key: ObjectKey }[] = [];
  for (const each of kindName.split(",")) {
    const kind = await kindNamed(client, each);
    if (names.length > 0) found.push(...names.map((name) => ({ kind, key: { namespace, name } })));
    else if (selector !== undefined || flags["all"]) {
      const where = kind.scope === "Namespaced" ? { namespace } : {};
      const { items } = await client.listAll(kind, { ...where, ...(selector && { labelSelector: selector }) });
      found.push(...items.map((item) => ({ kind, key: { namespace, name: item.metadata.name } })));
    } else throw new Error(`${kindName}: expected a name, --selector or --all`);
  }
  return found;
}

interface DiscoveredResource {
  readonly name: string;
  readonly singularName?: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly shortNames?: readonly string[];
}

interface DiscoveredGroup {
  readonly preferredVersion: { readonly groupVersion: string };
  readonly versions: readonly { readonly groupVersion: string }[];
}

/** Finds a kind by any of its names (`deploy`, `deployments`, `Deployment`), as kubectl's discovery does. */
export async function kindNamed(client: Client, name: string, apiVersion?: string): Promise<Kind> {
  const [wanted, ...groupOfName] = name.toLowerCase().split(".");
  const group = groupOfName.join(".");
  for (const version of apiVersion ? [apiVersion] : await servedVersions(client)) {
    if (group && version.split("/")[0] !== group) continue;
    const path = version.includes("/") ? `/apis/${version}` : `/api/${version}`;
    const { resources } = (await client.raw(path)) as { resources: readonly DiscoveredResource[] };
    const resource = resources.find(
      (each) =>
        !each.name.includes("/") &&
        [each.name, each.singularName, each.kind.toLowerCase(), ...(each.shortNames ?? [])].includes(wanted as string),
    );
    if (resource) return kindOf(resourceInfo(version, resource));
  }
  throw new Error(`the server doesn't have a resource type "${name}"`);
}

/** Of every group the preferred version first: some kinds are in an older one only. */
async function servedVersions(client: Client): Promise<string[]> {
  const { groups } = (await client.raw("/apis")) as { groups: readonly DiscoveredGroup[] };
  const preferred = groups.map((group) => group.preferredVersion.groupVersion);
  const others = groups.flatMap((group) => group.versions.map((version) => version.groupVersion));
  return ["v1", ...new Set([...preferred, ...others])];
}

function resourceInfo(apiVersion: string, { name, kind, namespaced }: DiscoveredResource): ResourceInfo {
  const [group, version] = apiVersion.includes("/") ? (apiVersion.split("/") as [string, string]) : ["", apiVersion];
  return { group, version, kind, plural: name, namespaced, subresources: [] };
}
