import { z } from "zod";
import { kind } from "../define-kind.ts";
import { anyFields, timestamp } from "../field.ts";
import type { ObjectOf } from "../kind.ts";

const Histogram = z.object({
  bucketWeights: anyFields()
    .optional()
    .describe("Weight of each bucket that has any, by its number, in parts of the heaviest."),
  referenceTimestamp: timestamp().nullable().optional().describe("The time that decaying weights are counted from."),
  totalWeight: z.number().optional().describe("Sum of the weights."),
});

export const VerticalPodAutoscalerCheckpointSpec = z.object({
  vpaObjectName: z.string().optional().describe("Name of the VerticalPodAutoscaler."),
  containerName: z.string().optional().describe("Name of the container."),
});

export const VerticalPodAutoscalerCheckpointStatus = z.object({
  version: z.string().optional().describe("Version of the format."),
  lastUpdateTime: timestamp().nullable().optional().describe("When the checkpoint was written."),
  cpuHistogram: Histogram.optional().describe("CPU used."),
  memoryHistogram: Histogram.optional().describe("Peaks of the memory used."),
  firstSampleStart: timestamp().nullable().optional().describe("When the first sample begins."),
  lastSampleStart: timestamp().nullable().optional().describe("When the last sample begins."),
  totalSamplesCount: z.int().optional().describe("How many samples went in."),
});

export const VerticalPodAutoscalerCheckpoint = kind({
  group: "autoscaling.k8s.io",
  version: "v1",
  kind: "VerticalPodAutoscalerCheckpoint",
  shortNames: ["vpacheckpoint"],
  scope: "Namespaced",
  summary: "What a recommender has learnt of one container, kept across restarts.",
  spec: VerticalPodAutoscalerCheckpointSpec.describe("Whose history it is."),
  specOptional: true,
  status: VerticalPodAutoscalerCheckpointStatus.describe("The history."),
  // The recommender writes the whole object.
  statusSubresource: false,
});
export type VerticalPodAutoscalerCheckpoint = ObjectOf<typeof VerticalPodAutoscalerCheckpoint>;
