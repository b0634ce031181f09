import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  bytesOf,
  canonicalQuantity,
  compareQuantities,
  formatBytes,
  formatMilli,
  milliOf,
  Quantity,
  quantityProblem,
  sumQuantities,
} from "./quantity.ts";

describe("prints the canonical form that Kubernetes prints", () => {
  test.each([
    ["0", "0"],
    ["0Gi", "0"],
    ["-0", "0"],
    ["1", "1"],
    ["0.1", "100m"],
    [".5", "500m"],
    ["5.", "5."],
    ["1.5", "1500m"],
    ["1.5Gi", "1536Mi"],
    ["0.5Mi", "512Ki"],
    ["0.0001Gi", "107374182400u"],
    ["1024", "1024"],
    ["1024Ki", "1Mi"],
    ["1025Ki", "1025Ki"],
    ["512Ki", "512Ki"],
    ["0.5Ki", "512"],
    ["0.0001Ki", "102400u"],
    ["1000m", "1"],
    ["1500m", "1500m"],
    ["1000Mi", "1000Mi"],
    ["1000M", "1G"],
    ["1000k", "1M"],
    ["12e6", "12e6"],
    ["12E6", "12E6"],
    ["12000e3", "12e6"],
    ["1e2", "100"],
    ["1.5e3", "1500"],
    ["1e-12", "1e-9"],
    ["0.1n", "1n"],
    ["0.5u", "500n"],
    ["-0.1n", "-1n"],
    ["-1.5Gi", "-1536Mi"],
    ["9Ei", "9223372036854775807"],
    ["8Ei", "9223372036854775807"],
    ["7Ei", "7Ei"],
    ["1E", "1E"],
    ["1Ei", "1Ei"],
    ["262144k", "262144k"],
    ["1.500", "1.500"],
    ["007", "007"],
    ["+5", "+5"],
    ["100E", "100E"],
    ["1000E", "1000E"],
    ["  2Gi ", "2Gi"],
    ["k", "0"],
  ])("%s is printed as %s", (text, expected) => {
    expect(canonicalQuantity(text)).toBe(expected);
  });
  test("a bare number is read by its digits", () => {
    expect(canonicalQuantity(0.25)).toBe("250m");
    expect(canonicalQuantity(3)).toBe("3");
  });
});

describe("refuses what Kubernetes refuses, in its words", () => {
  const format = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
  test.each([
    ["", format],
    ["1 Gi", format],
    ["one", format],
    ["1.2.3", format],
    ["1Gb", format],
    ["--1", "unable to parse quantity's suffix"],
    ["1,5", format],
    ["NaN", format],
    ["1gi", format],
    ["1K", "unable to parse quantity's suffix"],
    ["1mi", "unable to parse quantity's suffix"],
    ["1e", "unable to parse quantity's suffix"],
    ["1Kii", "unable to parse quantity's suffix"],
    ["1e99999999999999999999", "unable to parse quantity's suffix"],
    ["5+3", "unable to parse quantity's suffix"],
    [".Ei", "unable to parse numeric part of quantity"],
  ])("%j", (text, message) => {
    expect(quantityProblem(text)).toBe(message);
  });
});

test("rounds up to whole millis and bytes", () => {
  expect(milliOf("100m")).toBe(100);
  expect(milliOf("0.0001")).toBe(1);
  expect(milliOf("2")).toBe(2000);
  expect(milliOf("1n")).toBe(1);
  expect(bytesOf("1.5Gi")).toBe(1536 * 2 ** 20);
  expect(bytesOf("100m")).toBe(1);
  expect(bytesOf("128974848")).toBe(128_974_848);
  expect(milliOf("-1500u")).toBe(-2);
});

test("adds in the format of the first that is not zero", () => {
  expect(sumQuantities([])).toBe("0");
  expect(sumQuantities(["0", "1Gi", "512Mi"])).toBe("1536Mi");
  expect(sumQuantities(["100m", "0.9"])).toBe("1");
  expect(sumQuantities(["1Gi", "1M"])).toBe("1074741824");
  expect(Quantity.parse("1Gi").sub(Quantity.parse("1Mi")).toString()).toBe("1023Mi");
});

test("scales by a fraction, rounding up to a nano", () => {
  expect(Quantity.parse("1").scale(1, 3).toString()).toBe("333333334n");
  expect(Quantity.parse("100m").scale(3).toString()).toBe("300m");
  expect(Quantity.parse("1Gi").scale(3, 2).toString()).toBe("1536Mi");
});

test("formats millis and bytes", () => {
  expect(formatMilli(1500)).toBe("1500m");
  expect(formatMilli(2000)).toBe("2");
  expect(formatBytes(1536 * 2 ** 20)).toBe("1536Mi");
  expect(formatBytes(1000)).toBe("1k"); // below 1024 there is no binary suffix
});

test("stays within bounds for absurd exponents", () => {
  expect(compareQuantities("1e2000000000", "1Ei")).toBeGreaterThan(0);
  expect(compareQuantities("-1e2000000000", "1Ei")).toBeLessThan(0);
  expect(milliOf("1e2000000000")).toBe(Number.POSITIVE_INFINITY);
  expect(milliOf("1e-2000000000")).toBe(1);
});

describe("whatever the quantity", () => {
  const suffix = fc.constantFrom(
    "",
    "n",
    "u",
    "m",
    "k",
    "M",
    "G",
    "T",
    "P",
    "Ki",
    "Mi",
    "Gi",
    "Ti",
    "Pi",
    "e3",
    "E-3",
    "e12",
  );
  const anyText = fc
    .tuple(
      fc.constantFrom("", "-"),
      fc.nat({ max: 999_999 }),
      fc.option(fc.nat({ max: 9999 }), { nil: undefined }),
      suffix,
    )
    .map(([sign, whole, fraction, end]) => `${sign}${whole}${fraction === undefined ? "" : `.${fraction}`}${end}`);

  test("printing and reading again gives the same amount and text", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const first = Quantity.parse(text);
        const again = Quantity.parse(first.toString());
        expect(again.equals(first)).toBe(true);
        expect(again.toString()).toBe(first.toString());
      }),
    );
  });

  test("sums and differences are exact", () => {
    fc.assert(
      fc.property(anyText, anyText, (left, right) => {
        const [a, b] = [Quantity.parse(left), Quantity.parse(right)];
        expect(a.add(b).sub(b).equals(a)).toBe(true);
        expect(a.add(b).equals(b.add(a))).toBe(true);
      }),
    );
  });

  test("order is total and agrees with subtraction", () => {
    fc.assert(
      fc.property(anyText, anyText, (left, right) => {
        const [a, b] = [Quantity.parse(left), Quantity.parse(right)];
        expect(Math.sign(a.compare(b))).toBe(a.sub(b).sign);
        expect(a.min(b).compare(a.max(b))).toBeLessThanOrEqual(0);
      }),
    );
  });

  test("whole units are the least integer that is large enough", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const quantity = Quantity.parse(text);
        const units = Quantity.of(quantity.scaled(0));
        const gap = quantity.sign < 0 ? quantity.sub(units) : units.sub(quantity);
        expect(gap.sign).toBeGreaterThanOrEqual(0);
        expect(gap.compare(Quantity.of(1))).toBeLessThan(0);
      }),
    );
  });
});
