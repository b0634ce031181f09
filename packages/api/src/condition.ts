/** The shape of `metav1.Condition`, and of the older conditions of pods, nodes and autoscalers that lack some of it. */
export interface ConditionFields {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly observedGeneration?: number;
  readonly lastTransitionTime?: string;
}

/** An instant as objects hold it: RFC 3339, whole seconds, UTC. */
export function timestamp(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}

/** An instant as Leases and Events hold it (MicroTime): RFC 3339 with six digits, UTC. */
export function microTimestamp(at: number): string {
  return `${new Date(at).toISOString().slice(0, 23)}000Z`;
}

export function condition<C extends ConditionFields>(
  conditions: readonly C[] | undefined,
  type: string,
): C | undefined {
  // A loop, not find(): it runs for every pod of a workload whenever one of them changes.
  if (conditions) for (const one of conditions) if (one.type === type) return one;
  return undefined;
}

export function isConditionTrue(conditions: readonly ConditionFields[] | undefined, type: string): boolean {
  return condition(conditions, type)?.status === "True";
}

/**
 * The conditions with `next` in the place of the one of its type, or at the end. `lastTransitionTime` moves only when
 * the status changes. Returns the same array where nothing changed, so that `===` tells whether to write.
 * @param at  the instant of the change
 */
export function setCondition<C extends ConditionFields>(
  conditions: readonly C[] | undefined,
  next: NoInfer<C>,
  at: number,
): readonly C[] {
  const list = conditions ?? [];
  const index = list.findIndex((one) => one.type === next.type);
  const before = list[index];
  const lastTransitionTime =
    before?.status === next.status && before.lastTransitionTime ? before.lastTransitionTime : timestamp(at);
  const merged: C = { ...next, lastTransitionTime };
  if (!before) return [...list, merged];
  return sameFields(before, merged) ? list : list.with(index, merged);
}

/** The conditions without that of `type`; the same array where there is none. */
export function removeCondition<C extends ConditionFields>(conditions: readonly C[], type: string): readonly C[] {
  return conditions.some((one) => one.type === type) ? conditions.filter((one) => one.type !== type) : conditions;
}

function sameFields(left: ConditionFields, right: ConditionFields): boolean {
  const keys = new Set([...Object.keys(left), ...Object.keys(right)]) as Set<keyof ConditionFields>;
  for (const key of keys) if (left[key] !== right[key]) return false;
  return true;
}
