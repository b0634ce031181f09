import { z } from "zod";
import { kind } from "../../define-kind.ts";
import { resources } from "../../field.ts";
import type { ObjectOf } from "../../kind.ts";
import { NodeClaimCondition } from "../node-claim.ts";
import {
  KubeletConfigurationV1Beta1,
  NodeClassRefV1Beta1,
  nodeClaimKeyRulesV1Beta1,
  ResourceRequestsV1Beta1,
  requirementsV1Beta1,
  TaintsV1Beta1,
} from "./fields.ts";

export const NodeClaimV1Beta1 = kind({
  group: "karpenter.sh",
  version: "v1beta1",
  kind: "NodeClaim",
  categories: ["karpenter"],
  scope: "Cluster",
  summary: "One node that was asked for, from its launch to its end.",
  columns: [
    { name: "Type", type: "string", jsonPath: ".metadata.labels.node\\.kubernetes\\.io/instance-type" },
    { name: "Zone", type: "string", jsonPath: ".metadata.labels.topology\\.kubernetes\\.io/zone" },
    { name: "Node", type: "string", jsonPath: ".status.nodeName" },
    { name: "Ready", type: "string", jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
    { name: "Capacity", type: "string", jsonPath: ".metadata.labels.karpenter\\.sh/capacity-type", priority: 1 },
    { name: "NodePool", type: "string", jsonPath: ".metadata.labels.karpenter\\.sh/nodepool", priority: 1 },
    { name: "NodeClass", type: "string", jsonPath: ".spec.nodeClassRef.name", priority: 1 },
  ],
  spec: z.object({
    kubelet: KubeletConfigurationV1Beta1.optional().describe("Settings of the kubelet."),
    nodeClassRef: NodeClassRefV1Beta1.describe("The node class."),
    requirements: requirementsV1Beta1(nodeClaimKeyRulesV1Beta1).describe("What the node must be like."),
    resources: ResourceRequestsV1Beta1.optional().describe("What the node must have room for."),
    startupTaints: TaintsV1Beta1.optional().describe("Taints that something on the node takes off soon."),
    taints: TaintsV1Beta1.optional().describe("Taints that the node keeps."),
  }),
  status: z.object({
    allocatable: resources().optional().describe("What the node has for pods."),
    capacity: resources().optional().describe("What the node has in all."),
    conditions: z.array(NodeClaimCondition).optional().describe("How far the node has come."),
    imageID: z.string().optional().describe("The machine image."),
    nodeName: z.string().optional().describe("The node that the instance registered as."),
    providerID: z.string().optional().describe("The instance."),
  }),
});
export type NodeClaimV1Beta1 = ObjectOf<typeof NodeClaimV1Beta1>;
