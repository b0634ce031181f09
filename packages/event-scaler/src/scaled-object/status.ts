import { type KedaCondition, ScaledObject, stableJson } from "@bellows/api";
import { type Client, isConflict, keyOf } from "@bellows/kube";
import { fallbackCondition } from "../engine/index.ts";
import type { MetricResult } from "./read-metrics.ts";

export type Status = NonNullable<ScaledObject["status"]>;
type Conditions = NonNullable<Status["conditions"]>;
export type ConditionType = "Ready" | "Active" | "Fallback" | "Paused" | "HPAActive";

/** What a ScaledObject starts with. HPAActive comes with the first look at its HPA. */
export const initialConditions: Conditions = [
  { type: "Ready", status: "Unknown" },
  { type: "Active", status: "Unknown" },
  { type: "Fallback", status: "Unknown" },
  { type: "Paused", status: "False" },
];

/** The conditions with all that every ScaledObject has. */
export function initializedConditions(conditions: Conditions | undefined): Conditions {
  const complete = initialConditions.every(({ type }) => conditions?.some((one) => one.type === type));
  return complete ? (conditions as Conditions) : initialConditions;
}

/** KEDA's conditions have no times, so this is not `setCondition` of the API's. The same array where nothing changes. */
export function withCondition(
  conditions: Conditions,
  type: ConditionType,
  status: "True" | "False" | "Unknown",
  reason: string,
  message: string,
): Conditions {
  const index = conditions.findIndex((one) => one.type === type);
  const before = conditions[index];
  if (before?.status === status && before.reason === reason && before.message === message) return conditions;
  const next = { type, status, reason, message };
  return before ? conditions.with(index, next) : [...conditions, next];
}

export const conditionStatus = (conditions: Conditions | undefined, type: ConditionType): string =>
  conditions?.find((one) => one.type === type)?.status ?? "Unknown";

const conflictRetries = 5;

/**
 * Changes the status of an object. Two controllers write it, each its own part, and conditions are one list: so the
 * change is made to the version that was read, and made again to the latest where that is outdated.
 * @param change  gives the new status; the same object for no change
 * @returns the object as it is then
 */
export async function updateStatus(
  client: Client,
  object: ScaledObject,
  change: (status: Status) => Status,
): Promise<ScaledObject> {
  const key = keyOf(object);
  for (let attempt = 1, latest = object; ; attempt++) {
    const before = latest.status ?? {};
    const status = difference(before, change(before));
    if (Object.keys(status).length === 0) return latest;
    const { resourceVersion } = latest.metadata;
    const body = { metadata: { resourceVersion }, status };
    try {
      return await client.patch(ScaledObject, key, { type: "merge", body }, { subresource: "status" });
    } catch (error) {
      if (!isConflict(error) || attempt === conflictRetries) throw error;
      latest = await client.get(ScaledObject, key);
    }
  }
}

/** A merge patch that makes `after` of `before`. Maps are merged by key; lists and the rest are replaced. */
function difference(before: object, after: object): Record<string, unknown> {
  const changes: Record<string, unknown> = {};
  const old = before as Record<string, unknown>;
  const next = after as Record<string, unknown>;
  for (const name of new Set([...Object.keys(old), ...Object.keys(next)])) {
    const [from, to] = [old[name], next[name]];
    if (to === undefined) {
      if (from !== undefined) changes[name] = null;
    } else if (isMap(from) && isMap(to)) {
      const inner = difference(from, to);
      if (Object.keys(inner).length > 0) changes[name] = inner;
    } else if (stableJson(from) !== stableJson(to)) {
      changes[name] = to;
    }
  }
  return changes;
}

const isMap = (value: unknown): value is object => typeof value === "object" && value !== null && !Array.isArray(value);

/** The health of the metrics that were read, and the Fallback condition that follows from it. */
export function healthAfter(object: ScaledObject, before: Status, results: readonly MetricResult[]): Status {
  const read = results.flatMap(({ metricName, health }) => (health ? [[metricName, health] as const] : []));
  if (read.length === 0) return before;
  const health = { ...before.health, ...Object.fromEntries(read) };
  const condition = fallbackCondition(object, health);
  const conditions = initializedConditions(before.conditions);
  return { ...before, health, conditions: condition ? withKedaCondition(conditions, condition) : conditions };
}

/** The same as {@link withCondition}, for a condition that is made elsewhere. */
export const withKedaCondition = (conditions: Conditions, next: KedaCondition): Conditions =>
  withCondition(
    conditions,
    next.type as ConditionType,
    next.status as "True" | "False" | "Unknown",
    next.reason ?? "",
    next.message ?? "",
  );
