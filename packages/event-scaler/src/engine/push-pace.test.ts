import { expect, test } from "vitest";
import { afterPush, fullPace, pushAllowedAt } from "./push-pace.ts";

/** When pushes that come at `times` (in ms) are acted on; those that come while one waits are merged with it. */
function actedOn(times: readonly number[]): number[] {
  const acted: number[] = [];
  let pace = fullPace;
  for (const time of times) {
    const last = acted.at(-1) ?? Number.NEGATIVE_INFINITY;
    if (time <= last) continue;
    const at = Math.max(time, pushAllowedAt(pace));
    acted.push(at);
    pace = afterPush(pace, at);
  }
  return acted;
}

test("pushes that come now and then are acted on at once", () => {
  const times = [0, 1_000, 1_200, 1_400, 5_000, 6_000, 6_100];
  expect(actedOn(times)).toEqual(times);
});

test("a flood is five at once, and then one a second", () => {
  const flood = Array.from({ length: 1000 }, (_, index) => index * 10);
  expect(actedOn(flood)).toEqual([
    0, 10, 20, 30, 40, 1_000, 2_000, 3_000, 4_000, 5_000, 6_000, 7_000, 8_000, 9_000, 10_000,
  ]);
});
