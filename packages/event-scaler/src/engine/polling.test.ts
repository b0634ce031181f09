import fc from "fast-check";
import { expect, test } from "vitest";
import { nextPollAt, pollingIntervalMs } from "./polling.ts";

test("an object polls every 30 s unless it says otherwise", () => {
  expect(pollingIntervalMs(undefined)).toBe(30_000);
  expect(pollingIntervalMs(5)).toBe(5_000);
});

test("polls of an object are one interval apart, and none is left out", () => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 1, max: 3600 }), fc.nat(2 ** 41), (key, seconds, now) => {
      const interval = seconds * 1000;
      const first = nextPollAt(key, interval, now);
      expect(first).toBeGreaterThanOrEqual(now);
      expect(first - now).toBeLessThan(interval);
      expect(nextPollAt(key, interval, first)).toBe(first);
      expect(nextPollAt(key, interval, first + 1)).toBe(first + interval);
    }),
  );
});

test("the polls of many objects are spread evenly", () => {
  const slots = Array.from({ length: 10 }, () => 0);
  for (let index = 0; index < 10_000; index++) {
    const at = nextPollAt(`default/so-${index}`, 30_000, 0);
    slots[Math.floor(at / 3_000)] = (slots[Math.floor(at / 3_000)] ?? 0) + 1;
  }
  for (const count of slots) expect(Math.abs(count - 1_000)).toBeLessThan(150);
});
