import { describe, expect, test } from "vitest";
import { resourceList } from "./amounts.ts";
import { allocatableOf, capacityOf, kubeReservedCpuMillis, type NodeSettings, overheadOf } from "./capacity.ts";
import { type CatalogueEntry, instanceTypeOf } from "./catalogue.ts";

const typeOf = (name: string) => instanceTypeOf(name) as CatalogueEntry;

// The resources that Karpenter's reference page (docs/reference/instance-types, v1.15) lists.
describe("what pods can have of a node", () => {
  test.each([
    [
      "c5a.2xlarge",
      { cpu: "7910m", memory: "14162Mi", "ephemeral-storage": "17Gi", pods: "58", "vpc.amazonaws.com/pod-eni": "38" },
    ],
    [
      "g5.12xlarge",
      {
        cpu: "47810m",
        memory: "173400Mi",
        "ephemeral-storage": "17Gi",
        pods: "737",
        "vpc.amazonaws.com/pod-eni": "107",
        "nvidia.com/gpu": "4",
        "vpc.amazonaws.com/efa": "1",
      },
    ],
    [
      "inf2.xlarge",
      {
        cpu: "3920m",
        memory: "14162Mi",
        "ephemeral-storage": "17Gi",
        pods: "58",
        "vpc.amazonaws.com/pod-eni": "18",
        "aws.amazon.com/neuron": "1",
        "aws.amazon.com/neuroncore": "2",
      },
    ],
    [
      "a1.medium",
      { cpu: "940m", memory: "1392Mi", "ephemeral-storage": "17Gi", pods: "8", "vpc.amazonaws.com/pod-eni": "10" },
    ],
    ["t3.medium", { cpu: "1930m", memory: "3246Mi", "ephemeral-storage": "17Gi", pods: "17" }],
  ])("%s", (name, expected) => {
    expect(resourceList(allocatableOf(typeOf(name)))).toEqual(expected);
  });
});

describe("settings that change it", () => {
  const m5large = typeOf("m5.large");
  test.each<{ name: string; settings: NodeSettings; resource: string; capacity: string }>([
    {
      name: "the root volume's size",
      settings: { blockDeviceMappings: [{ deviceName: "/dev/xvda", ebs: { volumeSize: "100Gi" } }] },
      resource: "ephemeral-storage",
      capacity: "100Gi",
    },
    {
      name: "not another device's size",
      settings: { blockDeviceMappings: [{ deviceName: "/dev/xvdz", ebs: { volumeSize: "100Gi" } }] },
      resource: "ephemeral-storage",
      capacity: "20Gi",
    },
    {
      name: "a custom AMI's last device",
      settings: {
        amiFamily: "Custom",
        blockDeviceMappings: [{ deviceName: "/dev/xvdz", ebs: { volumeSize: "100Gi" } }],
      },
      resource: "ephemeral-storage",
      capacity: "100Gi",
    },
    {
      name: "Bottlerocket's data volume",
      settings: {
        amiFamily: "Bottlerocket",
        blockDeviceMappings: [
          { deviceName: "/dev/xvda", ebs: { volumeSize: "4Gi" } },
          { deviceName: "/dev/xvdb", ebs: { volumeSize: "80Gi" } },
        ],
      },
      resource: "ephemeral-storage",
      capacity: "80Gi",
    },
    { name: "maxPods", settings: { kubelet: { maxPods: 110 } }, resource: "pods", capacity: "110" },
    { name: "podsPerCore", settings: { kubelet: { podsPerCore: 5 } }, resource: "pods", capacity: "10" },
    {
      name: "podsPerCore, which Bottlerocket ignores",
      settings: { amiFamily: "Bottlerocket", kubelet: { podsPerCore: 5 } },
      resource: "pods",
      capacity: "29",
    },
    { name: "interfaces kept from pods", settings: { reservedEnis: 1 }, resource: "pods", capacity: "20" },
    {
      name: "Windows without interface limit",
      settings: { amiFamily: "Windows2022" },
      resource: "pods",
      capacity: "110",
    },
    { name: "no memory for the hypervisor", settings: { vmMemoryOverhead: 0 }, resource: "memory", capacity: "8Gi" },
  ])("$name", ({ settings, resource, capacity }) => {
    expect(resourceList(capacityOf(m5large, settings))[resource]).toBe(capacity);
  });

  test("local disks count in decimal gigabytes with RAID0", () => {
    expect(capacityOf(typeOf("m5d.large"), { instanceStorePolicy: "RAID0" })["ephemeral-storage"]).toBe(75e9);
    expect(resourceList(capacityOf(m5large, { instanceStorePolicy: "RAID0" }))["ephemeral-storage"]).toBe("20Gi");
  });

  test("reservations and eviction signals replace the defaults one by one", () => {
    const overhead = overheadOf(m5large, {
      kubelet: {
        kubeReserved: { cpu: "200m" },
        systemReserved: { memory: "64Mi" },
        evictionHard: { "memory.available": "5%", "nodefs.available": "1Gi" },
      },
    });
    expect(resourceList(overhead.kubeReserved)).toEqual({ cpu: "200m", memory: "574Mi", "ephemeral-storage": "1Gi" });
    expect(resourceList(overhead.systemReserved)).toEqual({ memory: "64Mi" });
    expect(overhead.evictionThreshold).toEqual({
      memory: Math.ceil(7577 * 1024 ** 2 * 0.05),
      "ephemeral-storage": 1024 ** 3,
    });
  });

  test("memory is reserved for as many pods as interfaces allow, except on Bottlerocket", () => {
    const kubelet = { maxPods: 110 };
    expect(resourceList(overheadOf(m5large, { kubelet }).kubeReserved).memory).toBe("574Mi");
    expect(resourceList(overheadOf(m5large, { kubelet, amiFamily: "Bottlerocket" }).kubeReserved).memory).toBe(
      "1465Mi",
    );
  });
});

test.each([
  [1, 60],
  [2, 70],
  [4, 80],
  [8, 90],
  [96, 310],
])("%i cores keep %i millis for the kubelet", (vcpus, millis) => {
  expect(kubeReservedCpuMillis(vcpus)).toBe(millis);
});
