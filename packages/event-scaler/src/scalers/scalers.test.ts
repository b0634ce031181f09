import type { ScaledObject } from "@bellows/api";
import { type createClient, seededRandom, silentLogger, VirtualClock } from "@bellows/kube";
import type { Reading, Trigger, TriggerConfig } from "@bellows/triggers";
import { describe, expect, test } from "vitest";
import { Scalers } from "./scalers.ts";

const object = (generation = 1): ScaledObject => ({
  metadata: { name: "web", namespace: "shop", uid: "u", generation },
  spec: {
    scaleTargetRef: { name: "web" },
    triggers: [
      { type: "a", metadata: {} },
      { type: "b", metadata: {} },
    ],
  },
});

/** Triggers that read what they are told to, and a record of what is opened and closed. */
function harness(read: (config: TriggerConfig, opened: number) => Promise<Reading>) {
  const clock = new VirtualClock(0);
  const seams = { client: {} as ReturnType<typeof createClient>, clock, random: seededRandom(1), log: silentLogger };
  const record: string[] = [];
  let opened = 0;
  const openTrigger = (config: TriggerConfig): Trigger => {
    const number = ++opened;
    if (config.metadata["broken"]) throw new Error("no such queue");
    record.push(`open ${config.type}`);
    return {
      metricSpecs: () => [{ type: "External" }],
      read: () => read(config, number),
      close: async () => void record.push(`close ${config.type}`),
    };
  };
  const access = { authParams: {}, podIdentity: { provider: "none" as const }, resolvedEnv: {} };
  const scalers = new Scalers({ openTrigger, resolveAccess: async () => access });
  return { scalers, seams, clock, record };
}

const five = async (): Promise<Reading> => ({ values: [{ metricName: "m", value: 5 }], active: true });

test("triggers stay open from poll to poll, and are opened anew when the spec changes", async () => {
  const { scalers, seams, record } = harness(five);
  const first = await scalers.open(object(), seams);
  expect(await scalers.open(object(), seams)).toBe(first);
  await scalers.open(object(2), seams);
  await Promise.resolve();
  expect(record.filter((line) => line.startsWith("open"))).toEqual(["open a", "open b", "open a", "open b"]);
  expect(record.filter((line) => line.startsWith("close"))).toEqual(["close a", "close b"]);
});

test("one that can't be opened closes those before it, and is tried again at the next call", async () => {
  const { scalers, seams, record } = harness(five);
  const broken = object();
  const triggers: { type: string; metadata: Record<string, string> }[] = [
    { type: "a", metadata: {} },
    { type: "b", metadata: { broken: "yes" } },
  ];
  const spec = { ...(broken.spec as NonNullable<ScaledObject["spec"]>), triggers };
  await expect(scalers.open({ ...broken, spec }, seams)).rejects.toThrow("no such queue");
  await expect(scalers.open({ ...broken, spec }, seams)).rejects.toThrow("no such queue");
  expect(record).toEqual(["open a", "close a", "open a", "close a"]);
});

test("a reading that fails is tried once more by a trigger that is opened anew", async () => {
  const { scalers, seams, record } = harness((_, opened) => (opened <= 2 ? Promise.reject(new Error("401")) : five()));
  const [scaler] = await scalers.open(object(), seams);
  const reading = await scalers.read(object(), scaler as never, "m", seams);
  expect(reading.values).toEqual([{ metricName: "m", value: 5 }]);
  expect(record).toEqual(["open a", "open b", "open a", "close a"]);
});

test("what a source asks for by its stream outlives a failure, but not the spec that it was asked with", async () => {
  const { scalers, seams } = harness((_, opened) => (opened === 3 ? five() : Promise.reject(new Error("401"))));
  const streamed = [{ type: "External", external: { metric: { name: "s0-new" }, target: { type: "AverageValue" } } }];
  const [scaler] = await scalers.open(object(), seams);
  if (!scaler) throw new Error("no scaler");
  scalers.setSpecs(scaler, streamed);
  await scalers.read(object(), scaler, "m", seams);
  expect(await scalers.specsOf(scaler, seams)).toBe(streamed);

  const [next] = await scalers.open(object(2), seams);
  if (!next) throw new Error("no scaler");
  scalers.setSpecs(scaler, [...streamed, ...streamed]);
  expect(await scalers.specsOf(next, seams)).toEqual([{ type: "External" }]);
});

test("what one deleted object asked for is not its successor's", async () => {
  const { scalers, seams } = harness(five);
  const [scaler] = await scalers.open(object(), seams);
  if (!scaler) throw new Error("no scaler");
  scalers.setSpecs(scaler, []);
  const successor = { ...object(), metadata: { ...object().metadata, uid: "another" } };
  const [next] = await scalers.open(successor, seams);
  expect(await scalers.specsOf(next as never, seams)).toEqual([{ type: "External" }]);
});

