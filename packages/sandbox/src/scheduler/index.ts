export { type SchedulerOptions, schedulerController, startScheduler } from "./scheduler.ts";
