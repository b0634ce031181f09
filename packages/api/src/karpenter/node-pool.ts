import { z } from "zod";
import { kind } from "../define-kind.ts";
import { conditions, Int32, Int64, resources, rules } from "../field.ts";
import type { ObjectOf } from "../kind.ts";
import { nodePoolKeyRules, templateLabelRules } from "./labels.ts";
import { durationOrNeverPattern, nodeClaimFields, TemplateNodeClassRef } from "./node-claim-spec.ts";
import { labelValuePattern } from "./requirement.ts";

const Budget = z.object({
  nodes: z
    .string()
    .regex(/^((100|[0-9]{1,2})%|[0-9]+)$/, { error: "a number of nodes, or a percentage of them" })
    .default("10%")
    .describe("How many nodes of the pool, or which percentage of them, may be on their way out at a time."),
  reasons: z
    .array(z.enum(["Underutilized", "Empty", "Drifted"]))
    .max(50)
    .meta({ "x-kubernetes-list-type": "set" })
    .optional()
    .describe("What the budget is for; without it, for every reason."),
  schedule: z
    .string()
    .regex(/^(@(annually|yearly|monthly|weekly|daily|midnight|hourly))|((.+)\s(.+)\s(.+)\s(.+)\s(.+))$/, {
      error: "a cron expression of five fields, or one of the @ words",
    })
    .optional()
    .describe(
      "When the budget begins to hold: a cron expression, UTC. Goes with `duration`; without both it always holds.",
    ),
  duration: z
    .string()
    .regex(/^((([0-9]+(h|m))|([0-9]+h[0-9]+m))(0s)?)$/, { error: "a duration in hours and minutes, such as 1h30m" })
    .optional()
    .describe("For how long the budget holds from each beginning."),
});

const Disruption = z.object({
  consolidationPolicy: z
    .enum(["WhenEmpty", "WhenEmptyOrUnderutilized", "Balanced"])
    .default("WhenEmptyOrUnderutilized")
    .describe("Which nodes may be taken away or replaced to save cost."),
  consolidateAfter: z
    .string()
    .regex(durationOrNeverPattern, { error: "a duration such as 30s, or Never" })
    .default("0s")
    .describe("How long no pod must have come or gone before a node is consolidated, or Never."),
  budgets: z
    .array(Budget)
    .max(50)
    .meta({
      "x-kubernetes-list-type": "atomic",
      ...rules({
        message: "'schedule' must be set with 'duration'",
        rule: "self.all(x, has(x.schedule) == has(x.duration))",
      }),
    })
    .default([{ nodes: "10%" }])
    .describe("How fast the pool's nodes may go away. The strictest that holds counts."),
});

const TemplateMetadata = z.object({
  labels: z
    .record(z.string(), z.string().max(63).regex(labelValuePattern))
    .meta({ "x-kubernetes-map-type": "atomic", maxProperties: 100, ...rules(...templateLabelRules) })
    .optional()
    .describe("Labels of the nodes."),
  annotations: z
    .record(z.string(), z.string())
    .meta({ "x-kubernetes-map-type": "granular" })
    .optional()
    .describe("Annotations of the nodes."),
});

const Template = z.object({
  metadata: TemplateMetadata.optional().describe("What the nodes are labelled and annotated with."),
  spec: z
    .object({
      nodeClassRef: TemplateNodeClassRef.describe("The node class, which says how instances are launched."),
      ...nodeClaimFields(nodePoolKeyRules),
    })
    .describe("What every NodeClaim of the pool is made of."),
});

export const NodePoolSpec = z
  .object({
    template: Template.describe("What the pool's nodes are like."),
    disruption: Disruption.prefault({ consolidateAfter: "0s" }).describe(
      "When and how fast nodes are taken away again.",
    ),
    limits: resources()
      .optional()
      .describe("The most that the pool's nodes may add up to, by resource; `nodes` counts them."),
    weight: Int32.min(1).max(100).optional().describe("Pools of more weight are tried first; a pool without has 0."),
    replicas: Int64.min(0)
      .optional()
      .describe("Keeps this many nodes whether pods need them or not, and makes the pool a static one (alpha)."),
  })
  .meta(
    rules(
      {
        message:
          "Cannot transition NodePool between static (replicas set) and dynamic (replicas unset) provisioning modes",
        rule: "has(self.replicas) == has(oldSelf.replicas)",
      },
      {
        message: "only 'limits.nodes' is supported on static NodePools",
        rule: "!has(self.replicas) || (!has(self.limits) || size(self.limits) == 0 || (size(self.limits) == 1 && 'nodes' in self.limits))",
      },
      {
        message: "'weight' is not supported on static NodePools",
        rule: "!has(self.replicas) || !has(self.weight)",
      },
    ),
  );

export const NodePoolStatus = z.object({
  resources: resources().optional().describe("What the pool's nodes add up to."),
  nodes: Int64.default(0).describe("How many nodes the pool has."),
  nodeClassObservedGeneration: Int64.optional().describe(
    "The generation of the node class that NodeRegistrationHealthy is about.",
  ),
  conditions: conditions().optional(),
});

export const NodePool = kind({
  group: "karpenter.sh",
  version: "v1",
  kind: "NodePool",
  categories: ["karpenter"],
  scope: "Cluster",
  summary: "Launches nodes of a kind for pods that fit on none, and takes them away again.",
  columns: [
    { name: "NodeClass", type: "string", jsonPath: ".spec.template.spec.nodeClassRef.name" },
    { name: "Nodes", type: "string", jsonPath: ".status.nodes" },
    { name: "Ready", type: "string", jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
    { name: "Weight", type: "integer", jsonPath: ".spec.weight", priority: 1 },
    { name: "CPU", type: "string", jsonPath: ".status.resources.cpu", priority: 1 },
    { name: "Memory", type: "string", jsonPath: ".status.resources.memory", priority: 1 },
  ],
  spec: NodePoolSpec,
  status: NodePoolStatus,
  scale: { specReplicasPath: ".spec.replicas", statusReplicasPath: ".status.nodes" },
});
export type NodePool = ObjectOf<typeof NodePool>;
