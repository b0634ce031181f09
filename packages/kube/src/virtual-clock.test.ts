import fc from "fast-check";
import { expect, test } from "vitest";
import { sleep } from "./clock.ts";
import { VirtualClock } from "./virtual-clock.ts";

test("timers fire in the order of their instants, ties in the order they were set", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ ms: fc.nat(50), cancel: fc.boolean() }), { maxLength: 50 }),
      async (timers) => {
        const clock = new VirtualClock(1000);
        const fired: string[] = [];
        const set = timers.map(({ ms }, index) => clock.after(ms, () => fired.push(`${clock.now() - 1000} ${index}`)));
        for (const [index, { cancel }] of timers.entries()) if (cancel) set[index]?.cancel();
        await clock.run(100);
        const expected = timers
          .map(({ ms, cancel }, index) => ({ ms, cancel, index }))
          .filter(({ cancel }) => !cancel)
          .sort((a, b) => a.ms - b.ms || a.index - b.index)
          .map(({ ms, index }) => `${ms} ${index}`);
        expect(fired).toEqual(expected);
        expect(clock.now()).toBe(1100);
      },
    ),
  );
});

test("everything that can settle does before time moves on", async () => {
  const clock = new VirtualClock(0);
  const at: number[] = [];
  clock.after(10, async () => {
    for (let turn = 0; turn < 1000; turn++) await undefined;
    at.push(clock.now());
    await sleep(clock, 5);
    at.push(clock.now());
  });
  clock.after(11, () => at.push(clock.now()));
  await clock.run(20);
  expect(at).toEqual([10, 11, 15]);
});

test("runs until a condition holds, or says that it will not", async () => {
  const clock = new VirtualClock(0);
  let ticks = 0;
  const tick = () => {
    ticks++;
    clock.after(1000, tick);
  };
  clock.after(1000, tick);
  expect(await clock.runUntil(() => ticks === 5)).toBe(true);
  expect(clock.now()).toBe(5000);
  expect(await clock.runUntil(() => ticks === 50, 10_000)).toBe(false);
  expect(clock.now()).toBe(10_000);
});

test("timers that are set anew again and again do not fill the memory", async () => {
  const clock = new VirtualClock(0);
  let fired = 0;
  let timer = clock.after(2_592_000_000, () => fired++);
  for (let times = 0; times < 100_000; times++) {
    timer.cancel();
    timer = clock.after(2_592_000_000, () => fired++);
  }
  expect(clock.pending).toBeLessThan(3000);
  await clock.run(2_592_000_000);
  expect(fired).toBe(1);
  timer.cancel();
  expect(clock.pending).toBe(0);
});
