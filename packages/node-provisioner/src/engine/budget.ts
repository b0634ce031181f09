import { type CronSchedule, durationMs, type NodePool, parseCron } from "@bellows/api";

type Budget = NodePool["spec"]["disruption"]["budgets"][number];

export type DisruptionReason = "Empty" | "Underutilized" | "Drifted";

const schedules = new Map<string, CronSchedule>();

function scheduleOf(expression: string): CronSchedule {
  let schedule = schedules.get(expression);
  if (!schedule) {
    schedule = parseCron(expression, "UTC");
    schedules.set(expression, schedule);
  }
  return schedule;
}

/** Whether a budget holds at an instant: always without a schedule, else for its duration from each beginning. */
export function isBudgetActive({ schedule, duration }: Budget, now: number): boolean {
  if (schedule === undefined || duration === undefined) return true;
  const begins = scheduleOf(schedule).next(now - durationMs(duration));
  return begins !== undefined && begins <= now;
}

/**
 * How many more nodes of a pool may be taken away now: the strictest budget that holds and is for the reason, less those
 * that are on their way out. Percentages are of all nodes, rounded up. A budget that cannot be read allows none.
 * @param leaving  nodes of the pool that are not ready or going
 */
export function allowedDisruptions(
  budgets: readonly Budget[],
  reason: DisruptionReason,
  nodes: number,
  leaving: number,
  now: number,
): number {
  let allowed = Number.MAX_SAFE_INTEGER;
  for (const budget of budgets) {
    if (budget.reasons && !budget.reasons.includes(reason)) continue;
    allowed = Math.min(allowed, budgetSize(budget, nodes, now));
  }
  return Math.max(0, allowed - leaving);
}

function budgetSize(budget: Budget, nodes: number, now: number): number {
  try {
    if (!isBudgetActive(budget, now)) return Number.MAX_SAFE_INTEGER;
  } catch {
    return 0;
  }
  if (!budget.nodes.endsWith("%")) return Number(budget.nodes);
  return Math.ceil((Number(budget.nodes.slice(0, -1)) / 100) * nodes);
}
