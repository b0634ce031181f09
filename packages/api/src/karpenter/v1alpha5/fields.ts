import { z } from "zod";
import { Int32, quantity, timestamp } from "../../field.ts";

/** The kubelet's settings, as v1alpha5 has them in the Provisioner. */
export const KubeletConfigurationV1Alpha5 = z.object({
  clusterDNS: z.array(z.string()).optional().describe("Addresses of the cluster's DNS servers."),
  containerRuntime: z.string().optional().describe("The container runtime."),
  maxPods: Int32.min(0).optional().describe("The most pods on a node."),
  podsPerCore: Int32.min(0).optional().describe("The most pods for each core."),
  systemReserved: z.record(z.string(), quantity()).optional().describe("What is kept for the system."),
  kubeReserved: z.record(z.string(), quantity()).optional().describe("What is kept for Kubernetes' own parts."),
  evictionHard: z.record(z.string(), z.string()).optional().describe("Thresholds at which pods are evicted at once."),
  evictionSoft: z
    .record(z.string(), z.string())
    .optional()
    .describe("Thresholds at which pods are evicted after a while."),
  evictionSoftGracePeriod: z
    .record(z.string(), z.string())
    .optional()
    .describe("For each soft threshold, how long a while."),
  evictionMaxPodGracePeriod: Int32.optional().describe("The most seconds that an evicted pod gets."),
  imageGCHighThresholdPercent: Int32.min(0).max(100).optional().describe("The use of the disk at which images go."),
  imageGCLowThresholdPercent: Int32.min(0).max(100).optional().describe("The use of the disk down to which images go."),
  cpuCFSQuota: z.boolean().optional().describe("Whether CPU limits are enforced."),
});

export const RequirementsV1Alpha5 = z.array(
  z.object({
    key: z.string().describe("A label of nodes."),
    operator: z.string().describe("In, NotIn, Exists, DoesNotExist, Gt or Lt."),
    values: z.array(z.string()).optional().describe("What the label is compared with."),
  }),
);

export const TaintsV1Alpha5 = z.array(
  z.object({
    key: z.string().describe("Names the taint."),
    value: z.string().optional().describe("Tells taints of one key apart."),
    effect: z.string().describe("NoSchedule, PreferNoSchedule or NoExecute."),
    timeAdded: timestamp().optional().describe("When the taint was set."),
  }),
);

export const TemplateRefV1Alpha5 = z.object({
  apiVersion: z.string().optional().describe("The API version of the node template."),
  kind: z.string().optional().describe("The kind of the node template; AWSNodeTemplate without."),
  name: z.string().describe("The name of the node template."),
});

export const ConditionsV1Alpha5 = z
  .array(
    z.object({
      type: z.string().describe("Which condition."),
      status: z.string().describe("Whether it holds."),
      reason: z.string().optional().describe("Why, as one word."),
      message: z.string().optional().describe("Why, as a sentence."),
      severity: z.string().optional().describe("How bad it is that it does not hold."),
      lastTransitionTime: z.string().optional().describe("When the status last changed."),
    }),
  )
  .describe("What is known about the object's state.");
