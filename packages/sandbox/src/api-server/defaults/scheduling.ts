import { type Defaulter, fill } from "./fill.ts";

export const schedulingDefaults: Readonly<Record<string, Defaulter>> = {
  PriorityClass: (priorityClass) => fill(priorityClass, { preemptionPolicy: "PreemptLowerPriority" }),
};
