import { z } from "zod";
import { Int32, resources, rules, timestamp } from "../../field.ts";
import type { CelRule } from "../../structural-schema.ts";
import { labelKeyPattern, labelValuePattern, maxRequirements } from "../requirement.ts";

const signals =
  "['memory.available','nodefs.available','nodefs.inodesFree','imagefs.available','imagefs.inodesFree','pid.available']";
const thresholdPattern =
  /^((\d{1,2}(\.\d{1,2})?|100(\.0{1,2})?)%||(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?)$/;
const quantityPattern =
  /^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$/;

const signalRule = (field: string): CelRule => ({
  message: `valid keys for ${field} are ${signals}`,
  rule: `self.all(x, x in ${signals})`,
});
const thresholds = (field: string) =>
  z.record(z.string(), z.string().regex(thresholdPattern)).meta(rules(signalRule(field)));
const reserved = (field: string) =>
  z.record(z.string(), z.string().regex(quantityPattern)).meta(
    rules(
      {
        message: `valid keys for ${field} are ['cpu','memory','ephemeral-storage','pid']`,
        rule: "self.all(x, x=='cpu' || x=='memory' || x=='ephemeral-storage' || x=='pid')",
      },
      {
        message: `${field} value cannot be a negative resource quantity`,
        rule: "self.all(x, !self[x].startsWith('-'))",
      },
    ),
  );

/** The kubelet's settings, as v1beta1 has them in NodePool and NodeClaim. */
export const KubeletConfigurationV1Beta1 = z
  .object({
    clusterDNS: z.array(z.string()).optional().describe("Addresses of the cluster's DNS servers."),
    maxPods: Int32.min(0).optional().describe("The most pods on a node."),
    podsPerCore: Int32.min(0).optional().describe("The most pods for each core."),
    systemReserved: reserved("systemReserved").optional().describe("What is kept for the system."),
    kubeReserved: reserved("kubeReserved").optional().describe("What is kept for Kubernetes' own parts."),
    evictionHard: thresholds("evictionHard").optional().describe("Thresholds at which pods are evicted at once."),
    evictionSoft: thresholds("evictionSoft").optional().describe("Thresholds at which pods are evicted after a while."),
    evictionSoftGracePeriod: z
      .record(z.string(), z.string())
      .meta(rules(signalRule("evictionSoftGracePeriod")))
      .optional()
      .describe("For each soft threshold, how long a while."),
    evictionMaxPodGracePeriod: Int32.optional().describe("The most seconds that an evicted pod gets."),
    imageGCHighThresholdPercent: Int32.min(0).max(100).optional().describe("The use of the disk at which images go."),
    imageGCLowThresholdPercent: Int32.min(0)
      .max(100)
      .optional()
      .describe("The use of the disk down to which images go."),
    cpuCFSQuota: z.boolean().optional().describe("Whether CPU limits are enforced."),
  })
  .meta(
    rules(
      {
        message: "imageGCHighThresholdPercent must be greater than imageGCLowThresholdPercent",
        rule: "has(self.imageGCHighThresholdPercent) && has(self.imageGCLowThresholdPercent) ?  self.imageGCHighThresholdPercent > self.imageGCLowThresholdPercent  : true",
      },
      {
        message: "evictionSoft OwnerKey does not have a matching evictionSoftGracePeriod",
        rule: "has(self.evictionSoft) ? self.evictionSoft.all(e, (e in self.evictionSoftGracePeriod)):true",
      },
      {
        message: "evictionSoftGracePeriod OwnerKey does not have a matching evictionSoft",
        rule: "has(self.evictionSoftGracePeriod) ? self.evictionSoftGracePeriod.all(e, (e in self.evictionSoft)):true",
      },
    ),
  );

/** Labels of Kubernetes' own domains that nodes may be chosen by. */
const kubernetesLabels = [
  "beta.kubernetes.io/instance-type",
  "failure-domain.beta.kubernetes.io/region",
  "beta.kubernetes.io/os",
  "beta.kubernetes.io/arch",
  "failure-domain.beta.kubernetes.io/zone",
  "topology.kubernetes.io/zone",
  "topology.kubernetes.io/region",
  "node.kubernetes.io/instance-type",
  "kubernetes.io/arch",
  "kubernetes.io/os",
  "node.kubernetes.io/windows-build",
];

const awsLabels = [
  "instance-encryption-in-transit-supported",
  "instance-category",
  "instance-hypervisor",
  "instance-family",
  "instance-generation",
  "instance-local-nvme",
  "instance-size",
  "instance-cpu",
  "instance-cpu-manufacturer",
  "instance-memory",
  "instance-ebs-bandwidth",
  "instance-network-bandwidth",
  "instance-gpu-name",
  "instance-gpu-manufacturer",
  "instance-gpu-count",
  "instance-gpu-memory",
  "instance-accelerator-name",
  "instance-accelerator-manufacturer",
  "instance-accelerator-count",
].map((name) => `karpenter.k8s.aws/${name}`);
const awsLaunchLabels = ["karpenter.k8s.aws/ec2nodeclass", "karpenter.k8s.aws/instance-cpu-sustained-clock-speed-mhz"];

const listed = (labels: readonly string[]) => `[${labels.map((label) => `"${label}"`).join(", ")}]`;

/** The rules on a key `x`: each is a message and an expression. */
function keyRules(x: string, aws: readonly string[], ofNodePool: boolean, kubernetes = kubernetesLabels): CelRule[] {
  const domain = `${x}.find("^([^/]+)")`;
  const restricted = (name: string, rule: string) => ({ message: `label domain "${name}" is restricted`, rule });
  return [
    restricted(
      "kubernetes.io",
      `${x} in ${listed(kubernetes)} || ${domain}.endsWith("node.kubernetes.io") || ` +
        `${domain}.endsWith("node-restriction.kubernetes.io") || !${domain}.endsWith("kubernetes.io")`,
    ),
    restricted("k8s.io", `${domain}.endsWith("kops.k8s.io") || !${domain}.endsWith("k8s.io")`),
    restricted(
      "karpenter.sh",
      `${x} in ["karpenter.sh/capacity-type", "karpenter.sh/nodepool"] || !${domain}.endsWith("karpenter.sh")`,
    ),
    ...(ofNodePool
      ? [{ message: 'label "karpenter.sh/nodepool" is restricted', rule: `${x} != "karpenter.sh/nodepool"` }]
      : []),
    { message: 'label "kubernetes.io/hostname" is restricted', rule: `${x} != "kubernetes.io/hostname"` },
    restricted("karpenter.k8s.aws", `${x} in ${listed(aws)} || !${domain}.endsWith("karpenter.k8s.aws")`),
  ];
}

export const nodePoolKeyRulesV1Beta1 = keyRules("self", awsLabels, true);
export const nodeClaimKeyRulesV1Beta1 = keyRules("self", [...awsLaunchLabels, ...awsLabels], false);

/** The instance type is no label to set on a template. */
const templateLabelRulesV1Beta1 = keyRules(
  "x",
  awsLabels,
  true,
  kubernetesLabels.filter((label) => label !== "node.kubernetes.io/instance-type"),
).map(({ message, rule }): CelRule => ({ message: message as string, rule: `self.all(x, ${rule})` }));

export const TemplateLabelsV1Beta1 = z
  .record(z.string(), z.string().max(63).regex(labelValuePattern))
  .meta({ maxProperties: 100, ...rules(...templateLabelRulesV1Beta1) });

export function requirementsV1Beta1(keys: readonly CelRule[]) {
  return z
    .array(
      z.object({
        key: z
          .string()
          .max(316)
          .regex(labelKeyPattern)
          .meta(rules(...keys))
          .describe("A label of nodes."),
        operator: z
          .enum(["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"])
          .describe("How the values are compared."),
        values: z
          .array(z.string())
          .meta({ "x-kubernetes-list-type": "atomic" })
          .optional()
          .describe("What the label is compared with."),
        minValues: z.int().min(1).max(50).optional().describe("How many different values must stay possible."),
      }),
    )
    .max(maxRequirements)
    .meta(
      rules(
        {
          message: "requirements with operator 'In' must have a value defined",
          rule: "self.all(x, x.operator == 'In' ? x.values.size() != 0 : true)",
        },
        {
          message: "requirements operator 'Gt' or 'Lt' must have a single positive integer value",
          rule: "self.all(x, (x.operator == 'Gt' || x.operator == 'Lt') ? (x.values.size() == 1 && int(x.values[0]) >= 0) : true)",
        },
        {
          message: "requirements with 'minValues' must have at least that many values specified in the 'values' field",
          rule: "self.all(x, (x.operator == 'In' && has(x.minValues)) ? x.values.size() >= x.minValues : true)",
        },
      ),
    );
}

export const TaintsV1Beta1 = z.array(
  z.object({
    key: z.string().min(1).regex(labelKeyPattern).describe("Names the taint."),
    value: z.string().regex(labelKeyPattern).optional().describe("Tells taints of one key apart."),
    effect: z.enum(["NoSchedule", "PreferNoSchedule", "NoExecute"]).describe("What it does to pods."),
    timeAdded: timestamp().optional().describe("When the taint was set."),
  }),
);

export const NodeClassRefV1Beta1 = z.object({
  apiVersion: z.string().optional().describe("The API version of the node class."),
  kind: z.string().optional().describe("The kind of the node class; EC2NodeClass without."),
  name: z.string().describe("The name of the node class."),
});

export const ResourceRequestsV1Beta1 = z.object({
  requests: resources().optional().describe("The least that the node must have, by resource."),
});
