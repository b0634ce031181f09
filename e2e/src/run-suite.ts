import type { Case, Suite, SuiteContext } from "./suite.ts";

/** What came of a suite. */
export interface Outcome {
  readonly suite: string;
  readonly passed: readonly string[];
  readonly failed: readonly string[];
  readonly skipped: readonly string[];
  /** What failed in an attempt before the one that the rest is of. */
  readonly flaky?: readonly string[];
  /** What its cases counted: `conformance: 1040 the same`. */
  readonly notes: readonly string[];
  readonly seconds: number;
}

function textOf(error: unknown): string {
  // What went wrong in a case, and then in clearing up after it.
  if (error instanceof SuppressedError) return `${textOf(error.suppressed)}\nand then: ${textOf(error.error)}`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Runs the cases of a suite, lane by lane; a case that fails does not keep the others from running. */
export async function runSuite({ name, cases, start }: Suite, context: SuiteContext): Promise<Outcome> {
  const { print, signal } = context;
  print(`\n# ${name}`);
  const outcome = { suite: name, passed: [] as string[], failed: [] as string[], skipped: [] as string[] };
  const notes: string[] = [];
  const began = performance.now();
  const since = (from: number) => (performance.now() - from) / 1000;
  const runs = async (one: Case) => {
    const why = one.skipped ?? one.missing?.();
    if (why !== undefined) {
      outcome.skipped.push(one.name);
      print(`  skip  ${one.name} (${why})`);
      return;
    }
    const from = performance.now();
    const failure = await one.run({ ...context, note: (text) => notes.push(text) }).then(() => undefined, textOf);
    (failure === undefined ? outcome.passed : outcome.failed).push(one.name);
    print(`  ${failure === undefined ? "ok  " : "FAIL"}  ${one.name} (${since(from).toFixed(1)} s)`);
    if (failure !== undefined) print(failure.replaceAll(/^/gm, "        "));
  };
  let finish: (() => Promise<void>) | undefined;
  try {
    finish = await start?.(context);
    const lanes = Map.groupBy(cases, ({ lane = "" }) => (context.startControlPlane ? lane : ""));
    await Promise.all(
      [...lanes.values()].map(async (lane) => {
        for (const one of lane) if (!signal.aborted) await runs(one);
      }),
    );
  } catch (error) {
    outcome.failed.push("start");
    print(`  FAIL  ${name} did not start: ${textOf(error)}`);
  } finally {
    await finish?.().catch((error: unknown) => {
      outcome.failed.push("end");
      print(`  FAIL  ${name} did not end as it should: ${textOf(error)}`);
    });
  }
  return { ...outcome, notes, seconds: since(began) };
}

/**
 * Runs a suite as often as `attempts` until nothing of it fails, each time in a context of its own. What failed before is
 * named in the outcome, so that an attempt which passes hides nothing.
 */
export async function runAttempts(
  suite: Suite,
  attempts: number,
  contextOf: (attempt: number) => Promise<SuiteContext>,
): Promise<Outcome> {
  const flaky: string[] = [];
  for (let attempt = 1; ; attempt++) {
    const context = await contextOf(attempt);
    const outcome = await runSuite(suite, context);
    if (outcome.failed.length === 0 || attempt >= attempts || context.signal.aborted) {
      return flaky.length > 0 ? { ...outcome, flaky } : outcome;
    }
    flaky.push(...outcome.failed);
    context.print(`  ${suite.name} is run again: ${outcome.failed.length} failed in attempt ${attempt} of ${attempts}`);
  }
}
