import { z } from "zod";
import { kind } from "../../define-kind.ts";
import { Int32, plainConditions, resources, rules } from "../../field.ts";
import type { ObjectOf } from "../../kind.ts";
import {
  KubeletConfigurationV1Beta1,
  NodeClassRefV1Beta1,
  nodePoolKeyRulesV1Beta1,
  ResourceRequestsV1Beta1,
  requirementsV1Beta1,
  TaintsV1Beta1,
  TemplateLabelsV1Beta1,
} from "./fields.ts";

const durationOrNever = () => z.string().regex(/^(([0-9]+(s|m|h))+)|(Never)$/);

const Budget = z.object({
  nodes: z
    .string()
    .regex(/^((100|[0-9]{1,2})%|[0-9]+)$/)
    .default("10%")
    .describe("How many nodes may be on their way out at a time."),
  schedule: z
    .string()
    .regex(/^(@(annually|yearly|monthly|weekly|daily|midnight|hourly))|((.+)\s(.+)\s(.+)\s(.+)\s(.+))$/)
    .optional()
    .describe("When the budget begins to hold: a cron expression, UTC."),
  duration: z
    .string()
    .regex(/^((([0-9]+(h|m))|([0-9]+h[0-9]+m))(0s)?)$/)
    .optional()
    .describe("For how long the budget holds from each beginning."),
});

const Disruption = z
  .object({
    consolidationPolicy: z
      .enum(["WhenEmpty", "WhenUnderutilized"])
      .default("WhenUnderutilized")
      .describe("Which nodes may be taken away or replaced to save cost."),
    consolidateAfter: durationOrNever().optional().describe("With WhenEmpty: how long a node must have been empty."),
    expireAfter: durationOrNever().default("720h").describe("The age at which nodes are replaced, or Never."),
    budgets: z
      .array(Budget)
      .max(50)
      .meta(
        rules({
          message: "'schedule' must be set with 'duration'",
          rule: "self.all(x, has(x.schedule) == has(x.duration))",
        }),
      )
      .default([{ nodes: "10%" }])
      .describe("How fast the pool's nodes may go away."),
  })
  .meta(
    rules(
      {
        message: "consolidateAfter cannot be combined with consolidationPolicy=WhenUnderutilized",
        rule: "has(self.consolidateAfter) ? self.consolidationPolicy != 'WhenUnderutilized' || self.consolidateAfter == 'Never' : true",
      },
      {
        message: "consolidateAfter must be specified with consolidationPolicy=WhenEmpty",
        rule: "self.consolidationPolicy == 'WhenEmpty' ? has(self.consolidateAfter) : true",
      },
    ),
  );

const Template = z.object({
  metadata: z
    .object({
      annotations: z.record(z.string(), z.string()).optional().describe("Annotations of the nodes."),
      labels: TemplateLabelsV1Beta1.optional().describe("Labels of the nodes."),
    })
    .optional()
    .describe("What the nodes are labelled and annotated with."),
  spec: z
    .object({
      kubelet: KubeletConfigurationV1Beta1.optional().describe("Settings of the kubelet."),
      nodeClassRef: NodeClassRefV1Beta1.describe("The node class."),
      requirements: requirementsV1Beta1(nodePoolKeyRulesV1Beta1).describe("What the node must be like."),
      resources: ResourceRequestsV1Beta1.meta({ maxProperties: 0 }).optional().describe("Must be left out."),
      startupTaints: TaintsV1Beta1.optional().describe("Taints that something on the node takes off soon."),
      taints: TaintsV1Beta1.optional().describe("Taints that the node keeps."),
    })
    .describe("What every NodeClaim of the pool is made of."),
});

export const NodePoolV1Beta1 = kind({
  group: "karpenter.sh",
  version: "v1beta1",
  kind: "NodePool",
  categories: ["karpenter"],
  scope: "Cluster",
  summary: "Launches nodes of a kind for pods that fit on none, and takes them away again.",
  columns: [
    { name: "NodeClass", type: "string", jsonPath: ".spec.template.spec.nodeClassRef.name" },
    { name: "Weight", type: "string", jsonPath: ".spec.weight", priority: 1 },
  ],
  spec: z.object({
    template: Template.describe("What the pool's nodes are like."),
    disruption: Disruption.prefault({ consolidationPolicy: "WhenUnderutilized", expireAfter: "720h" }).describe(
      "When and how fast nodes are taken away again.",
    ),
    limits: resources().optional().describe("The most that the pool's nodes may add up to, by resource."),
    weight: Int32.min(1).max(100).optional().describe("Pools of more weight are tried first."),
  }),
  status: z.object({
    resources: resources().optional().describe("What the pool's nodes add up to."),
    conditions: plainConditions().optional(),
  }),
});
export type NodePoolV1Beta1 = ObjectOf<typeof NodePoolV1Beta1>;
