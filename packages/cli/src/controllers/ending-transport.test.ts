import { type Transport, TransportError, type TransportRequest, VirtualClock } from "@bellows/kube";
import { describe, expect, test } from "vitest";
import { endingTransport } from "./ending-transport.ts";

const get: TransportRequest = { method: "GET", path: "/version" };
const ok = { status: 200, headers: {}, body: {} };

/** An API server that answers after `answerMs`, and a process that may be told to end. */
function world(answerMs: number) {
  const clock = new VirtualClock(0);
  const stopping = new AbortController();
  const asked: TransportRequest[] = [];
  const server: Transport = {
    request(request) {
      asked.push(request);
      return new Promise((resolve, reject) => {
        clock.after(answerMs, () => resolve(ok));
        request.signal?.addEventListener("abort", () => reject(new TransportError("aborted")));
      });
    },
    watch: () => ({ stop() {} }),
  };
  const transport = endingTransport(server, { clock, signal: stopping.signal });
  const outcomes: string[] = [];
  const ask = () =>
    void transport.request(get).then(
      () => outcomes.push(`answered at ${clock.now()}`),
      (error: Error) => outcomes.push(`${error.name} at ${clock.now()}`),
    );
  return { clock, stopping, asked, outcomes, ask };
}

describe("a process that is to end", () => {
  test("waits as long as it must for an answer until then", async () => {
    const { clock, outcomes, ask } = world(60_000);
    ask();
    await clock.run(60_000);
    expect(outcomes).toEqual(["answered at 60000"]);
  });

  test("still gets the answers of a server that gives them", async () => {
    const { clock, stopping, outcomes, ask } = world(2_000);
    ask();
    await clock.run(1_000);
    stopping.abort();
    ask();
    await clock.run(20_000);
    expect(outcomes).toEqual(["answered at 2000", "answered at 3000"]);
  });

  test("gives up what was asked before, five seconds later, and asks for nothing more", async () => {
    const { clock, stopping, asked, outcomes, ask } = world(60_000);
    ask();
    await clock.run(10_000);
    stopping.abort();
    await clock.run(5_000);
    expect(outcomes).toEqual(["TransportError at 15000"]);
    ask();
    await clock.run(0);
    expect(outcomes).toEqual(["TransportError at 15000", "TransportError at 15000"]);
    expect(asked).toHaveLength(1);
    expect(asked[0]?.signal?.aborted).toBe(true);
  });

  test("gives up what it asks only then, too", async () => {
    const { clock, stopping, outcomes, ask } = world(60_000);
    stopping.abort();
    await clock.run(1_000);
    ask();
    await clock.run(5_000);
    expect(outcomes).toEqual(["TransportError at 6000"]);
  });
});
