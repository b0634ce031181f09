import { describe, expect, test } from "vitest";
import { runAttempts, runSuite } from "./run-suite.ts";
import type { Case, Suite, SuiteContext } from "./suite.ts";

function aContext(more: Partial<SuiteContext> = {}) {
  const lines: string[] = [];
  const context = { print: (line: string) => lines.push(line), signal: new AbortController().signal, ...more };
  return { lines, context: context as unknown as SuiteContext };
}

const aSuite = (cases: readonly Case[], start?: Suite["start"]): Suite => ({
  name: "some",
  cases,
  ...(start && { start }),
});
const fails = async () => {
  throw new Error("it does not hold");
};

test("a case that fails keeps no other from running, and each is told with its outcome", async () => {
  const { lines, context } = aContext();
  const cases = [
    { name: "one", run: fails },
    { name: "two", run: async ({ note }: SuiteContext) => note("noted") },
    { name: "three", skipped: "there is no server", run: fails },
  ];
  const outcome = await runSuite(aSuite(cases), context);
  expect(outcome).toMatchObject({
    suite: "some",
    failed: ["one"],
    passed: ["two"],
    skipped: ["three"],
    notes: ["noted"],
  });
  expect(lines.join("\n")).toMatch(
    /FAIL {2}one .*\n.*it does not hold[\s\S]*ok {4}two .*\n {2}skip {2}three \(there is no server\)/,
  );
});

test("lanes run at the same time only where every case can have a control plane of its own", async () => {
  const order: string[] = [];
  const lane = (name: string): Case => ({
    name,
    lane: name,
    async run() {
      order.push(`${name} begins`);
      await new Promise((settled) => setImmediate(settled));
      order.push(`${name} ends`);
    },
  });
  const suite = aSuite([lane("a"), lane("b")]);
  await runSuite(suite, aContext().context);
  expect(order.splice(0)).toEqual(["a begins", "a ends", "b begins", "b ends"]);
  await runSuite(suite, aContext({ startControlPlane: fails }).context);
  expect(order).toEqual(["a begins", "b begins", "a ends", "b ends"]);
});

test("a suite that does not start, or does not end as it should, has failed", async () => {
  const one = { name: "one", run: async () => {} };
  expect(await runSuite(aSuite([one], fails), aContext().context)).toMatchObject({ passed: [], failed: ["start"] });
  const outcome = await runSuite(
    aSuite([one], async () => fails),
    aContext().context,
  );
  expect(outcome).toMatchObject({ passed: ["one"], failed: ["end"] });
});

describe("attempts", () => {
  /** Fails so often, then holds. */
  const failsFirst = (times: number): Suite => {
    let left = times;
    return aSuite([{ name: "one", run: async () => (left-- > 0 ? fails() : undefined) }]);
  };

  test("a suite that fails is run again in another context, and the outcome names what failed before", async () => {
    const contexts: number[] = [];
    const outcome = await runAttempts(failsFirst(1), 3, async (attempt) => {
      contexts.push(attempt);
      return aContext().context;
    });
    expect(outcome).toMatchObject({ passed: ["one"], failed: [], flaky: ["one"] });
    expect(contexts).toEqual([1, 2]);
  });

  test("one that goes on failing has failed", async () => {
    const outcome = await runAttempts(failsFirst(5), 2, async () => aContext().context);
    expect(outcome).toMatchObject({ passed: [], failed: ["one"], flaky: ["one"] });
  });

  test("a run that is to end attempts nothing more", async () => {
    const { context } = aContext({ signal: AbortSignal.abort() });
    const outcome = await runAttempts(aSuite([], fails), 2, async () => context);
    expect(outcome).toMatchObject({ failed: ["start"] });
    expect(outcome.flaky).toBeUndefined();
  });
});

test("what this machine lacks is skipped, with a line that says what", async () => {
  const { lines, context } = aContext();
  const cases = [
    { name: "with Redis", run: fails, missing: () => "redis-server is not installed" },
    { name: "with NATS", run: async () => {}, missing: () => undefined },
  ];
  expect(await runSuite(aSuite(cases), context)).toMatchObject({ passed: ["with NATS"], skipped: ["with Redis"] });
  expect(lines.join("\n")).toContain("skip  with Redis (redis-server is not installed)");
});

test("what goes wrong in clearing up does not hide what went wrong before", async () => {
  const { lines, context } = aContext();
  const run = async () => {
    await using undo = new AsyncDisposableStack();
    undo.defer(async () => {
      throw new Error("not taken away");
    });
    await fails();
  };
  await runSuite(aSuite([{ name: "one", run }]), context);
  expect(lines.join("\n")).toMatch(/it does not hold[\s\S]*and then: Error: not taken away/);
});
