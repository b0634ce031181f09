import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { externalMetric, metricQuantity, normalizeMetricName, readingOf } from "./metric.ts";

test.each([
  ["metric-api-a.b/c:d%e(f)", "metric-api-a-b-c-d-e-f-"],
  ["cron-Etc/UTC-0,30xxxx", "cron-Etc-UTC-0,30xxxx"],
  ["/.:%()input/.:%()", "------input------"],
])("%s becomes %s", (name, normal) => {
  expect(normalizeMetricName(name)).toBe(normal);
});

test.each([
  [0, "0"],
  [1, "1"],
  [0.5, "500m"],
  [2.4306, "2.431"],
  [2.5, "2.500"],
  [1234.5, "1234.500"],
  [0.0004, "0"],
  [1000, "1k"],
  [100.5, "100.500"],
  [9.3e15, "9300T"],
  [1e18, "1E"],
  [-9.3e15, "0"],
  [1e16, "10P"],
  [1e22, "10000E"],
  [-1, "0"],
  [Number.NaN, "0"],
  [Number.POSITIVE_INFINITY, "0"],
])("%d is the quantity %s", (value, quantity) => {
  expect(metricQuantity(value)).toBe(quantity);
});

test("no number that is as large as can be breaks the quantity", () => {
  fc.assert(
    fc.property(fc.double({ min: 0, noNaN: true }), (value) => {
      expect(metricQuantity(value)).toMatch(/^\d+(\.\d{3})?[mkMGTPE]?$/);
    }),
  );
});

test("a target is a value or an average", () => {
  expect(externalMetric("s0-a", "Value", 2.5)).toEqual({
    type: "External",
    external: { metric: { name: "s0-a" }, target: { type: "Value", value: "2.500" } },
  });
});

describe("a reading", () => {
  test("is active above the activation value only", () => {
    expect(readingOf("a", 5, 5).active).toBe(false);
    expect(readingOf("a", 5.1, 5).active).toBe(true);
    expect(readingOf("a", 0, -1).active).toBe(true);
  });
  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY])("refuses %d", (value) => {
    expect(() => readingOf("a", value, 0)).toThrow(`the source's value is ${value}, expected a number of 0 or more`);
  });
});
