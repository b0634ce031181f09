import type { ScaledJob } from "@bellows/api";
import { annotations } from "../engine/annotations.ts";

const falseTexts = new Set(["0", "f", "F", "FALSE", "false", "False"]);

/** Whether no Jobs are to be made: `autoscaling.keda.sh/paused` is there and doesn't say false. */
export function isPaused({ metadata }: ScaledJob): boolean {
  const text = metadata.annotations?.[annotations.paused];
  return text !== undefined && !falseTexts.has(text);
}
