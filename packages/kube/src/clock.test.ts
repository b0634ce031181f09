import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { acceleratedClock } from "./accelerated-clock.ts";
import { type Clock, sleep, systemClock } from "./clock.ts";
import { VirtualClock } from "./virtual-clock.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test.each([
  { name: "the machine's", clock: () => systemClock, speed: 1 },
  { name: "one ten times as fast", clock: () => acceleratedClock(10), speed: 10 },
])("$name reaches further than the machine's timers do", ({ clock: make, speed }) => {
  const clock = make();
  const days = 86_400_000;
  let ran = 0;
  clock.after(720 * 3_600_000 * speed, () => ran++);
  vi.advanceTimersByTime(29 * days);
  expect(ran).toBe(0);
  vi.advanceTimersByTime(1 * days);
  expect(ran).toBe(1);
});

test("a timer that far away can be cancelled, and one at infinity never runs", () => {
  let ran = 0;
  const timer = systemClock.after(40 * 86_400_000, () => ran++);
  systemClock.after(Number.POSITIVE_INFINITY, () => ran++);
  vi.advanceTimersByTime(30 * 86_400_000);
  timer.cancel();
  vi.advanceTimersByTime(60 * 86_400_000);
  expect(ran).toBe(0);
});

test("an accelerated clock shows its time", () => {
  const clock = acceleratedClock(60);
  const startedAt = clock.now();
  vi.advanceTimersByTime(1000);
  expect(clock.now() - startedAt).toBe(60_000);
  expect(() => acceleratedClock(0)).toThrow("speed: 0, expected a number above 0");
});

test("sleeping ends when the signal aborts, and leaves no timer behind", async () => {
  const stopping = new AbortController();
  const sleeping = sleep(systemClock, 60_000, stopping.signal);
  expect(vi.getTimerCount()).toBe(1);
  stopping.abort();
  await sleeping;
  expect(vi.getTimerCount()).toBe(0);
  await sleep(new VirtualClock(0), 60_000, stopping.signal);
});

test("on a machine that stands still for a while an accelerated clock goes on where it was, and skips nothing", async () => {
  vi.useRealTimers();
  let machineNow = 0;
  let asked: { readonly at: number; readonly run: () => void } | undefined;
  const machine: Clock = {
    now: () => machineNow,
    after: (ms, run) => {
      const mine = { at: machineNow + ms, run };
      asked = mine;
      return { cancel: () => (asked = asked === mine ? undefined : asked) };
    },
  };
  const clock = acceleratedClock(20, machine);
  const beats: number[] = [];
  let silent = 0;
  const watch = () => {
    if (clock.now() - (beats.at(-1) ?? 0) > 10_000) silent++;
    clock.after(5000, watch);
  };
  const beat = () => {
    beats.push(clock.now());
    clock.after(10_000, beat);
  };
  watch();
  beat();
  machineNow = 5000;
  while (asked && asked.at <= machineNow) {
    const { run } = asked;
    asked = undefined;
    run();
    await vi.waitFor(() => expect(asked).toBeDefined(), { interval: 1, timeout: 60_000 });
  }
  expect(beats).toEqual([0, 10_000, 20_000]);
  expect(silent).toBe(0);
  expect(clock.now()).toBe(25_000);
});
