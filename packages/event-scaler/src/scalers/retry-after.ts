import { type ControllerContext, keyText, lookAgainAt, type ObjectKey, type ReconcileResult } from "@bellows/kube";

const firstRetryMs = 1_000;
const longestRetryMs = 60_000;

/**
 * A problem may go away by itself (a target or credentials that come later): it is looked at again, ever more rarely.
 * @param failures  by key, how often in a row there was one; counted here
 */
export function retryAfter(
  key: ObjectKey,
  problem: Error | undefined,
  failures: Map<string, number>,
  { clock }: Pick<ControllerContext, "clock">,
): ReconcileResult {
  const id = keyText(key);
  if (!problem) {
    failures.delete(id);
    return;
  }
  const count = failures.get(id) ?? 0;
  failures.set(id, count + 1);
  return lookAgainAt(clock.now() + Math.min(firstRetryMs * 2 ** count, longestRetryMs));
}
