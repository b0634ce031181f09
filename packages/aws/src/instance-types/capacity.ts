import { bytesOf } from "@bellows/api";
import type { BlockDeviceMapping } from "../ec2.ts";
import { type AmiFamily, amiFamilyTraits } from "./ami-family.ts";
import { type Amounts, amountsOf, subtract } from "./amounts.ts";
import type { InstanceTypeInfo } from "./catalogue.ts";

/** What a node class and the operator's settings say that changes what a node of a type offers. */
export interface NodeSettings {
  /** Default `AL2023`. */
  readonly amiFamily?: AmiFamily;
  readonly blockDeviceMappings?: readonly BlockDeviceMapping[];
  /** `RAID0`: local NVMe disks become the node's ephemeral storage. */
  readonly instanceStorePolicy?: "RAID0";
  readonly kubelet?: KubeletSettings;
  /** Network interfaces kept from pods; default 0. */
  readonly reservedEnis?: number;
  /** The share of memory that the hypervisor and the kernel take; default 0.075. */
  readonly vmMemoryOverhead?: number;
}

export interface KubeletSettings {
  readonly maxPods?: number;
  readonly podsPerCore?: number;
  readonly kubeReserved?: Readonly<Record<string, string>>;
  readonly systemReserved?: Readonly<Record<string, string>>;
  /** `memory.available` and `nodefs.available`: a quantity, or a percentage of the capacity. */
  readonly evictionHard?: Readonly<Record<string, string>>;
}

/** What the node keeps for itself, by purpose. */
export interface Overhead {
  readonly kubeReserved: Amounts;
  readonly systemReserved: Amounts;
  readonly evictionThreshold: Amounts;
}

const mib = 1024 ** 2;
const gib = 1024 ** 3;
const defaultVmMemoryOverhead = 0.075;
/** Gravitons keep 64 MiB for contiguous allocation. */
const armReservedMiB = 64;
const podsWithoutEniLimit = 110;

/**
 * What a node of this type has, predicted before one exists. Resources of which there is none are absent.
 * Rules: Karpenter's AWS provider, `pkg/providers/instancetype/types.go`, v1.15.
 */
export function capacityOf(info: InstanceTypeInfo, settings: NodeSettings = {}): Amounts {
  const capacity: Record<string, number> = {
    cpu: info.vcpus * 1000,
    memory: memoryBytes(info, settings),
    "ephemeral-storage": ephemeralStorageBytes(info, settings),
    pods: podCount(info, settings),
  };
  const add = (resource: string, amount: number) => {
    if (amount > 0) capacity[resource] = amount;
  };
  add("vpc.amazonaws.com/pod-eni", info.branchInterfaces);
  add("nvidia.com/gpu", gpuCount(info, "NVIDIA"));
  add("amd.com/gpu", gpuCount(info, "AMD"));
  add("habana.ai/gaudi", gpuCount(info, "Habana"));
  add("aws.amazon.com/neuron", info.neuronCores > 0 ? (info.accelerators[0]?.count ?? 0) : 0);
  add("aws.amazon.com/neuroncore", info.neuronCores);
  add("vpc.amazonaws.com/efa", info.efas);
  return capacity;
}

/** What of {@link capacityOf} pods cannot have. */
export function overheadOf(info: InstanceTypeInfo, settings: NodeSettings = {}): Overhead {
  const { kubelet } = settings;
  const traits = amiFamilyTraits[settings.amiFamily ?? "AL2023"];
  const podsReservedFor = traits.eniLimitedMemoryOverhead ? eniLimitedPods(info, 0) : podCount(info, settings);
  const storage = ephemeralStorageBytes(info, settings);
  const eviction = kubelet?.evictionHard ?? {};
  return {
    kubeReserved: {
      cpu: kubeReservedCpuMillis(info.vcpus),
      memory: kubeReservedMemoryMiB(podsReservedFor) * mib,
      "ephemeral-storage": gib,
      ...amountsOf(kubelet?.kubeReserved),
    },
    systemReserved: amountsOf(kubelet?.systemReserved),
    evictionThreshold: {
      memory: signalBytes(eviction["memory.available"], memoryBytes(info, settings)) ?? 100 * mib,
      "ephemeral-storage": signalBytes(eviction["nodefs.available"], storage) ?? Math.ceil((storage / 100) * 10),
    },
  };
}

