import { isConditionTrue } from "@bellows/api";
import { isReschedulable } from "../cluster/pods.ts";
import type { Candidate, Method } from "./method.ts";

/** Nodes without a pod that would need another: all that budgets allow go at once. */
export const emptiness: Method = {
  reason: "Empty",
  shouldDisrupt: ({ claim, reschedulablePods }) =>
    reschedulablePods.length === 0 && isConditionTrue(claim.status?.conditions, "Consolidatable"),
  async commands(candidates, allowed) {
    const left = new Map(allowed);
    const empty: Candidate[] = [];
    for (const candidate of candidates) {
      const { name } = candidate.nodePool.metadata;
      const more = left.get(name) ?? 0;
      if (more <= 0) continue;
      left.set(name, more - 1);
      empty.push(candidate);
    }
    return empty.length > 0 ? [{ reason: "Empty", candidates: empty }] : [];
  },
  isStillRight: (_, podsNow) => !podsNow.some(isReschedulable),
};
