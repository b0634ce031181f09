import { z } from "zod";

/** KEDA's conditions have no times: a condition only says what is so now. */
export const KedaCondition = z.object({
  type: z.string().describe("Ready, Active, Fallback or Paused."),
  status: z.string().describe("True, False or Unknown."),
  reason: z.string().optional().describe("Why, in one CamelCase word."),
  message: z.string().optional().describe("Why, in a sentence."),
});
export type KedaCondition = z.infer<typeof KedaCondition>;

export const KedaConditions = z.array(KedaCondition).describe("What is known about the object.");

export const TriggersActivity = z
  .record(z.string(), z.object({ isActive: z.boolean().optional().describe("Whether the trigger asks for replicas.") }))
  .describe("For each external metric, whether its trigger was active at the last polling.");

export const triggersTypes = z.string().describe("The types of the triggers, separated by commas.");
export const authenticationsTypes = z
  .string()
  .describe("The names of the authentications in use, separated by commas.");
export const externalMetricNames = z.array(z.string()).describe("Names of the external metrics, one for each trigger.");
