import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { areas } from "./areas/index.ts";
import { withDifferences } from "./harness/differences-section.ts";
import { readRecording } from "./harness/recording.ts";
import { referencePage } from "./harness/reference-page.ts";
import { type Results, runCases } from "./harness/run-cases.ts";
import { startSandboxTarget } from "./harness/sandbox-target.ts";
import { verdictOnRecording } from "./harness/verdict.ts";

let results: Results;
let sandbox: Awaited<ReturnType<typeof startSandboxTarget>>;

beforeAll(async () => {
  sandbox = await startSandboxTarget();
  results = await runCases(sandbox, areas, { beside: 16 });
}, 900_000);
afterAll(() => sandbox?.stop());

for (const area of areas) {
  const recording = readRecording(area.name);
  describe(area.name, () => {
    test("every case has a recorded answer of the real server", () => {
      const missing = area.cases.filter(
        ({ name, needsProgress }) => !needsProgress && !(name in (recording?.cases ?? {})),
      );
      expect(missing.map(({ name }) => name)).toEqual([]);
    });
    for (const one of area.cases) {
      const recorded = recording?.cases[one.name];
      if (recorded === undefined) continue;
      test(one.differs === undefined ? one.name : `${one.name} (known to differ)`, () => {
        const verdict = verdictOnRecording(area.name, one, recorded, results.get(area.name)?.get(one.name));
        expect({ outcome: verdict.outcome, details: one.differs === undefined ? verdict.details : [] }).toEqual({
          outcome: one.differs === undefined ? "same" : "known difference",
          details: [],
        });
      });
    }
  });
}

test("the page of differences lists the cases that are known to differ", () => {
  const page = readFileSync(join(import.meta.dirname, "..", "..", "docs", "differences.md"), "utf8");
  expect(page).toBe(withDifferences(page, areas));
});

test("the reference page is that of these cases", () => {
  const page = readFileSync(join(import.meta.dirname, "..", "..", "docs", "reference", "conformance.md"), "utf8");
  expect(page).toBe(referencePage(areas, readRecording(areas[0]?.name ?? "")?.madeFrom ?? ""));
});
