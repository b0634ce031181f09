import { silentLogger, sleep, VirtualClock } from "@bellows/kube";
import { expect, test } from "vitest";
import { pushedReadings } from "./pushed-readings.ts";
import { aTriggerConfig } from "./trigger.fixture.ts";
import type { Push } from "./trigger.ts";

function pushing(read: () => Promise<number>) {
  const clock = new VirtualClock(0);
  const pushes: Push[] = [];
  const stopping = new AbortController();
  const changed = pushedReadings(
    async () => ({ active: true, values: [{ metricName: "m", value: await read() }] }),
    { push: (push) => void pushes.push(push), metricSpecs: () => {} },
    { clock, log: silentLogger, config: aTriggerConfig("postgresql") },
    stopping.signal,
  );
  const values = () => pushes.map((push) => push.values?.[0]?.value);
  return { clock, changed, stopping, values };
}

test("the first change is read at once, many after it are read once, when the pause is over", async () => {
  let value = 0;
  const { clock, changed, values } = pushing(async () => ++value);
  changed();
  await clock.run(0);
  expect(values()).toEqual([1]);
  for (let many = 0; many < 1000; many++) changed();
  await clock.run(199);
  expect(values()).toEqual([1]);
  await clock.run(1);
  expect(values()).toEqual([1, 2]);
  await clock.run(60_000);
  expect(values()).toEqual([1, 2]);
});

test("a source that is slow to read is read a fifth of the time", async () => {
  let count = 0;
  const { clock, changed, values } = pushing(async () => {
    await sleep(clock, 1000);
    return ++count;
  });
  changed();
  await clock.run(500);
  changed();
  await clock.run(500);
  expect(values()).toEqual([1]);
  await clock.run(4999);
  expect(values()).toEqual([1]);
  await clock.run(1);
  expect(values()).toEqual([1, 2]);
});

test("a reading that fails is left to polling, and the next change is read", async () => {
  let fails = true;
  const { clock, changed, values } = pushing(async () => {
    if (fails) throw new Error("down");
    return 1;
  });
  changed();
  await clock.run(0);
  fails = false;
  changed();
  await clock.run(0);
  expect(values()).toEqual([1]);
});

test("nothing is pushed once the listener is to stop", async () => {
  const { clock, changed, values, stopping } = pushing(async () => {
    stopping.abort();
    return 1;
  });
  changed();
  changed();
  await clock.run(10_000);
  expect(values()).toEqual([]);
});
