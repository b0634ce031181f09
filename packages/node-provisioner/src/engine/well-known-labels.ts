import { karpenterLabels } from "@bellows/api";

export const zoneLabel = "topology.kubernetes.io/zone";
export const zoneIdLabel = "topology.k8s.aws/zone-id";
export const regionLabel = "topology.kubernetes.io/region";
export const hostnameLabel = "kubernetes.io/hostname";
export const instanceTypeLabel = "node.kubernetes.io/instance-type";
export const archLabel = "kubernetes.io/arch";
export const osLabel = "kubernetes.io/os";
export const capacityTypeLabel = karpenterLabels.capacityType;
export const nodePoolLabel = karpenterLabels.nodePool;
export const nodeClassLabel = karpenterLabels.ec2NodeClass;
export const registeredLabel = karpenterLabels.registered;
export const initializedLabel = karpenterLabels.initialized;
export const reservationIdLabel = "karpenter.k8s.aws/capacity-reservation-id";

/** The labels of the provisioner itself, which no node class decides. */
const ownLabels = new Set<string>([
  karpenterLabels.registered,
  karpenterLabels.initialized,
  karpenterLabels.ec2NodeClass,
]);

/**
 * Labels whose values the provider knows for every instance type, so that a pod may ask for them although a NodePool
 * does not mention them (Karpenter's `v1.WellKnownLabels` with those of its AWS provider, v1.15).
 */
export const wellKnownLabels: ReadonlySet<string> = new Set([
  nodePoolLabel,
  zoneLabel,
  regionLabel,
  instanceTypeLabel,
  archLabel,
  osLabel,
  capacityTypeLabel,
  "node.kubernetes.io/windows-build",
  zoneIdLabel,
  reservationIdLabel,
  "karpenter.k8s.aws/capacity-reservation-type",
  "karpenter.k8s.aws/capacity-reservation-interruptible",
  ...Object.values(karpenterLabels).filter((label) => label.startsWith("karpenter.k8s.aws/") && !ownLabels.has(label)),
]);

/** Labels that set each node apart, so that no claim may be told which to have. */
export const restrictedLabels: ReadonlySet<string> = new Set([hostnameLabel]);

/** Older names of well-known labels, as pods still write them. */
const normalized: Readonly<Record<string, string>> = {
  "failure-domain.beta.kubernetes.io/zone": zoneLabel,
  "failure-domain.beta.kubernetes.io/region": regionLabel,
  "beta.kubernetes.io/arch": archLabel,
  "beta.kubernetes.io/os": osLabel,
  "beta.kubernetes.io/instance-type": instanceTypeLabel,
  "topology.ebs.csi.aws.com/zone": zoneLabel,
};

export const normalizedLabel = (key: string): string => normalized[key] ?? key;
