import type { ScaledJob } from "@bellows/api";
import { annotations, isAnnotated } from "../engine/annotations.ts";

/** Whether no Jobs are to be made: `autoscaling.keda.sh/paused` is there and doesn't say false. */
export const isPaused = (scaledJob: ScaledJob): boolean => isAnnotated(scaledJob, annotations.paused);
