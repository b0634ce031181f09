import { describe, expect, test } from "vitest";
import { durationMs, durationOrNeverMs, durationProblem, formatAge, formatDuration } from "./duration.ts";

test.each([
  ["0", 0, "0s"],
  ["30s", 30_000, "30s"],
  ["1h30m", 5_400_000, "1h30m0s"],
  ["720h", 2_592_000_000, "720h0m0s"],
  ["1.5s", 1500, "1.5s"],
  ["300ms", 300, "300ms"],
  ["-2m", -120_000, "-2m0s"],
  ["10us", 0.01, "10µs"],
  ["1ns", 0.000001, "1ns"],
  [".5h", 1_800_000, "30m0s"],
])("%s is %d ms and printed as %s", (text, ms, printed) => {
  expect(durationMs(text)).toBe(ms);
  expect(formatDuration(ms)).toBe(printed);
});

test.each([
  ["", 'time: invalid duration ""'],
  ["5", 'time: missing unit in duration "5"'],
  ["1d", 'time: unknown unit "d" in duration "1d"'],
  [".s", 'time: invalid duration ".s"'],
  ["1µ", 'time: unknown unit "\\xc2\\xb5" in duration "1\\xc2\\xb5"'],
  ["9999999999h", 'time: invalid duration "9999999999h"'],
])("%j is refused in Go's words", (text, message) => {
  expect(durationProblem(text)).toBe(message);
});

test("Karpenter's Never is a duration without end", () => {
  expect(durationOrNeverMs("Never")).toBe(Number.POSITIVE_INFINITY);
  expect(durationOrNeverMs("30s")).toBe(30_000);
  expect(formatDuration(Number.POSITIVE_INFINITY)).toBe("Never");
});

describe("ages are printed as kubectl prints them", () => {
  const [minute, hour, day] = [60, 3600, 86_400];
  test.each([
    [-5, "<invalid>"],
    [0, "0s"],
    [119, "119s"],
    [2 * minute, "2m"],
    [3 * minute + 12, "3m12s"],
    [10 * minute + 30, "10m"],
    [179 * minute, "179m"],
    [3 * hour, "3h"],
    [3 * hour + 5 * minute, "3h5m"],
    [9 * hour + 5 * minute, "9h"],
    [47 * hour, "47h"],
    [2 * day + 3 * hour, "2d3h"],
    [8 * day + 3 * hour, "8d"],
    [400 * day, "400d"],
    [(3 * 365 + 20) * day, "3y20d"],
    [9 * 365 * day, "9y"],
  ])("%d s is %s", (seconds, printed) => {
    expect(formatAge(seconds * 1000)).toBe(printed);
  });
});
