import type { Controller } from "@bellows/kube";
import { type ScaledJobParts, scaledJobController } from "./controller.ts";
import { JobLoops } from "./job-loops.ts";
import { scaledJobScalingController } from "./scaling-controller.ts";

/** The two controllers of ScaledJobs: one keeps the objects, one makes their Jobs. */
export function scaledJobControllers(parts: Omit<ScaledJobParts, "loops">): readonly Controller[] {
  const shared = { ...parts, loops: new JobLoops() };
  return [scaledJobController(shared), scaledJobScalingController(shared)];
}
