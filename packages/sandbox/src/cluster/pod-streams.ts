import type { Pod } from "@bellows/api";
import type { Clock } from "@bellows/kube";
import type { PodStreams } from "../api-server/index.ts";
import type { ComponentLogs } from "./component-logs.ts";
import { componentLabel } from "./system-workloads.ts";

export interface PodStreamsOptions {
  readonly clock: Clock;
  readonly logs: ComponentLogs;
}

/** What containers answer: the log of a component for the pods that stand for one, synthetic lines for the rest. */
export function podStreams({ logs }: PodStreamsOptions): PodStreams {
  return {
    async *logs(pod, options) {
      const component = (pod as unknown as Pod).metadata.labels?.[componentLabel];
      if (component === undefined) return;
      const lines = logs.of(component).filter(({ at }) => options.since === undefined || at >= options.since);
      const wanted =
        options.tailLines === undefined ? lines : lines.slice(Math.max(0, lines.length - options.tailLines));
      for (const { text } of wanted) yield `${text}\n`;
    },
    async exec() {
      return { exitCode: 127 };
    },
    async attach() {
      return { exitCode: 0 };
    },
  };
}
