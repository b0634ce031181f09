import { z } from "zod";
import { kind } from "../define-kind.ts";
import { Int32, quantity, rules, timestamp } from "../field.ts";
import type { ObjectOf } from "../kind.ts";
import {
  authenticationsTypes,
  externalMetricNames,
  KedaConditions,
  TriggersActivity,
  triggersTypes,
} from "./status.ts";
import { ScaledObjectTrigger } from "./trigger.ts";

const ScalingPolicy = z.object({
  type: z.string().describe("Pods or Percent."),
  value: Int32.describe("How many pods, or which percentage of the replicas, may change within the period."),
  periodSeconds: Int32.describe("Length of the period that the change is counted over."),
});

const ScalingRules = z.object({
  stabilizationWindowSeconds: Int32.min(0)
    .max(3600)
    .optional()
    .describe("For how long earlier recommendations are looked at, so that a short dip or peak changes nothing."),
  selectPolicy: z.string().optional().describe("Which policy decides where several apply: Max, Min or Disabled."),
  policies: z
    .array(ScalingPolicy)
    .optional()
    .meta({ "x-kubernetes-list-type": "atomic" })
    .describe("Limits on how fast the number of replicas changes."),
  tolerance: quantity().optional().describe("How far the metric may be from its target before anything changes."),
});

const HorizontalPodAutoscalerConfig = z.object({
  name: z.string().optional().describe("Name of the HPA; `keda-hpa-` and the name of the ScaledObject when left out."),
  behavior: z
    .object({
      scaleUp: ScalingRules.optional().describe("Limits on growing."),
      scaleDown: ScalingRules.optional().describe("Limits on shrinking."),
    })
    .optional()
    .describe("Taken over into the HPA."),
});

const ScalingModifiers = z.object({
  formula: z
    .string()
    .optional()
    .describe("An expression over the names of the triggers that gives one composite metric."),
  target: z.string().optional().describe("The value of the composite metric that is aimed at."),
  activationTarget: z
    .string()
    .optional()
    .describe("Above this value of the composite metric the target leaves zero; 0."),
  metricType: z
    .enum(["AverageValue", "Value"])
    .optional()
    .describe("How the HPA compares the composite metric; AverageValue when left out."),
});

const Advanced = z.object({
  restoreToOriginalReplicaCount: z
    .boolean()
    .optional()
    .describe("Give the target the replicas it had before, when the ScaledObject is deleted."),
  horizontalPodAutoscalerConfig: HorizontalPodAutoscalerConfig.optional().describe("Settings of the HPA."),
  scalingModifiers: ScalingModifiers.optional().describe(
    "One composite metric instead of one metric for each trigger.",
  ),
});

const Fallback = z.object({
  failureThreshold: Int32.min(0).describe("After how many failed readings in a row the fallback holds."),
  replicas: Int32.min(0).describe("How many replicas to fall back to."),
  behavior: z
    .enum(["static", "currentReplicas", "currentReplicasIfHigher", "currentReplicasIfLower", "scalingModifiers"])
    .default("static")
    .describe("Whether `replicas` is used as it is, or the current number where that is said to be better."),
});

const ScaleTargetRef = z.object({
  apiVersion: z.string().optional().describe("apps/v1 when left out."),
  kind: z.string().optional().describe("Deployment when left out."),
  name: z.string().min(1).describe("Name of the workload, in the namespace of the ScaledObject."),
  envSourceContainerName: z
    .string()
    .optional()
    .describe("The container whose environment triggers may refer to; the first one when left out."),
});

