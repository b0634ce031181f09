import { z } from "zod";
import { kind } from "../define-kind.ts";
import { conditions, Int32, Int64, rules, timestamp } from "../field.ts";
import type { ObjectOf } from "../kind.ts";
import { LoadSeries } from "./load-series.ts";

const SelectorRequirement = z.object({
  key: z.string().describe("A label of pods."),
  operator: z.enum(["In", "NotIn", "Exists", "DoesNotExist"]).describe("How it is compared with the values."),
  values: z
    .array(z.string())
    .meta({ "x-kubernetes-list-type": "atomic" })
    .optional()
    .describe("What it is compared with; none for Exists and DoesNotExist."),
});

const LabelSelectorFields = z
  .object({
    matchLabels: z.record(z.string(), z.string()).optional().describe("Labels that pods must have."),
    matchExpressions: z
      .array(SelectorRequirement)
      .meta({ "x-kubernetes-list-type": "atomic" })
      .optional()
      .describe("Further things that must hold of their labels."),
  })
  .meta({ "x-kubernetes-map-type": "atomic" });

const OwnerRef = z.object({
  apiVersion: z.string().default("apps/v1").describe("The API version of the workload."),
  kind: z.string().default("Deployment").describe("The kind of the workload."),
  name: z.string().min(1).describe("The name of the workload."),
});

const Target = z
  .object({
    selector: LabelSelectorFields.optional().describe("Pods of the namespace, by their labels."),
    owner: OwnerRef.optional().describe("Pods of a workload, also those it owns through another."),
    service: z.string().min(1).optional().describe("Pods behind a Service, as far as they are ready."),
  })
  .meta(
    rules({
      rule: "[has(self.selector), has(self.owner), has(self.service)].filter(x, x).size() == 1",
      message: "set exactly one of selector, owner and service",
    }),
  );

export const LoadProfile = kind({
  group: "bellows.dev",
  version: "v1",
  kind: "LoadProfile",
  shortNames: ["lp"],
  categories: ["bellows"],
  scope: "Namespaced",
  summary: "Says how much CPU and memory simulated pods use, over time.",
  columns: {
    Share: ".spec.share",
    Pods: ".status.pods",
    Cpu: ".status.cpu",
    Memory: ".status.memory",
    Age: ".metadata.creationTimestamp",
  },
  spec: z
    .object({
      target: Target.describe("Whose use is meant. Of several profiles for one pod the oldest counts."),
      container: z.string().min(1).optional().describe("The container that uses it; shared by all of them without."),
      share: z
        .enum(["PerPod", "Total"])
        .default("PerPod")
        .describe("Whether each pod uses the amount, or all of them together, shared evenly by those that are ready."),
      cpu: LoadSeries.optional().describe("The use of CPU. What is above the limit is throttled."),
      memory: LoadSeries.optional().describe("The use of memory. What is above the limit gets the container killed."),
      startAt: timestamp().optional().describe("When the series begin; when this object was created without."),
    })
    .meta(rules({ rule: "has(self.cpu) || has(self.memory)", message: "set cpu, memory or both" })),
  status: z.object({
    observedGeneration: Int64.optional().describe("The generation that this status is about."),
    pods: Int32.optional().describe("How many pods the profile is in use for."),
    cpu: z.string().optional().describe("The CPU that they use at present, in all."),
    memory: z.string().optional().describe("The memory that they use at present, in all."),
    conditions: conditions().optional(),
  }),
});
export type LoadProfile = ObjectOf<typeof LoadProfile>;
