import type { KedaCondition } from "@bellows/api";

export type Conditions = KedaCondition[];
export type ConditionType = "Ready" | "Active" | "Fallback" | "Paused" | "HPAActive";

/** What a ScaledObject or ScaledJob starts with. HPAActive comes with the first look at its HPA. */
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

/** The same as {@link withCondition}, for a condition that is made elsewhere. */
export const withKedaCondition = (conditions: Conditions, next: KedaCondition): Conditions =>
  withCondition(
    conditions,
    next.type as ConditionType,
    next.status as "True" | "False" | "Unknown",
    next.reason ?? "",
    next.message ?? "",
  );

export const conditionStatus = (conditions: Conditions | undefined, type: ConditionType): string =>
  conditions?.find((one) => one.type === type)?.status ?? "Unknown";
