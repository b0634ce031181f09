import { z } from "zod";
import { kind } from "../define-kind.ts";
import { Int32, timestamp } from "../field.ts";
import type { ObjectOf } from "../kind.ts";
import { JobTemplate } from "./job-template.ts";
import {
  authenticationsTypes,
  externalMetricNames,
  KedaConditions,
  TriggersActivity,
  triggersTypes,
} from "./status.ts";
import { ScaledJobTrigger } from "./trigger.ts";

const RolloutStrategy = z.enum(["gradual", "immediate"]);

const Rollout = z.object({
  strategy: RolloutStrategy.optional().describe(
    "What a change of the ScaledJob does to running Jobs: gradual lets them end, immediate deletes them. immediate when left out.",
  ),
  propagationPolicy: z
    .enum(["foreground", "background"])
    .optional()
    .describe("How the Jobs are deleted; background when left out."),
});

const ScalingStrategy = z.object({
  strategy: z
    .enum(["default", "custom", "accurate", "eager"])
    .optional()
    .describe("How the number of new Jobs follows from the length of the queue; default when left out."),
  customScalingQueueLengthDeduction: Int32.optional().describe("With custom: taken off the length of the queue."),
  customScalingRunningJobPercentage: z
    .string()
    .optional()
    .describe("With custom: the share of the running Jobs that is taken off, such as 0.5."),
  pendingPodConditions: z
    .array(z.string())
    .optional()
    .describe("A Job whose pod has all these conditions no longer counts as pending."),
  multipleScalersCalculation: z
    .enum(["min", "avg", "sum", "max"])
    .optional()
    .describe("How the queue lengths of several triggers become one; max when left out."),
});

export const ScaledJobSpec = z.object({
  jobTargetRef: JobTemplate.describe("The spec of the Jobs that are made."),
  pollingInterval: Int32.min(1).optional().describe("Seconds between two readings of the triggers; 30."),
  successfulJobsHistoryLimit: Int32.min(0).optional().describe("How many completed Jobs are kept; 100."),
  failedJobsHistoryLimit: Int32.min(0).optional().describe("How many failed Jobs are kept; 100."),
  rolloutStrategy: RolloutStrategy.optional().describe("Deprecated: rollout.strategy."),
  rollout: Rollout.optional().describe("What a change of the ScaledJob does to its Jobs."),
  envSourceContainerName: z
    .string()
    .optional()
    .describe("The container whose environment triggers may refer to; the first one when left out."),
  minReplicaCount: Int32.min(0).optional().describe("How many Jobs run even while the queue is empty; 0."),
  maxReplicaCount: Int32.min(1).optional().describe("The most Jobs that run at a time; 100."),
  scalingStrategy: ScalingStrategy.optional().describe("How the number of new Jobs is calculated."),
  triggers: z.array(ScaledJobTrigger).min(1).describe("What is scaled by."),
});

export const ScaledJobStatus = z.object({
  lastActiveTime: timestamp().optional().describe("When a trigger was last active."),
  conditions: KedaConditions.optional(),
  Paused: z.string().optional().describe("Whether the ScaledJob is paused."),
  triggersTypes: triggersTypes.optional(),
  authenticationsTypes: authenticationsTypes.optional(),
  externalMetricNames: externalMetricNames.optional(),
  triggersActivity: TriggersActivity.optional(),
});

export const ScaledJob = kind({
  group: "keda.sh",
  version: "v1alpha1",
  kind: "ScaledJob",
  shortNames: ["sj"],
  scope: "Namespaced",
  summary: "Runs Jobs by events and metrics, one for so many of them.",
  columns: [
    { name: "Min", type: "integer", jsonPath: ".spec.minReplicaCount" },
    { name: "Max", type: "integer", jsonPath: ".spec.maxReplicaCount" },
    { name: "Ready", type: "string", jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    { name: "Active", type: "string", jsonPath: '.status.conditions[?(@.type=="Active")].status' },
    { name: "Paused", type: "string", jsonPath: '.status.conditions[?(@.type=="Paused")].status' },
    { name: "Triggers", type: "string", jsonPath: ".status.triggersTypes" },
    { name: "Authentications", type: "string", jsonPath: ".status.authenticationsTypes" },
    { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
  ],
  spec: ScaledJobSpec.describe("Which Jobs are made, by what, and how many at a time."),
  specOptional: true,
  status: ScaledJobStatus.describe("How scaling goes."),
});
export type ScaledJob = ObjectOf<typeof ScaledJob>;
