import type { ObjectMeta } from "../kind.ts";
import type { NodePool } from "./node-pool.ts";
import type { Provisioner } from "./v1alpha5/provisioner.ts";
import { kubeletAnnotation } from "./v1beta1/annotations.ts";

type Requirement = NodePool["spec"]["template"]["spec"]["requirements"][number];
type Taint = NonNullable<NodePool["spec"]["template"]["spec"]["taints"]>[number];

/** The label by which pods and nodes of v1alpha5 name their Provisioner. */
export const provisionerNameLabel = "karpenter.sh/provisioner-name";

/** Names the kind that a converted object was written as: `Provisioner.karpenter.sh`. */
export const convertedFromAnnotation = "bellows.dev/converted-from";

/** Labels that older versions of Kubernetes and Karpenter had other names for. */
const normalizedLabels: Readonly<Record<string, string>> = {
  "failure-domain.beta.kubernetes.io/zone": "topology.kubernetes.io/zone",
  "failure-domain.beta.kubernetes.io/region": "topology.kubernetes.io/region",
  "beta.kubernetes.io/arch": "kubernetes.io/arch",
  "beta.kubernetes.io/os": "kubernetes.io/os",
  "beta.kubernetes.io/instance-type": "node.kubernetes.io/instance-type",
};

/**
 * The NodePool that a v1alpha5 Provisioner stands for, as Karpenter 0.27 acted on it: what its webhook filled in when
 * the requirements left it open (linux, amd64, on-demand, categories c, m and r of a generation above 2) is there, a
 * node is taken away only where `consolidation` or `ttlSecondsAfterEmpty` says so, any number at a time, and it expires
 * only where `ttlSecondsUntilExpired` says so. With `spec.provider` the node class has the Provisioner's own name.
 * Nodes also get the label {@link provisionerNameLabel}, which a NodePool in the cluster may not set: the result is for
 * acting on, not for storing.
 */
export function nodePoolOfProvisioner(provisioner: Provisioner): NodePool {
  const { spec = {}, metadata, status } = provisioner;
  const { kubeletConfiguration: kubelet } = spec;
  return {
    apiVersion: "karpenter.sh/v1",
    kind: "NodePool",
    metadata: {
      ...metadata,
      annotations: {
        ...metadata.annotations,
        [convertedFromAnnotation]: "Provisioner.karpenter.sh",
        ...(kubelet ? { [kubeletAnnotation]: JSON.stringify(kubelet) } : {}),
      },
    },
    spec: {
      template: {
        metadata: {
          labels: { ...spec.labels, [provisionerNameLabel]: metadata.name },
          ...(spec.annotations ? { annotations: spec.annotations } : {}),
        },
        spec: {
          nodeClassRef: { group: "karpenter.k8s.aws", kind: "EC2NodeClass", name: nodeClassName(provisioner) },
          requirements: withDefaults((spec.requirements ?? []) as Requirement[]),
          ...(spec.taints ? { taints: spec.taints as Taint[] } : {}),
          ...(spec.startupTaints ? { startupTaints: spec.startupTaints as Taint[] } : {}),
          expireAfter: secondsText(spec.ttlSecondsUntilExpired),
        },
      },
      disruption: {
        ...(spec.consolidation?.enabled
          ? { consolidationPolicy: "WhenEmptyOrUnderutilized" as const, consolidateAfter: "0s" }
          : { consolidationPolicy: "WhenEmpty" as const, consolidateAfter: secondsText(spec.ttlSecondsAfterEmpty) }),
        budgets: [{ nodes: "100%" }],
      },
      ...(spec.limits?.resources ? { limits: spec.limits.resources } : {}),
      ...(spec.weight === undefined ? {} : { weight: spec.weight }),
    },
    ...(status?.resources ? { status: { resources: status.resources, nodes: 0 } } : {}),
  };
}

/** What Karpenter's webhook refused about a Provisioner beyond its schema; none for a good one. */
export function provisionerProblems({ spec = {} }: Provisioner): string[] {
  const problems: string[] = [];
  if (spec.provider && spec.providerRef)
    problems.push("expected exactly one, got both: spec.provider, spec.providerRef");
  if (!spec.provider && !spec.providerRef)
    problems.push("expected exactly one, got neither: spec.provider, spec.providerRef");
  if (spec.consolidation?.enabled && spec.ttlSecondsAfterEmpty !== undefined) {
    problems.push("expected exactly one, got both: spec.consolidation.enabled, spec.ttlSecondsAfterEmpty");
  }
  for (const field of ["ttlSecondsAfterEmpty", "ttlSecondsUntilExpired"] as const) {
    if ((spec[field] ?? 0) < 0) problems.push(`invalid value: cannot be negative: spec.${field}`);
  }
  if (spec.labels && provisionerNameLabel in spec.labels) {
    problems.push(`invalid key name ${JSON.stringify(provisionerNameLabel)}: spec.labels\nrestricted`);
  }
  for (const [index, { key, operator, values = [] }] of (spec.requirements ?? []).entries()) {
    const at = `spec.requirements[${index}]`;
    if (key === provisionerNameLabel) problems.push(`invalid value: ${key} is restricted: ${at}`);
    if (operator === "In" && values.length === 0) {
      problems.push(`invalid value: key ${key} with operator In must have a value defined: ${at}`);
    }
    if ((operator === "Gt" || operator === "Lt") && !(values.length === 1 && /^\d+$/.test(values[0] ?? ""))) {
      problems.push(
        `invalid value: key ${key} with operator ${operator} must have a single positive integer value: ${at}`,
      );
    }
  }
  return problems;
}

function nodeClassName({ metadata, spec }: { metadata: ObjectMeta; spec?: Provisioner["spec"] }): string {
  return spec?.providerRef?.name ?? metadata.name;
}

/** Durations of the v1 API are in whole seconds, minutes and hours; no number of seconds is `Never`. */
function secondsText(seconds: number | undefined): string {
  return seconds === undefined ? "Never" : `${seconds}s`;
}

function withDefaults(given: readonly Requirement[]): Requirement[] {
  const requirements = given.map((one) => ({ ...one, key: normalizedLabels[one.key] ?? one.key }));
  const has = (...keys: string[]) => requirements.some(({ key }) => keys.includes(key));
  const added: Requirement[] = [];
  if (!has("kubernetes.io/os")) added.push({ key: "kubernetes.io/os", operator: "In", values: ["linux"] });
  if (!has("kubernetes.io/arch")) added.push({ key: "kubernetes.io/arch", operator: "In", values: ["amd64"] });
  if (!has("karpenter.sh/capacity-type")) {
    added.push({ key: "karpenter.sh/capacity-type", operator: "In", values: ["on-demand"] });
  }
  const typed = has(
    "node.kubernetes.io/instance-type",
    "karpenter.k8s.aws/instance-family",
    "karpenter.k8s.aws/instance-category",
    "karpenter.k8s.aws/instance-generation",
  );
  if (!typed) {
    added.push({ key: "karpenter.k8s.aws/instance-category", operator: "In", values: ["c", "m", "r"] });
    added.push({ key: "karpenter.k8s.aws/instance-generation", operator: "Gt", values: ["2"] });
  }
  return [...requirements, ...added];
}
