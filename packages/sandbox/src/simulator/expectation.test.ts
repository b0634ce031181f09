import { expect, test } from "vitest";
import { meets } from "./expectation.ts";

test.each([
  [6, "6-7", true],
  [8, "6-7", false],
  [undefined, "6-7", false],
  [3, ">=3", true],
  [2, ">= 3", false],
  [undefined, ">=0", false],
  ["True", "True", true],
  [true, true, true],
  ["c6a.2xlarge", "/^c[0-9]/", true],
  [undefined, "absent", true],
  [0, "present", true],
  [4, 4, true],
  [4, "4", true],
])("%j against %j: %j", (value, expected, met) => expect(meets(value, expected)).toBe(met));
