import type { JobSpec } from "@bellows/api";
import type { FieldErrors } from "./field-errors.ts";

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
    const counted = countIndexes(succeededIndexes, completions);
    if (typeof counted === "number") total = counted;
    else errors.invalid(at, succeededIndexes, `error parsing succeededIndexes: ${counted.problem}`);
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

/** How many indexes a text like `0-2,5` names, or why it is none. */
function countIndexes(text: string, completions: number): number | { problem: string } {
  if (text === "") return 0;
  let last: number | undefined;
  let total = 0;
  for (const fragment of text.split(",")) {
    const parts = fragment.split("-");
    if (parts.length > 2)
      return {
        problem: `the fragment ${JSON.stringify(fragment)} violates the requirement that an index interval can have at most two parts separated by '-'`,
      };
    for (const part of parts) {
      if (!/^\d+$/.test(part))
        return { problem: `cannot convert string to integer for index: ${JSON.stringify(part)}` };
      if (Number(part) >= completions) return { problem: `too large index: ${JSON.stringify(part)}` };
    }
    const [first = 0, end = first] = parts.map(Number);
    const disorder = (previous: number, current: number) => ({
      problem: `non-increasing order, previous: ${previous}, current: ${current}`,
    });
    if (parts.length === 2 && first >= end) return disorder(first, end);
    if (last !== undefined && last >= first) return disorder(last, first);
    total += end - first + 1;
    last = end;
  }
  return total;
}
