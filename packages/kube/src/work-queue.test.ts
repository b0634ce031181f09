import fc from "fast-check";
import { expect, test } from "vitest";
import type { ObjectKey } from "./client.ts";
import { VirtualClock } from "./virtual-clock.ts";
import { createWorkQueue, type WorkQueueOptions } from "./work-queue.ts";

const key = (name: string): ObjectKey => ({ name });

function aQueue(work: WorkQueueOptions["work"], options: Partial<WorkQueueOptions> = {}) {
  const clock = new VirtualClock(0);
  return { clock, queue: createWorkQueue({ clock, work, ...options }) };
}

test("keys are worked on in the order in which they came, each once however often it was added", async () => {
  const done: string[] = [];
  const { clock, queue } = aQueue(async ({ name }) => void done.push(name));
  for (const name of ["b", "a", "b", "c", "a"]) queue.add(key(name));
  expect(queue.depth).toBe(3);
  await clock.run(0);
  expect(done).toEqual(["b", "a", "c"]);
});

test("a key that is added while it is worked on is worked on once more", async () => {
  let runs = 0;
  const { clock, queue } = aQueue(async ({ name }) => {
    if (++runs === 1) for (let times = 0; times < 3; times++) queue.add(key(name));
    return undefined;
  });
  queue.add(key("a"));
  await clock.run(0);
  expect(runs).toBe(2);
});

test("failures wait 5 ms, doubled each time up to 1000 s, and a success begins anew", async () => {
  const at: number[] = [];
  const { clock, queue } = aQueue(async () => {
    at.push(clock.now());
    if (at.length !== 20) throw new Error("no");
    return undefined;
  });
  queue.add(key("a"));
  await clock.run(3_000_000);
  const waits = at.slice(1, 20).map((instant, index) => instant - (at[index] as number));
  expect(waits.slice(0, 4)).toEqual([5, 10, 20, 40]);
  expect(waits.at(-1)).toBe(1_000_000);
  expect(at).toHaveLength(20);
  queue.add(key("a"));
  await clock.run(5);
  expect(at.slice(20).map((instant) => instant - 3_000_000)).toEqual([0, 5]);
});

test("of several instants the earliest counts, and a run in between cancels them", async () => {
  const at: number[] = [];
  const { clock, queue } = aQueue(async () => void at.push(clock.now()));
  queue.addAt(key("a"), 300);
  queue.addAt(key("a"), 100);
  queue.addAt(key("a"), 200);
  await clock.run(1000);
  expect(at).toEqual([100]);
  queue.addAt(key("a"), 1500);
  queue.add(key("a"));
  await clock.run(1000);
  expect(at).toEqual([100, 1000]);
});

test("an instant that has passed is now", async () => {
  const at: number[] = [];
  const { clock, queue } = aQueue(async () => {
    at.push(clock.now());
    return at.length === 1 ? clock.now() - 5 : undefined;
  });
  queue.add(key("a"));
  await clock.run(0);
  expect(at).toEqual([0, 0]);
});

test("a full queue refuses further keys, and says so", () => {
  const { queue } = aQueue(async () => undefined, { maxKeys: 2 });
  expect([queue.add(key("a")), queue.add(key("b")), queue.add(key("c")), queue.add(key("a"))]).toEqual([
    true,
    true,
    false,
    true,
  ]);
});

test("stopping waits for what is at work and forgets the rest", async () => {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const begun: string[] = [];
  const { clock, queue } = aQueue(({ name }) => {
    begun.push(name);
    return promise;
  });
  queue.add(key("a"));
  queue.add(key("b"));
  queue.addAt(key("c"), 10);
  await clock.run(0);
  let stopped = false;
  const stopping = queue.stop().then(() => {
    stopped = true;
  });
  await clock.run(100);
  expect([begun, stopped]).toEqual([["a"], false]);
  resolve(undefined);
  await stopping;
  expect(queue.add(key("d"))).toBe(false);
});

test("work that never waits lets time go on", async () => {
  let runs = 0;
  const { clock, queue } = aQueue(async () => {
    runs++;
    return clock.now();
  });
  let ticked = false;
  clock.after(0, () => {
    ticked = true;
    void queue.stop();
  });
  queue.add(key("a"));
  await clock.run(1);
  expect(ticked).toBe(true);
  expect(runs).toBeLessThan(1000);
});

test("no key is ever worked on twice at once, and none that was added is forgotten", async () => {
  const action = fc.record({
    name: fc.constantFrom("a", "b", "c", "d"),
    atMs: fc.nat(50),
    workMs: fc.nat(20),
    fails: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(action, { maxLength: 40 }),
      fc.integer({ min: 1, max: 3 }),
      async (actions, concurrency) => {
        const atWork = new Set<string>();
        const lastBegun = new Map<string, number>();
        const lastAdded = new Map<string, number>();
        let next = 0;
        let most = 0;
        const mistakes: string[] = [];
        const { clock, queue } = aQueue(
          async ({ name }) => {
            if (atWork.has(name)) mistakes.push(name);
            atWork.add(name);
            most = Math.max(most, atWork.size);
            lastBegun.set(name, clock.now());
            const { workMs = 0, fails = false } = actions[next++] ?? {};
            await new Promise<void>((resolve) => clock.after(workMs, resolve));
            atWork.delete(name);
            if (fails) throw new Error("no");
            return undefined;
          },
          { concurrency },
        );
        for (const { name, atMs } of actions) {
          clock.after(atMs, () => {
            lastAdded.set(name, clock.now());
            queue.add(key(name));
          });
        }
        await clock.run(100_000);
        expect(mistakes).toEqual([]);
        expect(most).toBeLessThanOrEqual(concurrency);
        for (const [name, at] of lastAdded) expect(lastBegun.get(name)).toBeGreaterThanOrEqual(at);
        expect(queue.depth).toBe(0);
      },
    ),
    { numRuns: 200 },
  );
});
