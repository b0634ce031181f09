import { z } from "zod";
import { kind } from "../define-kind.ts";
import { conditions, Int32, Int64, timestamp } from "../field.ts";
import type { ObjectOf } from "../kind.ts";

const TargetRef = z.object({
  apiVersion: z.string().default("apps/v1").describe("The API version of the workload."),
  kind: z.string().default("Deployment").describe("The kind of the workload: anything with a scale subresource."),
  name: z.string().min(1).describe("The name of the workload, in the namespace of this object."),
});

const includeUnschedulableNodes = z.boolean().default(false).describe("Whether nodes that are cordoned count too.");

/** A step of a ladder: from this many cores or nodes on, so many replicas. */
const Rung = z.array(Int32.min(0)).length(2);

const rungs = (of: string) =>
  z
    .array(Rung)
    .min(1)
    .max(256)
    .optional()
    .describe(`Pairs of a number of ${of} and the replicas that it asks for. The last pair that is reached counts.`);

const Ladder = z
  .object({
    coresToReplicas: rungs("cores"),
    nodesToReplicas: rungs("nodes"),
    includeUnschedulableNodes,
  })
  .meta({
    "x-kubernetes-validations": [
      {
        rule: "has(self.coresToReplicas) || has(self.nodesToReplicas)",
        message: "set coresToReplicas, nodesToReplicas or both",
      },
    ],
  });

const Linear = z
  .object({
    coresPerReplica: z.number().positive().optional().describe("Cores for each replica."),
    nodesPerReplica: z.number().positive().optional().describe("Nodes for each replica."),
    min: Int32.min(0).default(1).describe("The fewest replicas."),
    max: Int32.min(1).optional().describe("The most replicas."),
    preventSinglePointFailure: z
      .boolean()
      .default(false)
      .describe("Asks for two replicas at least as soon as there is more than one node."),
    includeUnschedulableNodes,
  })
  .meta({
    "x-kubernetes-validations": [
      {
        rule: "has(self.coresPerReplica) || has(self.nodesPerReplica)",
        message: "set coresPerReplica, nodesPerReplica or both",
      },
      { rule: "!has(self.max) || self.min <= self.max", message: "min must not be greater than max" },
    ],
  });

const TargetStatus = z.object({
  kind: z.string().describe("The kind of the workload."),
  name: z.string().describe("The name of the workload."),
  replicas: Int32.optional().describe("The replicas that it was given; absent where it could not be scaled."),
  message: z.string().optional().describe("What went wrong."),
});

export const ClusterProportionalAutoscaler = kind({
  group: "bellows.dev",
  version: "v1",
  kind: "ClusterProportionalAutoscaler",
  shortNames: ["bcpa"],
  categories: ["bellows"],
  scope: "Namespaced",
  summary: "Sizes workloads by the number of schedulable nodes and cores.",
  columns: {
    Nodes: ".status.nodes",
    Cores: ".status.cores",
    Replicas: ".status.replicas",
    Ready: '.status.conditions[?(@.type=="Ready")].status',
    Age: ".metadata.creationTimestamp",
  },
  spec: z.object({
    targets: z.array(TargetRef).min(1).max(64).describe("Workloads that are all given the same number of replicas."),
    linear: Linear.optional().describe("Replicas grow in proportion; the greater of the two proportions counts."),
    ladder: Ladder.optional().describe("Replicas grow in steps; the greater of the two ladders counts."),
    nodeSelector: z
      .record(z.string(), z.string())
      .optional()
      .describe("Labels of the nodes that count; all nodes without."),
  }),
  rules: [{ rule: "has(self.spec.linear) != has(self.spec.ladder)", message: "set exactly one of linear and ladder" }],
  status: z.object({
    observedGeneration: Int64.optional().describe("The generation that this status is about."),
    nodes: Int32.optional().describe("How many nodes counted."),
    cores: Int32.optional().describe("How many cores they have."),
    replicas: Int32.optional().describe("How many replicas that asks for."),
    lastScaleTime: timestamp().optional().describe("When a target was last given another number."),
    targets: z.array(TargetStatus).optional().describe("How each target fared."),
    conditions: conditions().optional(),
  }),
});
export type ClusterProportionalAutoscaler = ObjectOf<typeof ClusterProportionalAutoscaler>;
