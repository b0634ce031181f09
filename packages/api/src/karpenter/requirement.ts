import { z } from "zod";
import { rules } from "../field.ts";
import type { CelRule } from "../structural-schema.ts";

export const labelKeyPattern =
  /^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*(\/))?([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
export const labelValuePattern = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;

export const maxRequirements = 100;
export const requirementOperators = ["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt", "Gte", "Lte"] as const;

const needsValue = (operator: string): CelRule => ({
  message: `requirements with operator '${operator}' must have a value defined`,
  rule: `self.all(x, x.operator == '${operator}' ? x.values.size() != 0 : true)`,
});
const isComparison = "(x.operator == 'Gt' || x.operator == 'Lt' || x.operator == 'Gte' || x.operator == 'Lte')";
const needsOneWhole = (operators: string): CelRule => ({
  message: `requirements operator ${operators} must have a single positive integer value`,
  rule: `self.all(x, ${isComparison} ? (x.values.size() == 1 && int(x.values[0]) >= 0) : true)`,
});
const needsMinValues: CelRule = {
  message: "requirements with 'minValues' must have at least that many values specified in the 'values' field",
  rule: "self.all(x, (x.operator == 'In' && has(x.minValues)) ? x.values.size() >= x.minValues : true)",
};

const requirementFields = (keyRules: readonly CelRule[]) => ({
  key: z
    .string()
    .max(316)
    .regex(labelKeyPattern)
    .meta(rules(...keyRules))
    .describe("A label of nodes."),
  operator: z.enum(requirementOperators).describe("How the values of the label are compared with `values`."),
  values: z
    .array(z.string())
    .meta({ "x-kubernetes-list-type": "atomic" })
    .optional()
    .describe("None for Exists and DoesNotExist, one whole number for Gt, Lt, Gte and Lte, at least one for In."),
});

/** What nodes must be like: a node selector whose keys are restricted, with the least number of choices to keep open. */
export function nodeRequirements(keyRules: readonly CelRule[]) {
  const NodeRequirement = z.object({
    ...requirementFields(keyRules),
    minValues: z.int().min(1).max(50).optional().describe("How many different values must stay possible (alpha)."),
  });
  return z
    .array(NodeRequirement)
    .max(maxRequirements)
    .meta({
      "x-kubernetes-list-type": "atomic",
      ...rules(needsValue("In"), needsOneWhole("'Gt', 'Lt', 'Gte', or 'Lte'"), needsMinValues),
    });
}

/** Which instance types an overlay is about. */
export function overlayRequirements(keyRules: readonly CelRule[]) {
  return z
    .array(z.object(requirementFields(keyRules)))
    .max(maxRequirements)
    .meta({
      "x-kubernetes-list-type": "atomic",
      ...rules(needsValue("NotIn"), needsValue("In"), needsOneWhole("'Gt', 'Lt', 'Gte' or 'Lte'")),
    });
}
