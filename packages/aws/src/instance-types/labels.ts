import type { InstanceTypeInfo } from "./catalogue.ts";

const group = "karpenter.k8s.aws";

/** `u-6tb1.56xlarge` is category `u` generation 1; `c5a.large` category `c` generation 5. */
const typeScheme = /^([a-z]+)(?:-[0-9]+tb)?([0-9]+).*\./;

/**
 * The well-known labels that follow from the instance type alone, as Karpenter's AWS provider computes them
 * (`pkg/providers/instancetype/types.go`, v1.15): a label that does not apply is absent. Zone, capacity type and the
 * labels of the node itself are not among them.
 */
export function instanceTypeLabels(info: InstanceTypeInfo): Readonly<Record<string, string>> {
  const labels: Record<string, string> = {
    "kubernetes.io/arch": info.architecture,
    "kubernetes.io/os": "linux",
    "node.kubernetes.io/instance-type": info.name,
  };
  const add = (name: string, value: string | number | boolean | undefined) => {
    if (value !== undefined) labels[`${group}/${name}`] = String(value);
  };
  const scheme = typeScheme.exec(info.name);
  add("instance-capability-flex", info.family.includes("-flex"));
  add("instance-category", scheme?.[1]);
  add("instance-cpu", info.vcpus);
  add("instance-cpu-manufacturer", info.cpuManufacturer);
  add("instance-cpu-sustained-clock-speed-mhz", info.clockMhz);
  add("instance-ebs-bandwidth", info.ebsMbps);
  add("instance-encryption-in-transit-supported", info.encryptionInTransit);
  add("instance-family", info.family);
  add("instance-generation", scheme?.[2]);
  add("instance-hypervisor", info.hypervisor);
  add("instance-local-nvme", info.nvmeGB || undefined);
  add("instance-memory", info.memoryMiB);
  add("instance-network-bandwidth", info.networkMbps);
  add("instance-size", info.size);

  // A type with GPUs of two kinds has no single name to give.
  const [gpu, anotherGpu] = info.gpus;
  if (gpu && !anotherGpu) {
    add("instance-gpu-name", kebab(gpu.name));
    add("instance-gpu-manufacturer", kebab(gpu.manufacturer));
    add("instance-gpu-count", gpu.count);
    add("instance-gpu-memory", gpu.memoryMiB);
  }
  const [accelerator, anotherAccelerator] = info.accelerators;
  if (accelerator && !anotherAccelerator) {
    add("instance-accelerator-name", kebab(accelerator.name));
    add("instance-accelerator-manufacturer", kebab(accelerator.manufacturer));
    add("instance-accelerator-count", accelerator.count);
  }
  return labels;
}

const kebab = (name: string) => name.toLowerCase().replaceAll(" ", "-");
