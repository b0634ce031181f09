import { seededRandom, silentLogger, VirtualClock } from "@bellows/kube";
import type { PushHandler } from "@bellows/triggers";
import { expect, test } from "vitest";
import type { Scaler } from "../scalers/index.ts";
import { listenToSources } from "./streams.ts";

const second = 1_000;

/** The seconds at which a stream is opened that goes on like this each time. */
async function openedAt(runs: (handler: PushHandler) => Promise<void>, forMs: number): Promise<number[]> {
  const clock = new VirtualClock(0);
  const opened: number[] = [];
  const listen = async (handler: PushHandler) => {
    opened.push(Math.floor(clock.now() / second));
    await runs(handler);
  };
  const scaler = { declared: { type: "x" }, trigger: { listen } } as unknown as Scaler;
  const ending = new AbortController();
  const listener = {
    kind: "ScaledObject" as const,
    key: { namespace: "shop", name: "web" },
    handler: () => ({ push() {}, metricSpecs() {} }),
    ending: ending.signal,
  };
  const random = { ...seededRandom(1), next: () => 0 };
  const { signal } = new AbortController();
  listenToSources([scaler], listener, { clock, random, log: silentLogger, signal });
  await clock.run(forMs);
  const before = opened.length;
  ending.abort();
  await clock.run(300 * second);
  expect(opened).toHaveLength(before);
  return opened;
}

test("a stream that breaks before it tells anything is opened again ever later", async () => {
  const breaks = async () => Promise.reject(new Error("refused"));
  expect(await openedAt(breaks, 250 * second)).toEqual([0, 1, 3, 7, 15, 31, 63, 123, 183, 243]);
});

test.each<[string, (handler: PushHandler) => Promise<void>]>([
  ["ends", async () => {}],
  [
    "breaks after it has told of activity",
    async (handler) => {
      handler.push({ active: true });
      throw new Error("reset");
    },
  ],
  [
    "breaks after it has told of targets",
    async (handler) => {
      handler.metricSpecs([]);
      throw new Error("reset");
    },
  ],
])("a stream that %s is opened again after the shortest wait", async (_, runs) => {
  expect(await openedAt(runs, 5 * second)).toEqual([0, 1, 2, 3, 4, 5]);
});
