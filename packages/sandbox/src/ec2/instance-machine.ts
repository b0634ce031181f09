import {
  type Amounts,
  allocatableOf,
  capacityOf,
  instanceTypeOf,
  type NodeSettings,
  regionOfZone,
  zoneId,
} from "@bellows/aws";
import type { Machine } from "../kubelet/index.ts";
import { hexOf } from "../kubelet/jitter.ts";
import type { Instance } from "./instance-kind.ts";
import { readUserData } from "./user-data.ts";
import type { Vpc } from "./vpc.ts";

/**
 * The share of its memory that a real instance does not offer: 5.4 % of the first 16 GiB and 3.6 % of the rest, a little
 * less than Karpenter assumes before it has seen a node.
 */
function memoryOverhead(memoryMiB: number): number {
  const first = Math.min(memoryMiB, 16_384);
  return (0.054 * first + 0.036 * (memoryMiB - first)) / memoryMiB;
}

/** Resources that only a controller outside the node would add. */
const notOnNodes = ["vpc.amazonaws.com/pod-eni"];

/**
 * The computer that an instance is, once it has booted: what its type offers under the settings of its user data, with
 * the labels that the kubelet and the cloud controller give.
 * @throws RangeError for an unknown instance type or subnet
 */
export function machineOf(instance: Instance, vpc: Vpc): Machine {
  const { spec } = instance;
  const info = instanceTypeOf(spec.instanceType);
  if (!info || info.architecture === "i386")
    throw new RangeError(`${spec.instanceType}: no instance type that a node can run on`);
  const bootstrap = readUserData(spec.launchTemplate.userData);
  const settings: NodeSettings = {
    kubelet: bootstrap.kubelet,
    vmMemoryOverhead: memoryOverhead(info.memoryMiB),
    ...(spec.launchTemplate.volumeSize && {
      blockDeviceMappings: [
        { deviceName: "/dev/xvda", rootVolume: true, ebs: { volumeSize: spec.launchTemplate.volumeSize } },
      ],
    }),
  };
  const region = regionOfZone(spec.zone);
  const { zone, instanceType } = spec;
  return {
    nodeName: spec.privateDnsName,
    providerId: `aws:///${zone}/${instance.metadata.name}`,
    architecture: info.architecture,
    capacity: without(capacityOf(info, settings)),
    allocatable: without(allocatableOf(info, settings)),
    internalIp: spec.privateIpAddress,
    labels: {
      "beta.kubernetes.io/instance-type": instanceType,
      "failure-domain.beta.kubernetes.io/region": region,
      "failure-domain.beta.kubernetes.io/zone": zone,
      "k8s.io/cloud-provider-aws": hexOf(vpc.clusterName, 32),
      "node.kubernetes.io/instance-type": instanceType,
      "topology.ebs.csi.aws.com/zone": zone,
      "topology.k8s.aws/zone-id": zoneId(zone),
      "topology.kubernetes.io/region": region,
      "topology.kubernetes.io/zone": zone,
      ...bootstrap.labels,
    },
    taints: bootstrap.taints,
    podIps: vpc.pool(spec.subnetId),
  };
}

const without = (amounts: Amounts): Amounts =>
  Object.fromEntries(Object.entries(amounts).filter(([resource]) => !notOnNodes.includes(resource)));
