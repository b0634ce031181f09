import { z } from "zod";
import { kind } from "../../define-kind.ts";
import { resources } from "../../field.ts";
import type { ObjectOf } from "../../kind.ts";
import {
  ConditionsV1Alpha5,
  KubeletConfigurationV1Alpha5,
  RequirementsV1Alpha5,
  TaintsV1Alpha5,
  TemplateRefV1Alpha5,
} from "./fields.ts";

export const Machine = kind({
  group: "karpenter.sh",
  version: "v1alpha5",
  kind: "Machine",
  categories: ["karpenter"],
  scope: "Cluster",
  summary: "What came before NodeClaim: one node that was asked for.",
  columns: [
    { name: "Type", type: "string", jsonPath: ".metadata.labels.node\\.kubernetes\\.io/instance-type" },
    { name: "Zone", type: "string", jsonPath: ".metadata.labels.topology\\.kubernetes\\.io/zone" },
    { name: "Node", type: "string", jsonPath: ".status.nodeName" },
    { name: "Ready", type: "string", jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
    { name: "Capacity", type: "string", jsonPath: ".metadata.labels.karpenter\\.sh/capacity-type", priority: 1 },
    { name: "Provisioner", type: "string", jsonPath: ".metadata.labels.karpenter\\.sh/provisioner-name", priority: 1 },
    { name: "Template", type: "string", jsonPath: ".spec.machineTemplateRef.name", priority: 1 },
  ],
  spec: z.object({
    kubelet: KubeletConfigurationV1Alpha5.optional().describe("Settings of the kubelet."),
    machineTemplateRef: TemplateRefV1Alpha5.optional().describe("The node template."),
    requirements: RequirementsV1Alpha5.optional().describe("What the node must be like."),
    resources: z
      .object({ requests: resources().optional().describe("By resource.") })
      .optional()
      .describe("The least that the node must have."),
    startupTaints: TaintsV1Alpha5.optional().describe("Taints that something on the node takes off soon."),
    taints: TaintsV1Alpha5.optional().describe("Taints that the node keeps."),
  }),
  specOptional: true,
  status: z.object({
    allocatable: resources().optional().describe("What the node has for pods."),
    capacity: resources().optional().describe("What the node has in all."),
    conditions: ConditionsV1Alpha5.optional(),
    nodeName: z.string().optional().describe("The node that the instance registered as."),
    providerID: z.string().optional().describe("The instance."),
  }),
});
export type Machine = ObjectOf<typeof Machine>;
