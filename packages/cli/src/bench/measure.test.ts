import { expect, test } from "vitest";
import { benchTable, isMet, measured } from "./measure.ts";

test("a row has the middle, the least and the most of its runs", () => {
  expect(measured("start", "s", [3, 1, 2])).toEqual({
    name: "start",
    unit: "s",
    median: 2,
    least: 1,
    most: 3,
    runs: 3,
  });
});

test("a target is kept by the median", () => {
  expect(isMet(measured("start", "s", [1, 2, 9], { atMost: 2 }))).toBe(true);
  expect(isMet(measured("events", "1/s", [1, 2, 9], { atLeast: 3 }))).toBe(false);
});

test("the table says what was missed", () => {
  const table = benchTable([measured("start", "s", [4], { atMost: 3 })]);
  expect(table).toEqual([
    "measure  median  spread  target          runs",
    "start    4 s     4 - 4   <= 3    MISSED  1",
  ]);
});
