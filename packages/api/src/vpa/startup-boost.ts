import { z } from "zod";
import { Int32, quantity, rules } from "../field.ts";

/** More CPU while a pod starts. */
export const StartupBoost = z.object({
  cpu: z
    .object({
      type: z.enum(["Factor", "Quantity"]).describe("Whether the CPU is multiplied by factor or raised by quantity."),
      factor: Int32.optional().describe("What the recommended CPU is multiplied by; with Factor only."),
      quantity: quantity().optional().describe("What is added to the recommended CPU; with Quantity only."),
      durationSeconds: Int32.optional().describe("For how long after the pod is ready the boost lasts; 0."),
    })
    .meta(
      rules(
        {
          rule: "(self.type == 'Factor') == has(self.factor)",
          message: "factor is required when type is Factor and forbidden otherwise",
        },
        {
          rule: "(self.type == 'Quantity') == has(self.quantity)",
          message: "quantity is required when type is Quantity and forbidden otherwise",
        },
      ),
    )
    .optional()
    .describe("The boost of CPU; none when left out."),
});