/** What pods can have: capacity less overhead. */
export function allocatableOf(info: InstanceTypeInfo, settings: NodeSettings = {}): Amounts {
  const { kubeReserved, systemReserved, evictionThreshold } = overheadOf(info, settings);
  return subtract(capacityOf(info, settings), kubeReserved, systemReserved, evictionThreshold);
}

/**
 * CPU that the kubelet and the container runtime keep: 6 % of the first core, 1 % of the second, 0.5 % of the next two
 * and 0.25 % of the rest, each part rounded down to a milli (amazon-eks-ami and Bottlerocket).
 */
export function kubeReservedCpuMillis(vcpus: number): number {
  const millis = vcpus * 1000;
  const part = (from: number, to: number, share: number) =>
    Math.floor(Math.max(0, Math.min(millis, to) - from) * share);
  return (
    part(0, 1000, 0.06) +
    part(1000, 2000, 0.01) +
    part(2000, 4000, 0.005) +
    part(4000, Number.POSITIVE_INFINITY, 0.0025)
  );
}

/** Memory that the kubelet and the container runtime keep for this many pods. */
export const kubeReservedMemoryMiB = (pods: number): number => 11 * pods + 255;

/** Pods that get an address of their own: one address of each interface is its own, and two pods use the host's. */
export function eniLimitedPods(info: InstanceTypeInfo, reservedEnis: number): number {
  const usable = Math.max(0, info.enis - reservedEnis);
  return usable === 0 ? 0 : usable * (info.ipv4PerEni - 1) + 2;
}

function podCount(info: InstanceTypeInfo, settings: NodeSettings): number {
  const traits = amiFamilyTraits[settings.amiFamily ?? "AL2023"];
  const { maxPods, podsPerCore } = settings.kubelet ?? {};
  const limit =
    maxPods ?? (traits.eniLimitedPods ? eniLimitedPods(info, settings.reservedEnis ?? 0) : podsWithoutEniLimit);
  return podsPerCore && traits.podsPerCore ? Math.min(limit, podsPerCore * info.vcpus) : limit;
}

function memoryBytes(info: InstanceTypeInfo, settings: NodeSettings): number {
  const memoryMiB = info.architecture === "arm64" ? info.memoryMiB - armReservedMiB : info.memoryMiB;
  const overheadMiB = Math.ceil(
    (memoryMiB * mib * (settings.vmMemoryOverhead ?? defaultVmMemoryOverhead)) / 1024 / 1024,
  );
  return (memoryMiB - overheadMiB) * mib;
}

function ephemeralStorageBytes(info: InstanceTypeInfo, settings: NodeSettings): number {
  if (settings.instanceStorePolicy === "RAID0" && info.nvmeGB > 0) return info.nvmeGB * 1e9;
  const amiFamily = settings.amiFamily ?? "AL2023";
  const traits = amiFamilyTraits[amiFamily];
  const mappings = settings.blockDeviceMappings ?? [];
  const root = mappings.find((mapping) => mapping.rootVolume);
  // A custom AMI may name its devices as it likes: the last mapping is taken for the one that pods use.
  const device =
    amiFamily === "Custom"
      ? mappings.at(-1)
      : mappings.find((mapping) => mapping.deviceName === traits.ephemeralDevice);
  return bytesOf(root?.ebs?.volumeSize ?? device?.ebs?.volumeSize ?? traits.ephemeralSize);
}

const gpuCount = (info: InstanceTypeInfo, manufacturer: string): number =>
  info.gpus.reduce((count, gpu) => count + (gpu.manufacturer === manufacturer ? gpu.count : 0), 0);

/** An eviction signal in bytes; 100 % switches it off. */
function signalBytes(signal: string | undefined, capacityBytes: number): number | undefined {
  if (signal === undefined) return undefined;
  if (!signal.endsWith("%")) return bytesOf(signal);
  const percent = Number(signal.slice(0, -1));
  return percent === 100 ? 0 : Math.ceil((capacityBytes / 100) * percent);
}