test("triggers are closed once, however often they are forgotten, and opened again where they are needed", async () => {
  const { scalers, seams, record } = harness(five);
  await scalers.open(object(), seams);
  scalers.forget(object());
  scalers.forget(object());
  await Promise.resolve();
  expect(record.filter((line) => line.startsWith("close"))).toEqual(["close a", "close b"]);
  await scalers.open(object(), seams);
  expect(record.filter((line) => line.startsWith("open"))).toHaveLength(4);
});

describe("a trigger that is forgotten while it is read", () => {
  test("is closed when the reading has ended, which gets its answer", async () => {
    const answer = Promise.withResolvers<Reading>();
    const { scalers, seams, record } = harness(() => answer.promise);
    const [scaler] = await scalers.open(object(), seams);
    const reading = scalers.read(object(), scaler as never, "m", seams);
    scalers.forget(object());
    await Promise.resolve();
    // The other one is not being read.
    expect(record.filter((line) => line.startsWith("close"))).toEqual(["close b"]);
    answer.resolve(await five());
    expect((await reading).values).toEqual([{ metricName: "m", value: 5 }]);
    expect(record.filter((line) => line.startsWith("close"))).toEqual(["close b", "close a"]);
  });

  test("is not opened again where the reading fails", async () => {
    const answer = Promise.withResolvers<Reading>();
    const { scalers, seams, record } = harness(() => answer.promise);
    const [scaler] = await scalers.open(object(), seams);
    const reading = scalers.read(object(), scaler as never, "m", seams);
    scalers.forget(object());
    answer.reject(new Error("401"));
    await expect(reading).rejects.toThrow("401");
    expect(record).toEqual(["open a", "open b", "close b", "close a"]);
    await expect(scalers.read(object(), scaler as never, "m", seams)).rejects.toThrow("the trigger has been closed");
  });

  test("is closed after 15 s where its source never answers", async () => {
    const { scalers, seams, clock, record } = harness(() => new Promise(() => {}));
    const [scaler] = await scalers.open(object(), seams);
    const reading = scalers.read(object(), scaler as never, "m", seams).catch((error: Error) => error.message);
    scalers.forget(object());
    await clock.run(14_999);
    expect(record).not.toContain("close a");
    await clock.run(1);
    expect(await reading).toBe("no answer within 15 s");
    expect(record.at(-1)).toBe("close a");
  });
});

test("a source that never answers is a failed reading, after 15 s", async () => {
  const { scalers, seams, clock } = harness(() => new Promise(() => {}));
  const [scaler] = await scalers.open(object(), seams);
  let failure = "";
  scalers.read(object(), scaler as never, "m", seams).catch((error: Error) => {
    failure = error.message;
  });
  await clock.run(14_999);
  expect(failure).toBe("");
  await clock.run(1);
  expect(failure).toBe("no answer within 15 s");
});

test("a value that is no number is a failed reading", async () => {
  const { scalers, seams } = harness(async () => ({ values: [{ metricName: "m", value: Number.NaN }], active: true }));
  const [scaler] = await scalers.open(object(), seams);
  await expect(scalers.read(object(), scaler as never, "m", seams)).rejects.toThrow(
    "m: the source gave NaN, expected a number",
  );
});

test("HTTP requests are counted for the metric that is read, those before the first reading not at all", async () => {
  const counted: unknown[] = [];
  const clock = new VirtualClock(0);
  const seams = { client: {} as ReturnType<typeof createClient>, clock, random: seededRandom(1), log: silentLogger };
  let fails = true;
  const scalers = new Scalers({
    resolveAccess: async () => ({ authParams: {}, podIdentity: { provider: "none" }, resolvedEnv: {} }),
    requested: ({ object: { name }, type }, metricName, { status }) => counted.push([name, type, metricName, status]),
    openTrigger(_, { requested }) {
      requested?.({ status: 200, durationMs: 1 });
      return {
        metricSpecs: () => [{ type: "External" }],
        async read() {
          requested?.({ status: fails ? undefined : 200, durationMs: 1 });
          if (!fails) return five();
          fails = false;
          throw new Error("nobody there");
        },
        close: async () => {},
      };
    },
  });
  const [scaler] = await scalers.open(object(), seams);
  if (!scaler) throw new Error("no scaler");
  await scalers.read(object(), scaler, "s0-m", seams);
  expect(counted).toEqual([
    ["web", "a", "s0-m", undefined],
    ["web", "a", "s0-m", 200],
  ]);
});
