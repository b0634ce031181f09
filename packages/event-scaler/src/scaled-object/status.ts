import type { ScaledObject } from "@bellows/api";
import type { ControllerContext } from "@bellows/kube";
import { fallbackActivated, fallbackCondition, fallbackDeactivated, nextHealth } from "../engine/index.ts";
import { conditionStatus, initializedConditions, withKedaCondition } from "../object/conditions.ts";
import type { MetricResult } from "./read-metrics.ts";

export type Status = NonNullable<ScaledObject["status"]>;

/** The health of the metrics that were read, and the Fallback condition that follows from it. */
export function healthAfter(object: ScaledObject, before: Status, results: readonly MetricResult[]): Status {
  const read = results.flatMap(({ metricName, health }) =>
    health ? [[metricName, nextHealth(before.health?.[metricName], health)] as const] : [],
  );
  if (read.length === 0) return before;
  const health = { ...before.health, ...Object.fromEntries(read) };
  const condition = fallbackCondition(object, health);
  const conditions = initializedConditions(before.conditions);
  return { ...before, health, conditions: condition ? withKedaCondition(conditions, condition) : conditions };
}

/** Tells when the Fallback condition turns, whoever's reading it was that turned it. */
export function tellFallback(before: ScaledObject, after: ScaledObject, { events }: ControllerContext): void {
  const [had, has] = [before, after].map(({ status }) => conditionStatus(status?.conditions, "Fallback") === "True");
  if (had !== has) events.record(after, has ? fallbackActivated : fallbackDeactivated);
}
