import fc from "fast-check";
import { expect, test } from "vitest";
import { sameJson } from "./same-json.ts";
import { stableJson } from "./stable-hash.ts";

test("values are the same where their stable texts are", () => {
  const small = fc.jsonValue({ maxDepth: 3 });
  fc.assert(
    fc.property(small, small, (a, b) => sameJson(a, b) === (stableJson(a) === stableJson(b))),
    { numRuns: 500 },
  );
  fc.assert(fc.property(small, (value) => sameJson(value, JSON.parse(stableJson(value)))));
});

test.each([
  [{ a: 1, b: undefined }, { a: 1 }, true],
  [{ a: 1, b: null }, { a: 1 }, false],
  [{ a: 1, b: 2 }, { b: 2, a: 1 }, true],
  [[1, 2], [2, 1], false],
  [[], {}, false],
  ["1", 1, false],
])("%j and %j: %s", (a, b, same) => {
  expect(sameJson(a, b)).toBe(same);
  expect(sameJson(b, a)).toBe(same);
});
