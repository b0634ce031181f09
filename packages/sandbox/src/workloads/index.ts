export { type WorkloadOptions, workloadControllers } from "./workload-controllers.ts";
