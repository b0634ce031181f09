import { expect, test } from "vitest";
import { HandoverClock } from "./handover-clock.ts";
import { VirtualClock } from "./virtual-clock.ts";

test("timers that are left move to the live clock and keep their instants and their order", async () => {
  const clock = new HandoverClock(0);
  const live = new VirtualClock(10_000);
  const fired: string[] = [];
  clock.after(5_000, () => fired.push(`past at ${clock.now()}`));
  clock.after(12_000, () => fired.push(`later at ${clock.now()}`));
  clock.after(11_000, () => fired.push(`soon at ${clock.now()}`));
  const never = clock.after(11_500, () => fired.push("cancelled"));
  await clock.virtual.run(10_000);
  clock.goLive(live);
  never.cancel();
  clock.after(500, () => fired.push(`new at ${clock.now()}`));
  await live.run(5_000);
  expect(fired).toEqual(["past at 5000", "new at 10500", "soon at 11000", "later at 12000"]);
});
