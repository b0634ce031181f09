export { type ScaledJobOptions, scaledJobController } from "./controller.ts";
export { scaledJobScalingController } from "./scaling-controller.ts";
