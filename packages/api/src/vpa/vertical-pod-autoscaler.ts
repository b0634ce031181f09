import { z } from "zod";
import { kind } from "../define-kind.ts";
import { Int32, Int64, resources, timestamp } from "../field.ts";
import type { ObjectOf } from "../kind.ts";
import { PodResourcePolicy } from "./resource-policy.ts";
import { StartupBoost } from "./startup-boost.ts";

const TargetRef = z
  .object({
    apiVersion: z.string().optional().describe("Group and version of the target, such as apps/v1."),
    kind: z.string().describe("Kind of the target, such as Deployment."),
    name: z.string().describe("Name of the target, in the same namespace."),
  })
  .meta({ "x-kubernetes-map-type": "atomic" });

const EvictionRequirement = z.object({
  resources: z.array(z.string()).describe("The resources that are looked at; one that fits is enough."),
  changeRequirement: z
    .enum(["TargetHigherThanRequests", "TargetLowerThanRequests"])
    .describe("Which way the recommendation must be from what the pod has."),
});

const UpdatePolicy = z.object({
  updateMode: z
    .enum(["Off", "Initial", "Recreate", "InPlaceOrRecreate", "InPlace", "Auto"])
    .optional()
    .describe("When pods get the recommendation; Recreate when left out. Auto is an old name of Recreate."),
  minReplicas: Int32.optional().describe("With fewer live replicas than this no pod is evicted."),
  evictionRequirements: z.array(EvictionRequirement).optional().describe("All must hold before a pod is evicted."),
  evictAfterOOMSeconds: Int32.min(1)
    .optional()
    .describe("A pod that runs out of memory within so many seconds of its start is evicted."),
});

export const VerticalPodAutoscalerSpec = z.object({
  targetRef: TargetRef.describe("What makes the pods that are scaled."),
  updatePolicy: UpdatePolicy.optional().describe("How recommendations reach pods."),
  resourcePolicy: PodResourcePolicy.optional().describe("Bounds of the recommendation, by container."),
  startupBoost: StartupBoost.optional().describe("More CPU while a pod starts, for all its containers."),
  recommenders: z
    .array(z.object({ name: z.string().describe("Name of the recommender.") }))
    .optional()
    .describe("Who recommends; at most one. The default recommender when left out."),
});

const ContainerRecommendation = z.object({
  containerName: z.string().optional().describe("The container."),
  target: resources().describe("What is recommended, by resource."),
  lowerBound: resources().optional().describe("Less than this is likely not enough."),
  upperBound: resources().optional().describe("More than this is likely wasted."),
  uncappedTarget: resources().optional().describe("What would be recommended without the resource policy."),
});

const Condition = z.object({
  type: z
    .string()
    .describe("RecommendationProvided, LowConfidence, NoPodsMatched, FetchingHistory, ConfigUnsupported."),
  status: z.string().describe("True, False or Unknown."),
  lastTransitionTime: timestamp().optional().describe("When the status last changed."),
  observedGeneration: Int64.min(0).optional().describe("The generation of the object that this is about."),
  reason: z.string().optional().describe("Why, in one CamelCase word."),
  message: z.string().optional().describe("Why, in a sentence."),
});

export const VerticalPodAutoscalerStatus = z.object({
  recommendation: z
    .object({
      containerRecommendations: z.array(ContainerRecommendation).optional().describe("One for each container."),
    })
    .optional()
    .describe("What was last recommended."),
  conditions: z.array(Condition).optional().describe("What is known about the object."),
  observedGeneration: Int64.min(0).optional().describe("The generation of the object that the status is about."),
});

export const VerticalPodAutoscaler = kind({
  group: "autoscaling.k8s.io",
  version: "v1",
  kind: "VerticalPodAutoscaler",
  shortNames: ["vpa"],
  scope: "Namespaced",
  summary: "Recommends, and sets, what the containers of a workload request.",
  columns: [
    { name: "Mode", type: "string", jsonPath: ".spec.updatePolicy.updateMode" },
    { name: "CPU", type: "string", jsonPath: ".status.recommendation.containerRecommendations[0].target.cpu" },
    { name: "Mem", type: "string", jsonPath: ".status.recommendation.containerRecommendations[0].target.memory" },
    { name: "Provided", type: "string", jsonPath: ".status.conditions[?(@.type=='RecommendationProvided')].status" },
    { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
    { name: "MinReplicas", type: "integer", jsonPath: ".spec.updatePolicy.minReplicas", priority: 1 },
    { name: "OOMSeconds", type: "integer", jsonPath: ".spec.updatePolicy.evictAfterOOMSeconds", priority: 1 },
  ],
  spec: VerticalPodAutoscalerSpec.describe("Whose requests are recommended, and what becomes of it."),
  status: VerticalPodAutoscalerStatus.describe("What was last recommended."),
});
export type VerticalPodAutoscaler = ObjectOf<typeof VerticalPodAutoscaler>;
