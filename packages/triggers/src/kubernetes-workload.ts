import { Pod, parseSelector, type Selector, SelectorError } from "@bellows/api";
import { z } from "zod";
import { defineTrigger } from "./define-trigger.ts";
import { flag, float, text } from "./metadata.ts";
import { readingOf } from "./metric.ts";
import { hasEnded, type PodChanged, podWatch, type WatchedPod, watched } from "./pod-watch.ts";
import { TriggerError } from "./trigger.ts";

export const kubernetesWorkload = defineTrigger({
  types: ["kubernetes-workload"],
  summary:
    "Replicas follow the number of pods, or of the nodes that they run on, of the same namespace; a watch tells of changes.",
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
  open({ podSelector, value, activationValue, groupByNode }, { config, client, clock, external }) {
    const selector = readSelector(podSelector);
    const { namespace } = config.object;
    const watch = podWatch(client, namespace);
    const spec = external(`workload-${namespace}`, value);
    const metricName = spec.external?.metric.name ?? "";

    /** Of the watch, where there is one. */
    const countWatched = (): number | undefined => {
      const { pods } = watch;
      if (!pods) return undefined;
      return count(
        [...pods].filter(({ labels }) => selector.matches(labels)),
        groupByNode,
      );
    };
    return {
      metricSpecs: () => [spec],
      read: async (asked) => {
        const found = countWatched() ?? count(await listPods(), groupByNode);
        return readingOf(asked, found, activationValue);
      },
      listen: async (handler, signal) => {
        let told: number | undefined;
        let isWaiting = false;
        const tell = () => {
          isWaiting = false;
          const now = countWatched();
          if (signal.aborted || now === undefined || now === told) return;
          told = now;
          handler.push(readingOf(metricName, now, activationValue));
        };
        const changed: PodChanged = (before, after) => {
          const concerned = [before, after].some((pod) => pod && selector.matches(pod.labels));
          if (!concerned || isWaiting) return;
          isWaiting = true;
          clock.after(pushPauseMs, tell);
        };
        await watch.follow(changed, signal);
      },
      close: async () => {},
    };

    async function listPods(): Promise<readonly WatchedPod[]> {
      try {
        const { items } = await client.listAll(Pod, { namespace, labelSelector: selector.toString() });
        return items.filter((pod) => !hasEnded(pod)).map(watched);
      } catch (error) {
        throw new Error(`error inspecting kubernetes workload: ${(error as Error).message}`, { cause: error });
      }
    }
  },
});

/** A rollout changes many pods at once: what they come to is told once in so long. */
const pushPauseMs = 50;

function readSelector(source: string): Selector {
  try {
    return parseSelector(source);
  } catch (error) {
    if (!(error instanceof SelectorError)) throw error;
    throw new TriggerError(`error parsing pod selector: ${error.message}`, { cause: error });
  }
}

/** Pods, or of the nodes those that were chosen for them. */
const count = (pods: readonly WatchedPod[], groupByNode: boolean): number =>
  groupByNode ? new Set(pods.flatMap(({ nodeName }) => nodeName ?? [])).size : pods.length;
