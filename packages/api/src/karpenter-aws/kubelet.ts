import { z } from "zod";

/** The settings of the kubelet that change what a node has room for, or how it evicts. */
export interface KubeletConfiguration {
  clusterDNS?: string[];
  maxPods?: number;
  podsPerCore?: number;
  systemReserved?: Record<string, string>;
  kubeReserved?: Record<string, string>;
  evictionHard?: Record<string, string>;
  evictionSoft?: Record<string, string>;
  evictionSoftGracePeriod?: Record<string, string>;
  evictionMaxPodGracePeriod?: number;
  imageGCHighThresholdPercent?: number;
  imageGCLowThresholdPercent?: number;
  cpuCFSQuota?: boolean;
  [setting: string]: unknown;
}

/** Any setting of the kubelet's configuration file is taken over. */
export const KubeletSettings = z
  .record(z.string(), z.unknown().meta({ "x-kubernetes-preserve-unknown-fields": true }))
  .meta({ "x-kubernetes-preserve-unknown-fields": true }) as unknown as z.ZodType<KubeletConfiguration>;
