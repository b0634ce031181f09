import { VirtualClock } from "@bellows/kube";
import { expect, test } from "vitest";
import { paced } from "./paced.ts";

test("the first value is handed on at once, and then the last of each pause", async () => {
  const clock = new VirtualClock(0);
  const stopping = new AbortController();
  const told: number[] = [];
  const tell = paced<number>((value) => void told.push(value), 1000, clock, stopping.signal);
  for (const value of [1, 2, 3]) tell(value);
  expect(told).toEqual([1]);
  await clock.run(999);
  tell(4);
  await clock.run(1);
  expect(told).toEqual([1, 4]);
  tell(5);
  await clock.run(1000);
  expect(told).toEqual([1, 4, 5]);
  await clock.run(5000);
  tell(6);
  expect(told).toEqual([1, 4, 5, 6]);
  tell(7);
  stopping.abort();
  await clock.run(5000);
  expect(told).toEqual([1, 4, 5, 6]);
});
