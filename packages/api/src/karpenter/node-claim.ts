import { z } from "zod";
import { kind } from "../define-kind.ts";
import { Int64, resources, rules, timestamp } from "../field.ts";
import type { ObjectOf } from "../kind.ts";
import { nodeClaimKeyRules } from "./labels.ts";
import { NodeClassRef, nodeClaimFields, ResourceRequests } from "./node-claim-spec.ts";

/** Unlike those of other kinds, a NodeClaim's conditions may do without a reason and a message. */
export const NodeClaimCondition = z.object({
  type: z
    .string()
    .max(316)
    .regex(
      /^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$/,
    )
    .describe("Launched, Registered, Initialized, Ready, Drifted, Consolidatable, ..."),
  status: z.enum(["True", "False", "Unknown"]).describe("Whether it holds."),
  reason: z
    .string()
    .max(1024)
    .regex(/^([A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?|)$/)
    .optional()
    .describe("Why, as one CamelCase word."),
  message: z.string().max(32768).optional().describe("Why, as a sentence."),
  lastTransitionTime: timestamp().describe("When the status last changed."),
  observedGeneration: Int64.min(0).optional().describe("The generation of the object that the condition is about."),
});

export const NodeClaimSpec = z
  .object({
    nodeClassRef: NodeClassRef.describe("The node class, which says how the instance is launched."),
    ...nodeClaimFields(nodeClaimKeyRules),
    resources: ResourceRequests.optional().describe("What the node must have room for."),
  })
  .meta(rules({ message: "spec is immutable", rule: "self == oldSelf" }));

export const NodeClaimStatus = z.object({
  nodeName: z.string().optional().describe("The node that the instance registered as."),
  providerID: z.string().optional().describe("The instance: `aws:///us-east-1a/i-...`."),
  imageID: z.string().optional().describe("The machine image that the instance was launched from."),
  capacity: resources().optional().describe("What the node has in all."),
  allocatable: resources().optional().describe("What the node has for pods."),
  lastPodEventTime: timestamp().optional().describe("When a pod last came to the node or left it."),
  conditions: z
    .array(NodeClaimCondition)
    .meta({ "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"] })
    .optional()
    .describe("How far the node has come."),
});

export const NodeClaim = kind({
  group: "karpenter.sh",
  version: "v1",
  kind: "NodeClaim",
  categories: ["karpenter"],
  scope: "Cluster",
  summary: "One node that was asked for, from its launch to its end.",
  columns: [
    { name: "Type", type: "string", jsonPath: ".metadata.labels.node\\.kubernetes\\.io/instance-type" },
    { name: "Capacity", type: "string", jsonPath: ".metadata.labels.karpenter\\.sh/capacity-type" },
    { name: "Zone", type: "string", jsonPath: ".metadata.labels.topology\\.kubernetes\\.io/zone" },
    { name: "Node", type: "string", jsonPath: ".status.nodeName" },
    { name: "Ready", type: "string", jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
    { name: "ImageID", type: "string", jsonPath: ".status.imageID", priority: 1 },
    { name: "ID", type: "string", jsonPath: ".status.providerID", priority: 1 },
    { name: "NodePool", type: "string", jsonPath: ".metadata.labels.karpenter\\.sh/nodepool", priority: 1 },
    { name: "NodeClass", type: "string", jsonPath: ".spec.nodeClassRef.name", priority: 1 },
    { name: "Drifted", type: "string", jsonPath: '.status.conditions[?(@.type=="Drifted")].status', priority: 1 },
  ],
  spec: NodeClaimSpec,
  status: NodeClaimStatus,
});
export type NodeClaim = ObjectOf<typeof NodeClaim>;
