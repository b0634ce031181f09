import type { Outcome } from "./run-suite.ts";

export interface Run {
  readonly driver: string;
  /** Of the API server: `v1.35.4`. */
  readonly version: string;
  readonly outcomes: readonly Outcome[];
  readonly seconds: number;
}

const width = 13;

/** What came of a run, as the lines that it ends with. */
export function summary({ driver, version, outcomes, seconds }: Run): string[] {
  const row = (name: string, text: string) => `${name.padEnd(width)}${text}`;
  const count = (of: "passed" | "failed" | "skipped") => outcomes.reduce((sum, one) => sum + one[of].length, 0);
  return [
    "# summary",
    row("driver", driver),
    row("kubernetes", version),
    ...outcomes.flatMap((one) => [
      row(
        one.suite,
        `${counts(one.passed.length, one.failed.length, one.skipped.length)}, ${one.seconds.toFixed(0)} s`,
      ),
      ...one.notes.map((note) => row("", note)),
      ...one.failed.map((name) => row("", `FAIL ${name}`)),
      ...(one.flaky ?? []).map((name) => row("", `FLAKY ${name}: failed in an earlier attempt`)),
    ]),
    row("all", counts(count("passed"), count("failed"), count("skipped"))),
    row("time", `${seconds.toFixed(0)} s`),
  ];
}

const counts = (passed: number, failed: number, skipped: number): string =>
  `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
