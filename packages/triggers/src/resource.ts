import { canonicalQuantity, type MetricSpec, type MetricTarget, quantityProblem } from "@bellows/api";
import { z } from "zod";
import { defineTrigger } from "./define-trigger.ts";
import { oneOf, text } from "./metadata.ts";
import { type MetricType, TriggerError, type TriggerType } from "./trigger.ts";

/** Use of cpu, over the pods. */
export const cpu = resourceTrigger("cpu");

/** Use of memory, over the pods. */
export const memory = resourceTrigger("memory");

/** The HPA reads these metrics itself: there is nothing to read here, and they are always active. */
function resourceTrigger(resource: "cpu" | "memory"): TriggerType {
  return defineTrigger({
    types: [resource],
    summary: `Keeps the pods' use of ${resource} at a level; the HPA reads it.`,
    metadata: z.object({
      type: oneOf("Utilization", "AverageValue").optional().meta({
        description: "No longer read.",
        removed: "The 'type' setting is DEPRECATED and is removed in v2.18 - Use 'metricType' instead.",
      }),
      value: text().meta({
        description: "Per cent of the requests for metricType Utilization; a quantity a pod for AverageValue.",
      }),
      containerName: text().optional().meta({ description: "Only this container of each pod." }),
    }),
    problemPrefix: `error parsing ${resource} metadata`,
    readByHpa: true,
    open({ value, containerName }, { config }) {
      const target = targetOf(config.metricType, value);
      const spec: MetricSpec =
        containerName === undefined
          ? { type: "Resource", resource: { name: resource, target } }
          : { type: "ContainerResource", containerResource: { name: resource, container: containerName, target } };
      return {
        metricSpecs: () => [spec],
        read: async () => ({ values: [], active: true }),
        close: async () => {},
      };
    },
  });
}

function targetOf(metricType: MetricType | undefined, value: string): MetricTarget {
  switch (metricType) {
    case "AverageValue": {
      const problem = quantityProblem(value);
      if (problem !== undefined)
        throw new TriggerError(`unable to set param "value" value ${JSON.stringify(value)}: ${problem}`);
      return { type: metricType, averageValue: canonicalQuantity(value) };
    }
    case "Utilization":
      if (!/^[+-]?\d+$/.test(value))
        throw new TriggerError(`strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`);
      if (Math.abs(Number(value)) >= 2 ** 31) {
        throw new TriggerError(`strconv.ParseInt: parsing ${JSON.stringify(value)}: value out of range`);
      }
      return { type: metricType, averageUtilization: Number(value) };
    default:
      throw new TriggerError(
        `unknown metric type: ${metricType ?? ""}, allowed values are 'Utilization' or 'AverageValue'`,
      );
  }
}
