import { ApiError, seededRandom, silentLogger, TransportError, VirtualClock } from "@bellows/kube";
import { describe, expect, test } from "vitest";
import { untilAnswered } from "./until-answered.ts";

const noAnswer = new TransportError("GET /: connect ECONNREFUSED");

/** Tries that end as `outcomes` say, in turn. */
function world(...outcomes: (Error | string)[]) {
  const clock = new VirtualClock(0);
  const parts = { clock, random: seededRandom(1), log: silentLogger };
  const signals: AbortSignal[] = [];
  const stopping = new AbortController();
  const result = untilAnswered(parts, stopping.signal, (signal) => {
    signals.push(signal);
    const outcome = outcomes[signals.length - 1] as Error | string;
    if (outcome instanceof Error) throw outcome;
    return outcome;
  });
  return { clock, result, signals, stopping };
}

describe("what needs the API server to begin", () => {
  test("is tried again until it is answered and let in, later each time", async () => {
    const { clock, result, signals } = world(noAnswer, new ApiError(403, { message: "no" }), "begun");
    await clock.run(1_200);
    expect(signals).toHaveLength(2);
    await clock.run(2_400);
    expect(await result).toBe("begun");
  });

  test("leaves nothing of a try that failed", async () => {
    const { clock, result, signals } = world(noAnswer, "begun");
    await clock.run(1_200);
    await result;
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
  });

  test("ends on any other fault, which no waiting mends", async () => {
    await expect(world(new Error("the port is taken")).result).rejects.toThrow("the port is taken");
  });

  test("waits no more where the process is to end", async () => {
    const { clock, result, stopping } = world(noAnswer, "begun");
    await clock.run(500);
    stopping.abort();
    expect(await result).toBeUndefined();
  });
});
