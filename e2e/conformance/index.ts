import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { areas } from "./areas/index.ts";
import type { Area, Case } from "./harness/case.ts";
import { withDifferences } from "./harness/differences-section.ts";
import { differential } from "./harness/differential.ts";
import { writeRecordings } from "./harness/recording.ts";
import { referencePage } from "./harness/reference-page.ts";
import { runCases } from "./harness/run-cases.ts";
import { startSandboxTarget } from "./harness/sandbox-target.ts";
import type { Target } from "./harness/target.ts";
import { countsOf, explained, isFailure, table, verdictsOf } from "./harness/verdict.ts";

const docs = join(import.meta.dirname, "..", "..", "docs");
const page = join(docs, "reference", "conformance.md");
const differencesPage = join(docs, "differences.md");

export interface ConformanceOptions {
  readonly real: Target;
  readonly print: (line: string) => void;
  /** Writes down what the real server answered, for the tests that have none. */
  readonly record?: boolean;
  /** Only areas and cases whose names contain these. */
  readonly area?: string;
  readonly case?: string;
  /** Where generated sequences of calls begin; the same in every run, unless given. */
  readonly seed?: number;
  /** How many sequences are sent; default 150, about a minute. */
  readonly sequences?: number;
  /** How many calls each of them has; default 14. */
  readonly calls?: number;
  /** Prints the cases that took longest on the real control plane. */
  readonly times?: boolean;
  /** Ends the run after the cases that are under way. */
  readonly signal?: AbortSignal;
}

/** Runs every case on the real control plane and on the sandbox's, and says where they differ. True: nowhere unexpected. */
export async function runConformance(options: ConformanceOptions): Promise<boolean> {
  const { real, print, signal } = options;
  const only = (area: Area, one: Case) =>
    (!options.area || area.name.includes(options.area)) && (!options.case || one.name.includes(options.case));
  const began = performance.now();
  const took: { name: string; ms: number }[] = [];
  const sandbox = await startSandboxTarget();
  try {
    const [realResults, sandboxResults] = await Promise.all([
      runCases(real, areas, {
        only,
        signal,
        timed: (area, one, ms) => took.push({ name: `${area.name}: ${one.name}`, ms }),
      }),
      runCases(sandbox, areas, { only, signal }),
    ]);
    if (signal?.aborted) return false;
    const verdicts = verdictsOf(areas, realResults, sandboxResults);
    for (const verdict of verdicts.filter(isFailure)) print(explained(verdict));
    if (options.record) {
      writeRecordings(areas, realResults, real.name);
      writeFileSync(page, referencePage(areas, real.name));
      writeFileSync(differencesPage, withDifferences(readFileSync(differencesPage, "utf8"), areas));
    }
    print(table(countsOf(verdicts)));
    if (options.times)
      for (const { name, ms } of took.toSorted((a, b) => b.ms - a.ms).slice(0, 25))
        print(`${(ms / 1000).toFixed(1).padStart(6)} s  ${name}`);
    const { seed = 20_261_124, sequences = options.area || options.case ? 0 : 150 } = options;
    const parted = await differential({ real, sandbox, seed, sequences, calls: options.calls, print, signal });
    if (sequences > 0) print(`differential: ${sequences} sequences from seed ${seed}, ${parted} answered differently`);
    print(`${real.name} against the sandbox, ${Math.round((performance.now() - began) / 1000)} s`);
    return !signal?.aborted && parted === 0 && !verdicts.some(isFailure);
  } finally {
    await sandbox.stop();
  }
}
