import { expect, test } from "vitest";
import { parsePartitionLimitation } from "./kafka-partition-limitation.ts";

test.each([
  ["1", [1]],
  ["1,2,3,4", [1, 2, 3, 4]],
  [" 1 , 2 , 3 ", [1, 2, 3]],
  ["1-4", [1, 2, 3, 4]],
  ["3-3", [3]],
  [" 1 - 4 ", [1, 2, 3, 4]],
  ["1-4,8,10-12", [1, 2, 3, 4, 8, 10, 11, 12]],
  ["5-3", []],
])("%j stands for partitions", (source, partitions) => {
  expect(parsePartitionLimitation(source)).toEqual(new Set(partitions));
});

test.each([
  ["a,b,c", "invalid partition limitation: a"],
  ["1,", "invalid partition limitation: "],
  ["1.5", "invalid partition limitation: 1.5"],
  ["2147483648", "invalid partition limitation: 2147483648"],
  ["1-2-3", "invalid partition limitation range: 1-2-3"],
  ["-1", "invalid partition limitation: -1"],
  ["a-3", "invalid partition limitation: a-3"],
  ["1-b", "invalid partition limitation: 1-b"],
  ["0-2000000000", "invalid partition limitation: 0-2000000000"],
])("%j stands for none", (source, problem) => {
  expect(parsePartitionLimitation(source)).toBe(problem);
});
