import { type EC2NodeClass, formatTaint, type NodeClaim, type Taint, unregisteredTaint } from "@bellows/api";
import { nodePoolLabel } from "../engine/well-known-labels.ts";
import { amiFamilyOf } from "./instance-types.ts";

/** How a new node finds its cluster. */
export interface ClusterAccess {
  readonly name: string;
  readonly endpoint?: string;
  readonly certificateAuthority?: string;
  readonly serviceCidr?: string;
}

/** What a node is to register with. */
export interface NodeRegistration {
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
}

/** Labels that the kubelet may not give itself (the NodeRestriction admission plug-in). */
const isAllowedForKubelets = (label: string): boolean => {
  const domain = label.includes("/") ? label.slice(0, label.indexOf("/")) : "";
  if (!/(^|\.)(kubernetes|k8s)\.io$/.test(domain)) return true;
  if (/(^|\.)(kubelet|node)\.kubernetes\.io$/.test(domain)) return true;
  return ["kubernetes.io/arch", "kubernetes.io/os", "topology.kubernetes.io/zone"].includes(label);
};

/** A node of a claim starts with its labels and taints, and keeps pods off until it is registered. */
export function registrationOf(claim: NodeClaim, capacityType: string): NodeRegistration {
  const { labels = {} } = claim.metadata;
  const { taints = [], startupTaints = [] } = claim.spec;
  return {
    labels: Object.fromEntries(
      Object.entries({ ...labels, "karpenter.sh/capacity-type": capacityType })
        .filter(([key]) => isAllowedForKubelets(key) || key === nodePoolLabel)
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    ),
    taints: [...taints, ...startupTaints, unregisteredTaint] as readonly Taint[],
  };
}

/** The user data with which an instance of this node class joins the cluster. */
export function userDataFor(nodeClass: EC2NodeClass, registration: NodeRegistration, cluster: ClusterAccess): string {
  const custom = nodeClass.spec?.userData ?? "";
  switch (amiFamilyOf(nodeClass.spec)) {
    case "AL2":
      return mime([...partsOf(custom), shellPart(bootstrapScript(nodeClass, registration, cluster))]);
    case "AL2023":
      return mime([...partsOf(custom), nodeConfigPart(nodeClass, registration, cluster)]);
    case "Bottlerocket":
      return `${custom.trim()}${custom.trim() === "" ? "" : "\n"}${bottlerocketSettings(nodeClass, registration, cluster)}`;
    default:
      return custom;
  }
}

interface MimePart {
  readonly type: string;
  readonly body: string;
}

const boundary = "//";
const nodeConfigType = "application/node.eks.aws";

function mime(parts: readonly MimePart[]): string {
  const texts = parts.map(({ type, body }) => `--${boundary}\nContent-Type: ${type}\n\n${body.trim()}\n\n`);
  return `MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="${boundary}"\n\n${texts.join("")}--${boundary}--\n`;
}

/** User data of the node class runs before the node joins: a MIME archive keeps its parts. */
function partsOf(custom: string): MimePart[] {
  if (custom.trim() === "") return [];
  const declared = /boundary="?([^"\n]+)"?/i.exec(custom)?.[1];
  if (declared === undefined || !/^(MIME-Version|Content-Type):/im.test(custom)) return [plainPart(custom)];
  return custom
    .split(`--${declared}`)
    .slice(1)
    .filter((part) => !part.startsWith("--"))
    .map((part) => {
      const [head = "", ...body] = part.trim().split(/\n\s*\n/);
      return {
        type: /Content-Type:\s*([^;\n]+)/i.exec(head)?.[1]?.trim() ?? "text/x-shellscript",
        body: body.join("\n\n"),
      };
    });
}

const plainPart = (custom: string): MimePart =>
  /^(apiVersion|kind):/m.test(custom) && !custom.startsWith("#!")
    ? { type: nodeConfigType, body: custom }
    : shellPart(custom);

const shellPart = (body: string): MimePart => ({ type: 'text/x-shellscript; charset="us-ascii"', body });

/** nodeadm's configuration. JSON is YAML, so that nothing needs quoting. */
function nodeConfigPart(nodeClass: EC2NodeClass, registration: NodeRegistration, cluster: ClusterAccess): MimePart {
  const spec = {
    cluster: {
      name: cluster.name,
      ...(cluster.endpoint && { apiServerEndpoint: cluster.endpoint }),
      ...(cluster.certificateAuthority && { certificateAuthority: cluster.certificateAuthority }),
      ...(cluster.serviceCidr && { cidr: cluster.serviceCidr }),
    },
    ...(nodeClass.spec?.instanceStorePolicy === "RAID0" && { instance: { localStorage: { strategy: "RAID0" } } }),
    kubelet: {
      config: { ...nodeClass.spec?.kubelet, registerWithTaints: registration.taints },
      flags: [`--node-labels=${labelsText(registration)}`],
    },
  };
  const body = `# Made for this node by its provisioner\napiVersion: node.eks.aws/v1alpha1\nkind: NodeConfig\nspec: ${JSON.stringify(spec)}`;
  return { type: nodeConfigType, body };
}

function bootstrapScript(nodeClass: EC2NodeClass, registration: NodeRegistration, cluster: ClusterAccess): string {
  const { kubelet } = nodeClass.spec ?? {};
  const taints = registration.taints.map(formatTaint).join(",");
  const kubeletArguments = [
    `--node-labels=${labelsText(registration)}`,
    `--register-with-taints=${taints}`,
    ...(kubelet?.maxPods === undefined ? [] : [`--max-pods=${kubelet.maxPods}`]),
  ].join(" ");
  const flags = [
    ...(cluster.endpoint ? [`--apiserver-endpoint '${cluster.endpoint}'`] : []),
    ...(cluster.certificateAuthority ? [`--b64-cluster-ca '${cluster.certificateAuthority}'`] : []),
    ...(kubelet?.maxPods === undefined ? [] : ["--use-max-pods false"]),
    `--kubelet-extra-args '${kubeletArguments}'`,
  ];
  return `#!/bin/bash -xe\n/etc/eks/bootstrap.sh '${cluster.name}' ${flags.join(" \\\n")}`;
}

function bottlerocketSettings(nodeClass: EC2NodeClass, registration: NodeRegistration, cluster: ClusterAccess): string {
  const quoted = (text: string) => JSON.stringify(text);
  const { kubelet } = nodeClass.spec ?? {};
  const byKey = Map.groupBy(registration.taints, (taint) => taint.key);
  return [
    "[settings.kubernetes]",
    `cluster-name = ${quoted(cluster.name)}`,
    ...(cluster.endpoint ? [`api-server = ${quoted(cluster.endpoint)}`] : []),
    ...(cluster.certificateAuthority ? [`cluster-certificate = ${quoted(cluster.certificateAuthority)}`] : []),
    ...(kubelet?.maxPods === undefined ? [] : [`max-pods = ${kubelet.maxPods}`]),
    "[settings.kubernetes.node-labels]",
    ...Object.entries(registration.labels).map(([key, value]) => `${quoted(key)} = ${quoted(value)}`),
    "[settings.kubernetes.node-taints]",
    ...[...byKey].map(
      ([key, taints]) =>
        `${quoted(key)} = [${taints.map(({ value = "", effect }) => quoted(`${value}:${effect}`)).join(", ")}]`,
    ),
    "",
  ].join("\n");
}

const labelsText = ({ labels }: NodeRegistration): string =>
  Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
