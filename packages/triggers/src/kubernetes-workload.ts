import { Pod, parseSelector, type Selector, SelectorError } from "@bellows/api";
import { z } from "zod";
import { defineTrigger } from "./define-trigger.ts";
import { flag, float, text } from "./metadata.ts";
import { readingOf } from "./metric.ts";
import { TriggerError } from "./trigger.ts";

export const kubernetesWorkload = defineTrigger({
  types: ["kubernetes-workload"],
  summary: "Replicas follow the number of pods, or of the nodes that they run on, of the same namespace.",
  metadata: z.object({
    podSelector: text().meta({ description: "Label selector of the pods." }),
    value: float().default(0).meta({ description: "Pods (nodes) per replica; above 0 unless it feeds a formula." }),
    activationValue: float().default(0).meta({ description: "Active above so many." }),
    groupByNode: flag().default(false).meta({ description: "Count the nodes of the pods instead of the pods." }),
  }),
  problemPrefix: "error parsing kubernetes workload metadata",
  parameterPrefix: "error parsing kubernetes workload metadata",
  validate: ({ value = 0 }, { asMetricSource }) =>
    value <= 0 && !asMetricSource ? "value must be a float greater than 0" : undefined,
  open({ podSelector, value, activationValue, groupByNode }, { config, client, external }) {
    const selector = readSelector(podSelector);
    const { namespace } = config.object;
    return {
      metricSpecs: () => [external(`workload-${namespace}`, value)],
      read: async (asked) => readingOf(asked, countPods(await listPods(), groupByNode), activationValue),
      close: async () => {},
    };

    async function listPods(): Promise<readonly Pod[]> {
      try {
        return (await client.listAll(Pod, { namespace, labelSelector: selector.toString() })).items;
      } catch (error) {
        throw new Error(`error inspecting kubernetes workload: ${(error as Error).message}`, { cause: error });
      }
    }
  },
});

function readSelector(source: string): Selector {
  try {
    return parseSelector(source);
  } catch (error) {
    if (!(error instanceof SelectorError)) throw error;
    throw new TriggerError(`error parsing pod selector: ${error.message}`, { cause: error });
  }
}

/** Pods that have ended don't count; of nodes, those that were chosen. */
function countPods(pods: readonly Pod[], groupByNode: boolean): number {
  const counted = pods.filter(({ status }) => status?.phase !== "Succeeded" && status?.phase !== "Failed");
  if (!groupByNode) return counted.length;
  return new Set(counted.flatMap(({ spec }) => spec?.nodeName || [])).size;
}
