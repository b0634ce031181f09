import type { JobSpec } from "@bellows/api";
import type { FieldErrors } from "./field-errors.ts";
import { parseIndexList } from "./index-list.ts";

type SuccessPolicyRule = NonNullable<JobSpec["successPolicy"]>["rules"][number];

const maxRules = 20;
const maxIndexesLength = 64 * 1024;

/** The successPolicy of an Indexed Job. */
export function validateSuccessPolicy(
  errors: FieldErrors,
  { successPolicy, completions }: JobSpec,
  path: string,
): void {
  const rules = successPolicy?.rules ?? [];
  if (rules.length === 0)
    errors.required(`${path}.rules`, "at least one rules must be specified when the successPolicy is specified");
  if (rules.length > maxRules) errors.tooMany(`${path}.rules`, rules.length, maxRules);
  for (const [position, rule] of rules.entries())
    validateRule(errors, rule, completions ?? 0, `${path}.rules[${position}]`);
}

function validateRule(
  errors: FieldErrors,
  { succeededIndexes, succeededCount }: SuccessPolicyRule,
  completions: number,
  path: string,
): void {
  if (succeededCount === undefined && succeededIndexes === undefined)
    errors.required(path, "at least one of succeededCount or succeededIndexes must be specified");
  let total = 0;
  if (succeededIndexes !== undefined) {
    const at = `${path}.succeededIndexes`;
    if (succeededIndexes.length > maxIndexesLength) errors.tooLong(at, maxIndexesLength);
    const parsed = parseIndexList(succeededIndexes, completions);
    if ("problem" in parsed) errors.invalid(at, succeededIndexes, `error parsing succeededIndexes: ${parsed.problem}`);
    else total = parsed.reduce((sum, [first, last]) => sum + last - first + 1, 0);
  }
  if (succeededCount === undefined) return;
  const at = `${path}.succeededCount`;
  const tooMany = (most: number, what: string) =>
    errors.invalid(at, succeededCount, `must be less than or equal to ${most} (the number of ${what})`);
  errors.nonNegative(at, succeededCount);
  if (succeededCount > completions) tooMany(completions, "specified completions");
  if (succeededIndexes !== undefined && succeededCount > total)
    tooMany(total, "indexes in the specified succeededIndexes field");
}
