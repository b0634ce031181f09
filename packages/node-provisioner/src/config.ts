import { conversionService, durationMs, durationSetting, processSettings } from "@bellows/api";
import type { Cloud } from "@bellows/aws";
import { z } from "zod";
import type { NodeProvisionerOptions } from "./controllers.ts";

/** The settings of `bellows node-provisioner`, named as Karpenter's flags and environment variables. */
export const NodeProvisionerSettings = z.strictObject({
  ...processSettings,
  cloud: z.enum(["aws", "simulated"]).default("aws").meta({
    description: "Where instances come from. aws is not in this version; simulated makes nodes without machines.",
  }),
  simulatedCloudUrl: z.string().optional().meta({
    description: "Where the simulated cloud is served. Without it this process has one, and plays the kubelets too.",
  }),
  region: z.string().default("us-east-1").meta({ description: "Region of the simulated cloud.", env: "AWS_REGION" }),
  clusterName: z.string().optional().meta({ description: "Name of the EKS cluster; required." }),
  clusterEndpoint: z.string().optional().meta({ description: "Address of the API server for new nodes." }),
  clusterCaBundle: z.string().optional().meta({ description: "Base64 CA of the API server for new nodes." }),
  interruptionQueue: z
    .string()
    .optional()
    .meta({ description: "SQS queue of interruption events; used with aws only." }),
  batchMaxDuration: durationSetting({ above: 0 })
    .default("10s")
    .meta({ description: "Longest time a batch of pods is collected." }),
  batchIdleDuration: durationSetting({ above: 0 })
    .default("1s")
    .meta({ description: "A batch ends when nothing new came for this long." }),
  feedForward: z.boolean().default(true).meta({ description: "Launch for pods that a workload is about to have." }),
  preferencePolicy: z
    .enum(["Respect", "Ignore"])
    .default("Respect")
    .meta({ description: "Whether preferences of pods count." }),
  minValuesPolicy: z
    .enum(["Strict", "BestEffort"])
    .default("Strict")
    .meta({ description: "Whether minValues may be relaxed." }),
  vmMemoryOverheadPercent: z
    .number()
    .min(0)
    .max(1)
    .default(0.075)
    .meta({ description: "Share of memory that the hypervisor keeps." }),
  webhookPort: z.int().min(0).max(65_535).default(8443).meta({
    description: "Port of the conversion of Karpenter's kinds between v1 and v1beta1, by TLS; 0 takes any free one.",
  }),
  conversionServiceName: z.string().default(conversionService.name).meta({
    description: "The Service that the API server reaches the webhook port by; its certificate names it.",
  }),
  registerConversion: z.boolean().default(true).meta({
    description: "Keep the CustomResourceDefinitions that convert pointed to the Service, with its certificate.",
  }),
  reservedEnis: z.int().min(0).default(0).meta({ description: "Network interfaces that pods cannot use." }),
});
export type NodeProvisionerSettings = z.output<typeof NodeProvisionerSettings>;

export function nodeProvisionerOptions(settings: NodeProvisionerSettings, cloud: Cloud): NodeProvisionerOptions {
  const { clusterName, clusterEndpoint, clusterCaBundle } = settings;
  if (clusterName === undefined)
    throw new RangeError("--cluster-name, CLUSTER_NAME: not given, expected the name of the EKS cluster");
  return {
    cloud,
    clusterName,
    ...(clusterEndpoint && { clusterEndpoint }),
    ...(clusterCaBundle && { certificateAuthority: clusterCaBundle }),
    batchMaxMs: durationMs(settings.batchMaxDuration),
    batchIdleMs: durationMs(settings.batchIdleDuration),
    feedForward: settings.feedForward,
    preferencePolicy: settings.preferencePolicy,
    minValuesPolicy: settings.minValuesPolicy,
    vmMemoryOverhead: settings.vmMemoryOverheadPercent,
    reservedEnis: settings.reservedEnis,
  };
}
