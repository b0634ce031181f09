import { z } from "zod";
import { Int32, Int64, quantity, resources } from "../field.ts";
import { StartupBoost } from "./startup-boost.ts";

const ContainerPolicy = z.object({
  containerName: z
    .string()
    .optional()
    .describe("The container this is for; `*` for all that have no policy of their own."),
  mode: z.enum(["Auto", "Off"]).optional().describe("Whether the container is scaled; Auto when left out."),
  minAllowed: resources().optional().describe("The least that is recommended, by resource."),
  maxAllowed: resources().optional().describe("The most that is recommended, by resource."),
  controlledResources: z
    .array(z.string())
    .optional()
    .describe("The resources that are recommended; cpu and memory when left out."),
  controlledValues: z
    .enum(["RequestsAndLimits", "RequestsOnly"])
    .optional()
    .describe("Whether limits follow the requests in proportion; RequestsAndLimits when left out."),
  oomBumpUpRatio: quantity().optional().describe("What memory is multiplied by after the container ran out of it."),
  oomMinBumpUp: quantity().optional().describe("The least that memory grows by after the container ran out of it."),
  memoryAggregationIntervalSeconds: Int32.min(1)
    .optional()
    .describe("Length of the interval of which one peak of memory is kept; one day as a rule."),
  memoryAggregationIntervalCount: Int64.min(1).optional().describe("How many intervals are looked at; 8 as a rule."),
  startupBoost: StartupBoost.optional().describe("More CPU while the container starts; goes before the pod's."),
});

/** How the recommendation for each container is bounded. */
export const PodResourcePolicy = z.object({
  containerPolicies: z.array(ContainerPolicy).optional().describe("One for each container, and `*` for the rest."),
});
