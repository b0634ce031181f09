/** The controllers of Bellows, each switched on by itself. */
export const bellowsControllers = ["hpa", "cpa", "event-scaler", "node-provisioner"] as const;
export type BellowsController = (typeof bellowsControllers)[number];
