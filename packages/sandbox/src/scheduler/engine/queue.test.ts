import { describe, expect, test } from "vitest";
import { pod } from "./cluster.fixture.ts";
import { SchedulingQueue } from "./queue.ts";

const named = (name: string, priority = 0) => pod(name, { spec: { priority } });
const uid = (name: string) => `default/${name}`;
const order = (queue: SchedulingQueue, now: number) => {
  const names: string[] = [];
  for (let next = queue.pop(now); next; next = queue.pop(now)) names.push(next.pod.pod.metadata.name);
  return names;
};

describe("the scheduling queue", () => {
  test("gives pods by priority, then by age", () => {
    const queue = new SchedulingQueue();
    queue.set(named("old"), 0);
    queue.set(named("new"), 5);
    queue.set(named("urgent", 9), 9);
    expect(order(queue, 10)).toEqual(["urgent", "old", "new"]);
  });

  test("holds a rejected pod until something may help, and a second at the least", () => {
    const queue = new SchedulingQueue();
    queue.set(named("p"), 0);
    queue.pop(0);
    queue.rejected(uid("p"), new Set(["NodeResourcesFit"]), 0);
    queue.wake(() => false, 500);
    expect(queue.nextAt()).toBe(300_000);
    queue.wake(({ plugins }) => plugins.has("NodeResourcesFit"), 500);
    expect(queue.nextAt()).toBe(1_000);
    expect(order(queue, 999)).toEqual([]);
    expect(order(queue, 1_000)).toEqual(["p"]);
  });

  test("wakes at once what was rejected longer ago", () => {
    const queue = new SchedulingQueue();
    queue.set(named("p"), 0);
    queue.pop(0);
    queue.rejected(uid("p"), new Set(), 0);
    queue.wake(() => true, 5_000);
    expect(order(queue, 5_000)).toEqual(["p"]);
  });

  test("tries again after five minutes, whatever happens", () => {
    const queue = new SchedulingQueue();
    queue.set(named("p"), 0);
    queue.pop(0);
    queue.rejected(uid("p"), new Set(), 0);
    expect(order(queue, 299_999)).toEqual([]);
    expect(order(queue, 300_000)).toEqual(["p"]);
  });

  test("backs off after faults, twice as long each time, at most ten seconds", () => {
    const queue = new SchedulingQueue();
    queue.set(named("p"), 0);
    const waits: number[] = [];
    for (let now = 0, round = 0; round < 6; round++) {
      queue.pop(now);
      queue.failed(uid("p"), now);
      const next = queue.nextAt() as number;
      waits.push(next - now);
      now = next;
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
  });

  test("forgets what is deleted, and what is scheduled is not given twice", () => {
    const queue = new SchedulingQueue();
    queue.set(named("p"), 0);
    queue.set(named("q"), 0);
    queue.delete(uid("p"));
    queue.pop(0);
    queue.set(named("q"), 1);
    expect(order(queue, 1_000_000)).toEqual([]);
    expect(queue.size).toBe(1);
  });
});
