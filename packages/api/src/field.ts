import { z } from "zod";
import { quantityProblem } from "./quantity.ts";
import type { CelRule } from "./structural-schema.ts";

/** Whole numbers of 32 and 64 bits (as far as JSON numbers are exact). */
export const Int32 = z.int32();
export const Int64 = z.int();

/** What `kubebuilder` puts on every quantity. */
const quantityPattern =
  /^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$/;

/** An amount of a resource, as text or as a whole number. */
export function quantity() {
  return z
    .union([
      z
        .string()
        .regex(quantityPattern, { error: "a quantity such as 100m or 1.5Gi", abort: true })
        .refine((text) => quantityProblem(text) === undefined, { error: "a quantity such as 100m or 1.5Gi" }),
      z.int(),
    ])
    .meta({ "x-kubernetes-int-or-string": true, pattern: quantityPattern.source });
}

/** A whole number, or text such as a percentage or the name of a port. */
export function intOrString() {
  return z.union([z.int(), z.string()]).meta({ "x-kubernetes-int-or-string": true });
}

/** An instant, RFC 3339. */
export function timestamp() {
  return z.string().meta({ format: "date-time" });
}

/** An object of any fields, all of which are kept. */
export function anyFields() {
  return z.looseObject({}).meta({ "x-kubernetes-preserve-unknown-fields": true });
}

/** Amounts by the name of their resource. */
export function resources() {
  return z.record(z.string(), quantity());
}

const conditionTypePattern =
  /^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$/;
const conditionReasonPattern = /^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/;

const ConditionField = z.object({
  type: z.string().max(316).regex(conditionTypePattern).describe("Which condition, in CamelCase."),
  status: z.enum(["True", "False", "Unknown"]).describe("Whether it holds."),
  reason: z.string().min(1).max(1024).regex(conditionReasonPattern).describe("Why, as one CamelCase word."),
  message: z.string().max(32768).describe("Why, as a sentence; may be empty."),
  lastTransitionTime: timestamp().describe("When the status last changed."),
  observedGeneration: Int64.min(0).optional().describe("The generation of the object that the condition is about."),
});

/** The conditions of a status: `metav1.Condition`, one of each type. */
export function conditions() {
  return z
    .array(ConditionField)
    .describe("What is known about the object's state.")
    .meta({ "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"] });
}

/** The conditions of a status that says nothing about how they are merged. */
export function plainConditions() {
  return z.array(ConditionField).describe("What is known about the object's state.");
}

/** Metadata for CEL rules on a field: `z.object({...}).meta(rules({ rule: "...", message: "..." }))`. */
export function rules(...list: CelRule[]): { "x-kubernetes-validations": CelRule[] } {
  return { "x-kubernetes-validations": list };
}
