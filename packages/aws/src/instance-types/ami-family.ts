export type AmiFamily = "AL2" | "AL2023" | "Bottlerocket" | "Windows2019" | "Windows2022" | "Windows2025" | "Custom";

/** How nodes of an AMI family differ in what they offer (Karpenter's `pkg/providers/amifamily`, v1.15). */
export interface AmiFamilyTraits {
  /** The device that holds images and container layers, and its size where no mapping says otherwise. */
  readonly ephemeralDevice: string;
  readonly ephemeralSize: string;
  /** Memory is reserved for as many pods as network interfaces allow, even where `maxPods` is set. */
  readonly eniLimitedMemoryOverhead: boolean;
  readonly podsPerCore: boolean;
  /** Pods are limited by network interfaces; otherwise there are 110. */
  readonly eniLimitedPods: boolean;
}

const linux: AmiFamilyTraits = {
  ephemeralDevice: "/dev/xvda",
  ephemeralSize: "20Gi",
  eniLimitedMemoryOverhead: true,
  podsPerCore: true,
  eniLimitedPods: true,
};
const windows: AmiFamilyTraits = {
  ephemeralDevice: "/dev/sda1",
  ephemeralSize: "50Gi",
  eniLimitedMemoryOverhead: false,
  podsPerCore: true,
  eniLimitedPods: false,
};

export const amiFamilyTraits: Readonly<Record<AmiFamily, AmiFamilyTraits>> = {
  AL2: linux,
  AL2023: linux,
  Custom: linux,
  Bottlerocket: { ...linux, ephemeralDevice: "/dev/xvdb", eniLimitedMemoryOverhead: false, podsPerCore: false },
  Windows2019: windows,
  Windows2022: windows,
  Windows2025: windows,
};
