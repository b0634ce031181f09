import { z } from "zod";

/** Where a trigger takes its credentials from. */
export const AuthenticationRef = z
  .object({
    name: z.string().describe("Name of the TriggerAuthentication or ClusterTriggerAuthentication."),
    kind: z
      .enum(["TriggerAuthentication", "ClusterTriggerAuthentication"])
      .optional()
      .describe("Kind of the object that is named; TriggerAuthentication when left out."),
  })
  .describe("The object that holds the credentials of this trigger.");

const triggerFields = {
  type: z.string().min(1).describe("The scaler that reads this trigger, such as cpu, cron, kafka or prometheus."),
  name: z.string().optional().describe("Name of the trigger, unique within the object; formulas refer to it."),
  metadata: z
    .record(z.string(), z.string())
    .describe("Settings of the scaler. All values are text, numbers and booleans included."),
  authenticationRef: AuthenticationRef.optional(),
  useCachedMetrics: z
    .boolean()
    .optional()
    .describe("Answer the metrics API with the value that the last polling read, instead of reading anew."),
};

/** A trigger of a ScaledObject. */
export const ScaledObjectTrigger = z
  .object({
    ...triggerFields,
    metricType: z
      .string()
      .optional()
      .describe(
        "How the HPA compares the metric: AverageValue (when left out), Value, or Utilization for cpu and memory.",
      ),
  })
  .describe("A source of a metric, and the value of it that is aimed at.");

/** A trigger of a ScaledJob, which has no HPA and therefore no metricType. */
export const ScaledJobTrigger = z
  .object(triggerFields)
  .describe("A source of a metric, and how much of it one Job takes.");

export type AuthenticationRef = z.infer<typeof AuthenticationRef>;
export type ScaledObjectTrigger = z.infer<typeof ScaledObjectTrigger>;
export type ScaledJobTrigger = z.infer<typeof ScaledJobTrigger>;
