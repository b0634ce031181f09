export { type SchedulerOptions, schedulerController } from "./scheduler.ts";
