import type { CelRule } from "../structural-schema.ts";

/** The labels, annotations and taints that Karpenter gives meaning to. */
export const karpenterLabels = {
  nodePool: "karpenter.sh/nodepool",
  capacityType: "karpenter.sh/capacity-type",
  registered: "karpenter.sh/registered",
  initialized: "karpenter.sh/initialized",
  ec2NodeClass: "karpenter.k8s.aws/ec2nodeclass",
  instanceCategory: "karpenter.k8s.aws/instance-category",
  instanceFamily: "karpenter.k8s.aws/instance-family",
  instanceGeneration: "karpenter.k8s.aws/instance-generation",
  instanceSize: "karpenter.k8s.aws/instance-size",
  instanceHypervisor: "karpenter.k8s.aws/instance-hypervisor",
  instanceEncryptionInTransitSupported: "karpenter.k8s.aws/instance-encryption-in-transit-supported",
  instanceCpu: "karpenter.k8s.aws/instance-cpu",
  instanceCpuManufacturer: "karpenter.k8s.aws/instance-cpu-manufacturer",
  instanceCpuSustainedClockSpeedMhz: "karpenter.k8s.aws/instance-cpu-sustained-clock-speed-mhz",
  instanceMemory: "karpenter.k8s.aws/instance-memory",
  instanceEbsBandwidth: "karpenter.k8s.aws/instance-ebs-bandwidth",
  instanceNetworkBandwidth: "karpenter.k8s.aws/instance-network-bandwidth",
  instanceLocalNvme: "karpenter.k8s.aws/instance-local-nvme",
  instanceGpuName: "karpenter.k8s.aws/instance-gpu-name",
  instanceGpuManufacturer: "karpenter.k8s.aws/instance-gpu-manufacturer",
  instanceGpuCount: "karpenter.k8s.aws/instance-gpu-count",
  instanceGpuMemory: "karpenter.k8s.aws/instance-gpu-memory",
  instanceAcceleratorName: "karpenter.k8s.aws/instance-accelerator-name",
  instanceAcceleratorManufacturer: "karpenter.k8s.aws/instance-accelerator-manufacturer",
  instanceAcceleratorCount: "karpenter.k8s.aws/instance-accelerator-count",
  instanceCapabilityFlex: "karpenter.k8s.aws/instance-capability-flex",
  instanceTenancy: "karpenter.k8s.aws/instance-tenancy",
} as const;

export const karpenterAnnotations = {
  doNotDisrupt: "karpenter.sh/do-not-disrupt",
  nodePoolHash: "karpenter.sh/nodepool-hash",
  nodePoolHashVersion: "karpenter.sh/nodepool-hash-version",
  nodeClaimTerminationTimestamp: "karpenter.sh/nodeclaim-termination-timestamp",
  nodeClassHash: "karpenter.k8s.aws/ec2nodeclass-hash",
  nodeClassHashVersion: "karpenter.k8s.aws/ec2nodeclass-hash-version",
} as const;

export const karpenterFinalizer = "karpenter.sh/termination";

/** Set on a new node until its NodeClaim is registered, and on a node that is being taken away. */
export const unregisteredTaint = { key: "karpenter.sh/unregistered", effect: "NoExecute" } as const;
export const disruptedTaint = { key: "karpenter.sh/disrupted", effect: "NoSchedule" } as const;

const ofKarpenter = ["karpenter.sh/capacity-type", "karpenter.sh/nodepool"];

/** Labels of the instance type itself. In the order of the upstream CRDs. */
const ofInstances = [
  "ec2nodeclass",
  "instance-encryption-in-transit-supported",
  "nitro-sandbox",
  "instance-category",
  "instance-hypervisor",
  "instance-family",
  "instance-generation",
  "instance-local-nvme",
  "instance-size",
  "instance-cpu",
  "instance-cpu-manufacturer",
  "instance-cpu-sustained-clock-speed-mhz",
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
  "instance-capability-flex",
].map(ofAws);

/** Labels of a launched instance, which an overlay of the catalogue can't know. */
const ofLaunches = [
  "instance-tenancy",
  "capacity-reservation-type",
  "capacity-reservation-id",
  "capacity-reservation-interruptible",
].map(ofAws);
const ofPlacement = ["placement-group-id", "placement-group-partition"].map(ofAws);

function ofAws(name: string): string {
  return `karpenter.k8s.aws/${name}`;
}

/** Which keys of Karpenter's own domains may be used, as CEL rules over one key (`self`) or over the keys of a map. */
function restrictedDomain(domain: string, allowed: readonly string[], each: boolean): CelRule {
  const list = `[${allowed.map((key) => `"${key}"`).join(", ")}]`;
  const key = each ? "x" : "self";
  const test = `${key} in ${list} || !${key}.find("^([^/]+)").endsWith("${domain}")`;
  return { message: `label domain "${domain}" is restricted`, rule: each ? `self.all(x, ${test})` : test };
}

function restrictedLabel(label: string, each: boolean): CelRule {
  return {
    message: `label "${label}" is restricted`,
    rule: each ? `self.all(x, x != "${label}")` : `self != "${label}"`,
  };
}

const awsDomain = "karpenter.k8s.aws";

/** Rules for the labels of a NodePool's template. */
export const templateLabelRules: readonly CelRule[] = [
  restrictedDomain("karpenter.sh", ofKarpenter, true),
  restrictedLabel("karpenter.sh/nodepool", true),
  restrictedLabel("kubernetes.io/hostname", true),
  restrictedDomain(awsDomain, [...ofLaunches, ...ofInstances, ...ofPlacement], true),
];

/** Rules for the keys of a NodePool's requirements. */
export const nodePoolKeyRules: readonly CelRule[] = [
  restrictedDomain("karpenter.sh", ofKarpenter, false),
  restrictedLabel("karpenter.sh/nodepool", false),
  restrictedLabel("kubernetes.io/hostname", false),
  restrictedDomain(awsDomain, [...ofLaunches, ...ofInstances, ...ofPlacement], false),
];

/** Rules for the keys of a NodeClaim's requirements, which may name its NodePool. */
export const nodeClaimKeyRules: readonly CelRule[] = [
  restrictedDomain("karpenter.sh", ofKarpenter, false),
  restrictedLabel("kubernetes.io/hostname", false),
  restrictedDomain(awsDomain, [...ofLaunches, ...ofInstances, ...ofPlacement], false),
];

/** Rules for the keys of a NodeOverlay's requirements. */
export const overlayKeyRules: readonly CelRule[] = [
  restrictedDomain("karpenter.sh", ofKarpenter, false),
  restrictedLabel("kubernetes.io/hostname", false),
  restrictedDomain(awsDomain, ofInstances, false),
];
