import type { ConditionSet } from "../conditions.ts";

/** What a NodeClaim's `Ready` sums up. */
export const claimConditions: ConditionSet = { dependents: ["Launched", "Registered", "Initialized"] };
