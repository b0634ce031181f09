import type { Pod } from "@bellows/api";
import { type Clock, type Instant, sleep } from "@bellows/kube";
import type { PodLogOptions, PodStreams } from "../api-server/index.ts";
import type { ComponentLogs, LogLine } from "./component-logs.ts";
import { componentLabel } from "./system-workloads.ts";

/** How often a follower looks for new lines. */
const followMs = 250;

/**
 * What containers answer: for the pods that stand for a controller of this process, that controller's own log; for all
 * others, what `kubelets` make up.
 */
export function podStreams(clock: Clock, logs: ComponentLogs, kubelets: PodStreams): PodStreams {
  return {
    logs(pod, options) {
      const component = (pod as unknown as Pod).metadata.labels?.[componentLabel];
      return component === undefined ? kubelets.logs(pod, options) : componentLog(clock, logs, component, options);
    },
    exec: (...args) => kubelets.exec(...args),
    attach: (...args) => kubelets.attach(...args),
  };
}

async function* componentLog(
  clock: Clock,
  logs: ComponentLogs,
  component: string,
  options: PodLogOptions,
): AsyncIterable<string> {
  const { since = 0, tailLines, follow, signal } = options;
  const text = ({ at, text }: LogLine) => `${options.timestamps ? `${new Date(at).toISOString()} ` : ""}${text}\n`;
  const lines = logs.of(component).filter(({ at }) => at >= since);
  for (const line of tailLines === undefined ? lines : lines.slice(Math.max(0, lines.length - tailLines)))
    yield text(line);
  let last: LogLine | undefined = lines.at(-1);
  while (follow && !signal?.aborted) {
    await sleep(clock, followMs, signal);
    const fresh = linesAfter(logs.of(component), last);
    for (const line of fresh) yield text(line);
    last = fresh.at(-1) ?? last;
  }
}

/** Old lines are forgotten, so a line's place changes; the line itself does not. */
function linesAfter(lines: readonly LogLine[], last: LogLine | undefined): readonly LogLine[] {
  if (!last) return lines;
  const place = lines.lastIndexOf(last);
  const lastAt: Instant = last.at;
  return place < 0 ? lines.filter(({ at }) => at > lastAt) : lines.slice(place + 1);
}
