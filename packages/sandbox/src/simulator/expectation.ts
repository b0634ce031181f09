import type { ExpectedValue } from "./scenario.ts";

/**
 * Whether a value is as expected: equal as text, in a range `6-7`, on a side of a bound `>=3`, matching `/pattern/`,
 * `absent` or `present`.
 */
export function meets(value: unknown, expected: ExpectedValue): boolean {
  if (expected === "absent") return value === undefined || value === null;
  if (expected === "present") return value !== undefined && value !== null;
  if (typeof expected !== "string") return value === expected;
  const range = /^(-?[\d.]+)\s*-\s*(-?[\d.]+)$/.exec(expected);
  if (range && typeof value === "number") return value >= Number(range[1]) && value <= Number(range[2]);
  const bound = /^(>=|<=|>|<)\s*(-?[\d.]+)$/.exec(expected);
  if (bound) return isOnSide(Number(value), bound[1] as string, Number(bound[2]));
  const pattern = /^\/(.*)\/$/s.exec(expected);
  if (pattern) return typeof value === "string" && new RegExp(pattern[1] as string).test(value);
  return String(value) === expected;
}

function isOnSide(value: number, side: string, bound: number): boolean {
  switch (side) {
    case ">=":
      return value >= bound;
    case "<=":
      return value <= bound;
    case ">":
      return value > bound;
    default:
      return value < bound;
  }
}
