import type { FieldErrors } from "./field-errors.ts";
import { percentProblems } from "./formats.ts";

/** A count that is not negative, or a percentage. */
export function validateIntOrPercent(errors: FieldErrors, value: number | string | undefined, path: string): void {
  if (typeof value === "string") errors.invalidEach(path, value, percentProblems(value));
  else errors.nonNegative(path, value);
}

export function validateAtMost100Percent(errors: FieldErrors, value: number | string | undefined, path: string): void {
  if (typeof value === "string" && percentProblems(value).length === 0 && Number.parseInt(value, 10) > 100)
    errors.invalid(path, value, "must not be greater than 100%");
}

/** The number, or the number in front of the percent sign. */
export const magnitude = (value: number | string | undefined): number =>
  typeof value === "string" ? (percentProblems(value).length ? 0 : Number.parseInt(value, 10)) : (value ?? 0);
