import { type ApiObject, record } from "../api-object.ts";

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}

/** The Pod with one condition of its status set; the time moves only with the condition's status. */
export function withPodCondition(pod: ApiObject, condition: Condition, now: string): ApiObject {
  const status = record(pod.status);
  const conditions = (status.conditions as readonly Condition[] | undefined) ?? [];
  const before = conditions.find(({ type }) => type === condition.type);
  const lastTransitionTime = before?.status === condition.status ? before.lastTransitionTime : now;
  const next = { ...condition, ...(lastTransitionTime && { lastTransitionTime }) };
  return {
    ...pod,
    status: {
      ...status,
      conditions: before ? conditions.map((one) => (one === before ? next : one)) : [...conditions, next],
    },
  };
}

/** Whether the Pod's status says that it is ready. */
export const isPodReady = (pod: ApiObject): boolean =>
  ((record(pod.status).conditions as readonly Condition[] | undefined) ?? []).some(
    ({ type, status }) => type === "Ready" && status === "True",
  );
