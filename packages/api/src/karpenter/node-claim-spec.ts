import { z } from "zod";
import { resources, rules, timestamp } from "../field.ts";
import type { CelRule } from "../structural-schema.ts";
import { labelKeyPattern, nodeRequirements } from "./requirement.ts";

export const durationPattern = /^([0-9]+(s|m|h))+$/;
export const durationOrNeverPattern = /^(([0-9]+(s|m|h))+|Never)$/;

const KarpenterTaint = z.object({
  key: z.string().min(1).regex(labelKeyPattern).describe("Names the taint."),
  value: z.string().regex(labelKeyPattern).optional().describe("Tells taints of one key apart."),
  effect: z
    .enum(["NoSchedule", "PreferNoSchedule", "NoExecute"])
    .describe("What happens to pods that do not tolerate the taint."),
  timeAdded: timestamp().optional().describe("When the taint was set."),
});

export function taints() {
  return z.array(KarpenterTaint).meta({ "x-kubernetes-list-type": "atomic" });
}

const notEmpty = (field: string): CelRule => ({ message: `${field} may not be empty`, rule: "self != ''" });

const nodeClassRefFields = {
  group: z
    .string()
    .regex(/^[^/]*$/)
    .meta(rules(notEmpty("group")))
    .describe("The API group of the node class, such as karpenter.k8s.aws."),
  kind: z
    .string()
    .meta(rules(notEmpty("kind")))
    .describe("The kind of the node class, such as EC2NodeClass."),
  name: z
    .string()
    .meta(rules(notEmpty("name")))
    .describe("The name of the node class."),
};

export const NodeClassRef = z.object(nodeClassRefFields);

const immutable = (field: string): CelRule => ({
  message: `nodeClassRef.${field} is immutable`,
  rule: `self.${field} == oldSelf.${field}`,
});
/** A NodePool may change to another node class, but not to another kind of them. */
export const TemplateNodeClassRef = NodeClassRef.meta(rules(immutable("group"), immutable("kind")));

/** What NodeClaims, and the template of them in a NodePool, have in common. */
export function nodeClaimFields(keyRules: readonly CelRule[]) {
  return {
    requirements: nodeRequirements(keyRules).describe("What the node must be like, over and above its labels."),
    taints: taints().optional().describe("Taints that the node has from the start and keeps."),
    startupTaints: taints()
      .optional()
      .describe(
        "Taints that something on the node takes off soon. Pods need not tolerate them for a node to be launched.",
      ),
    expireAfter: z
      .string()
      .regex(durationOrNeverPattern, { error: "a duration such as 720h, or Never" })
      .default("720h")
      .describe("The age at which the node is replaced, or Never."),
    terminationGracePeriod: z
      .string()
      .regex(durationPattern, { error: "a duration such as 24h" })
      .optional()
      .describe(
        "How long a node that is going may be drained before its pods are deleted; without it, for as long as it takes.",
      ),
  };
}

export const ResourceRequests = z.object({
  requests: resources().optional().describe("The least that the node must have for the pods it was launched for."),
});
