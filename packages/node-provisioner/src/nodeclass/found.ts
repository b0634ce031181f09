import type { ConditionChange } from "../conditions.ts";

/** What one part of a node class selects in the cloud, and the condition that says so. */
export interface Found<T> {
  readonly items: T;
  readonly change: ConditionChange;
}

/** Selectors that find nothing leave the node class not ready. */
export function found<T extends readonly unknown[]>(type: string, items: T, reason: string, message: string): Found<T> {
  const change: ConditionChange =
    items.length > 0 ? { type, status: "True" } : { type, status: "False", reason, message };
  return { items, change };
}
