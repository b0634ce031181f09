import fc from "fast-check";
import { expect, test } from "vitest";
import { compareResourceVersions } from "./resource-version.ts";

test("versions are ordered as the numbers they are, also beyond 2^53", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n }), fc.bigInt({ min: 0n, max: 2n ** 64n }), (a, b) => {
      expect(Math.sign(compareResourceVersions(String(a), String(b)))).toBe(a < b ? -1 : a > b ? 1 : 0);
    }),
  );
});

test("no version is before all", () => {
  expect(compareResourceVersions("", "0")).toBeLessThan(0);
});