export const ScaledObjectSpec = z
  .object({
    scaleTargetRef: ScaleTargetRef.describe("The workload that is scaled; anything with a scale subresource."),
    pollingInterval: Int32.min(1).optional().describe("Seconds between two readings of the triggers; 30."),
    initialCooldownPeriod: Int32.min(0)
      .optional()
      .describe("Seconds after the creation of the ScaledObject before it may scale to zero; 0."),
    cooldownPeriod: Int32.min(0)
      .optional()
      .describe("Seconds from the last time a trigger was active until the target goes to zero; 300."),
    idleReplicaCount: Int32.min(0)
      .optional()
      .describe("Replicas while no trigger is active, where that is fewer than minReplicaCount. Only 0 is of use."),
    minReplicaCount: Int32.min(0).optional().describe("The fewest replicas; 0."),
    maxReplicaCount: Int32.min(1).optional().describe("The most replicas; 100."),
    advanced: Advanced.optional().describe("Settings that few need."),
    triggers: z.array(ScaledObjectTrigger).min(1).describe("What is scaled by."),
    fallback: Fallback.optional().describe("What to do while a trigger can't be read."),
  })
  .meta(
    rules({
      rule: "!has(self.minReplicaCount) || self.minReplicaCount <= (has(self.maxReplicaCount) ? self.maxReplicaCount : 100)",
      message: "minReplicaCount must be less than or equal to maxReplicaCount",
    }),
  );

export const ScaledObjectStatus = z.object({
  scaleTargetKind: z.string().optional().describe("Group, version and kind of the target, such as apps/v1.Deployment."),
  scaleTargetGVKR: z
    .object({
      group: z.string().describe("Group; empty for the core group."),
      version: z.string().describe("Version."),
      kind: z.string().describe("Kind."),
      resource: z.string().describe("Plural of the kind."),
    })
    .optional()
    .describe("What the target turned out to be."),
  originalReplicaCount: Int32.optional().describe("Replicas of the target when the ScaledObject was created."),
  lastActiveTime: timestamp().optional().describe("When a trigger was last active."),
  externalMetricNames: externalMetricNames.optional(),
  resourceMetricNames: z.array(z.string()).optional().describe("Names of the cpu and memory metrics."),
  compositeScalerName: z.string().optional().describe("Name of the composite metric."),
  conditions: KedaConditions.optional(),
  health: z
    .record(
      z.string(),
      z.object({
        numberOfFailures: Int32.optional().describe("Failed readings in a row."),
        status: z.string().optional().describe("Happy or Failing."),
      }),
    )
    .optional()
    .describe("For each external metric, how reading it goes."),
  triggersActivity: TriggersActivity.optional(),
  pausedReplicaCount: Int32.optional().describe("Replicas at which the target is held while paused."),
  hpaName: z.string().optional().describe("Name of the HPA that was made."),
  triggersTypes: triggersTypes.optional(),
  authenticationsTypes: authenticationsTypes.optional(),
});

export const ScaledObject = kind({
  group: "keda.sh",
  version: "v1alpha1",
  kind: "ScaledObject",
  shortNames: ["so"],
  scope: "Namespaced",
  summary: "Scales a workload by events and metrics, down to zero.",
  columns: [
    { name: "ScaleTargetKind", type: "string", jsonPath: ".status.scaleTargetKind" },
    { name: "ScaleTargetName", type: "string", jsonPath: ".spec.scaleTargetRef.name" },
    { name: "Min", type: "integer", jsonPath: ".spec.minReplicaCount" },
    { name: "Max", type: "integer", jsonPath: ".spec.maxReplicaCount" },
    { name: "Ready", type: "string", jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    { name: "Active", type: "string", jsonPath: '.status.conditions[?(@.type=="Active")].status' },
    { name: "Fallback", type: "string", jsonPath: '.status.conditions[?(@.type=="Fallback")].status' },
    { name: "Paused", type: "string", jsonPath: '.status.conditions[?(@.type=="Paused")].status' },
    { name: "Triggers", type: "string", jsonPath: ".status.triggersTypes" },
    { name: "Authentications", type: "string", jsonPath: ".status.authenticationsTypes" },
    { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
  ],
  spec: ScaledObjectSpec.describe("What is scaled, by what, and within which bounds."),
  status: ScaledObjectStatus.describe("How scaling goes."),
});
export type ScaledObject = ObjectOf<typeof ScaledObject>;
