import { z } from "zod";
import { kind } from "../../define-kind.ts";
import { anyFields, Int32, Int64, resources, timestamp } from "../../field.ts";
import type { ObjectOf } from "../../kind.ts";
import {
  ConditionsV1Alpha5,
  KubeletConfigurationV1Alpha5,
  RequirementsV1Alpha5,
  TaintsV1Alpha5,
  TemplateRefV1Alpha5,
} from "./fields.ts";

export const ProvisionerSpec = z.object({
  annotations: z.record(z.string(), z.string()).optional().describe("Annotations of the nodes."),
  labels: z.record(z.string(), z.string()).optional().describe("Labels of the nodes."),
  taints: TaintsV1Alpha5.optional().describe("Taints that the node has from the start and keeps."),
  startupTaints: TaintsV1Alpha5.optional().describe("Taints that something on the node takes off soon."),
  requirements: RequirementsV1Alpha5.optional().describe("What the node must be like, over and above its labels."),
  kubeletConfiguration: KubeletConfigurationV1Alpha5.optional().describe("Settings of the kubelet."),
  provider: anyFields().optional().describe("A node template in place."),
  providerRef: TemplateRefV1Alpha5.optional().describe("The node template, which says how instances are launched."),
  ttlSecondsAfterEmpty: Int64.optional().describe("Seconds until an empty node is taken away; never without."),
  ttlSecondsUntilExpired: Int64.optional().describe("The age in seconds at which a node is replaced; never without."),
  consolidation: z
    .object({ enabled: z.boolean().optional().describe("Whether it is.") })
    .optional()
    .describe("Whether nodes are taken away or replaced to save cost."),
  limits: z
    .object({ resources: resources().optional().describe("The most, by resource.") })
    .optional()
    .describe("The most that the nodes may add up to."),
  weight: Int32.min(1).max(100).optional().describe("Provisioners of more weight are tried first."),
});

export const Provisioner = kind({
  group: "karpenter.sh",
  version: "v1alpha5",
  kind: "Provisioner",
  categories: ["karpenter"],
  scope: "Cluster",
  summary: "What came before NodePool. It is read, and acted on as the NodePool that it stands for.",
  columns: [
    { name: "Template", type: "string", jsonPath: ".spec.providerRef.name" },
    { name: "Weight", type: "string", jsonPath: ".spec.weight", priority: 1 },
  ],
  spec: ProvisionerSpec,
  specOptional: true,
  status: z.object({
    conditions: ConditionsV1Alpha5.optional(),
    lastScaleTime: timestamp().optional().describe("When a node was last launched."),
    resources: resources().optional().describe("What the nodes add up to."),
  }),
});
export type Provisioner = ObjectOf<typeof Provisioner>;
