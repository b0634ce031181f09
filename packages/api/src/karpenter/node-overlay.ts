import { z } from "zod";
import { kind } from "../define-kind.ts";
import { conditions, Int32, resources, rules } from "../field.ts";
import type { ObjectOf } from "../kind.ts";
import { overlayKeyRules } from "./labels.ts";
import { overlayRequirements } from "./requirement.ts";

export const NodeOverlaySpec = z
  .object({
    requirements: overlayRequirements(overlayKeyRules).describe("Which instance types are meant."),
    price: z
      .string()
      .regex(/^\d+(\.\d+)?$/)
      .optional()
      .describe("The price to reckon with, in USD per hour, in place of the listed one."),
    priceAdjustment: z
      .string()
      .regex(/^(([+-]{1}(\d*\.?\d+))|(\+{1}\d*\.?\d+%)|(^(-\d{1,2}(\.\d+)?%)$)|(-100%))$/)
      .optional()
      .describe("What to add to the listed price, or take off it: `+0.05`, `-10%`."),
    capacity: resources()
      .meta(
        rules({
          message: "invalid resource restricted",
          rule: "self.all(x, !(x in ['cpu', 'memory', 'ephemeral-storage', 'pods']))",
        }),
      )
      .optional()
      .describe("Extended resources that the nodes will have."),
    weight: Int32.min(1)
      .max(10000)
      .optional()
      .describe("Of overlays that say different things, the one of most weight counts."),
  })
  .meta(
    rules({
      message: "cannot set both 'price' and 'priceAdjustment'",
      rule: "!has(self.price) || !has(self.priceAdjustment)",
    }),
  );

export const NodeOverlay = kind({
  group: "karpenter.sh",
  version: "v1alpha1",
  kind: "NodeOverlay",
  shortNames: ["overlays"],
  categories: ["karpenter"],
  scope: "Cluster",
  summary: "Corrects what is known about instance types: their price, and resources beyond the listed ones.",
  columns: [
    { name: "Ready", type: "string", jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
    { name: "Weight", type: "integer", jsonPath: ".spec.weight", priority: 1 },
  ],
  spec: NodeOverlaySpec,
  status: z.object({ conditions: conditions().optional() }),
});
export type NodeOverlay = ObjectOf<typeof NodeOverlay>;
