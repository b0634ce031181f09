/** The shape of core/v1 Taint. */
interface TaintFields {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
}

/** The shape of core/v1 Toleration. */
interface TolerationFields {
  readonly key?: string;
  readonly operator?: string;
  readonly value?: string;
  readonly effect?: string;
  readonly tolerationSeconds?: number;
}

/**
 * Whether a toleration covers a taint: an empty effect means all effects, an empty key all keys, operator Exists all
 * values; no operator means Equal. `Gt` and `Lt` compare whole numbers (the TaintTolerationComparisonOperators gate,
 * off in 1.35), and cover nothing unless `comparison` is given.
 */
export function tolerates(toleration: TolerationFields, taint: TaintFields, comparison = false): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false;
  if (toleration.key && toleration.key !== taint.key) return false;
  switch (toleration.operator ?? "") {
    case "":
    case "Equal":
      return (toleration.value ?? "") === (taint.value ?? "");
    case "Exists":
      return true;
    case "Gt":
      return comparison && compareWhole(taint.value, toleration.value, 1);
    case "Lt":
      return comparison && compareWhole(taint.value, toleration.value, -1);
    default:
      return false;
  }
}

function compareWhole(taintValue = "", tolerationValue = "", sign: 1 | -1): boolean {
  const whole = /^(0|-?[1-9]\d*)$/;
  if (!whole.test(taintValue) || !whole.test(tolerationValue)) return false;
  const [left, right] = [BigInt(taintValue), BigInt(tolerationValue)];
  return sign > 0 ? left > right : left < right;
}

export function toleratesTaint(tolerations: readonly TolerationFields[] | undefined, taint: TaintFields): boolean {
  return tolerations?.some((toleration) => tolerates(toleration, taint)) ?? false;
}

/**
 * The first taint of one of `effects` that no toleration covers; undefined where all are tolerated.
 * @param effects  what counts: the scheduler looks at NoSchedule and NoExecute
 */
export function untoleratedTaint<T extends TaintFields>(
  taints: readonly T[] | undefined,
  tolerations: readonly TolerationFields[] | undefined,
  effects: readonly string[] = ["NoSchedule", "NoExecute"],
): T | undefined {
  return taints?.find((taint) => effects.includes(taint.effect) && !toleratesTaint(tolerations, taint));
}

/**
 * How long a pod may stay on a node with these taints, in seconds: 0 when a NoExecute taint is not tolerated, Infinity
 * when all are tolerated for good, otherwise the least `tolerationSeconds` of the tolerations in use (negative as 0).
 */
export function toleratedSeconds(
  taints: readonly TaintFields[] | undefined,
  tolerations: readonly TolerationFields[] | undefined,
): number {
  let least = Number.POSITIVE_INFINITY;
  for (const taint of taints ?? []) {
    if (taint.effect !== "NoExecute") continue;
    const covering = tolerations?.filter((toleration) => tolerates(toleration, taint)) ?? [];
    if (covering.length === 0) return 0;
    for (const { tolerationSeconds } of covering) {
      if (tolerationSeconds !== undefined) least = Math.min(least, Math.max(0, tolerationSeconds));
    }
  }
  return least;
}

/** The same key and effect: what makes two taints of a node one. */
export function sameTaint(left: TaintFields, right: TaintFields): boolean {
  return left.key === right.key && left.effect === right.effect;
}

/** As kubectl prints it: `dedicated=gpu:NoSchedule`, `dedicated:NoSchedule`. */
export function formatTaint({ key, value, effect }: TaintFields): string {
  if (effect === "") return value ? `${key}=${value}:` : key;
  return value ? `${key}=${value}:${effect}` : `${key}:${effect}`;
}
