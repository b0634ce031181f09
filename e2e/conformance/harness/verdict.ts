import type { Area, Case } from "./case.ts";
import type { Json } from "./conversation.ts";
import { differences } from "./difference.ts";
import { recordable } from "./recording.ts";
import { brokeStep, type Results } from "./run-cases.ts";

export interface Verdict {
  readonly area: string;
  readonly case: Case;
  readonly outcome: "same" | "known difference" | "different" | "no longer different";
  readonly details: readonly string[];
}

/** Compares what both servers said, case by case. */
export function verdictsOf(areas: readonly Area[], real: Results, sandbox: Results): Verdict[] {
  return areas.flatMap((area) =>
    area.cases.flatMap((one): Verdict[] => {
      const answers = [real.get(area.name)?.get(one.name), sandbox.get(area.name)?.get(one.name)];
      if (answers.some((answer) => answer === undefined)) return [];
      return [judged(area.name, one, [...problemsOf(answers[0]), ...differences(answers[0], answers[1])])];
    }),
  );
}

/** A case that the real server breaks, or in which it is waited for in vain, shows nothing, though the sandbox does so too. */
const problemsOf = (real: Json): string[] =>
  real
    .filter(({ step, shown }: Json) => step === brokeStep || shown?.waitedInVain !== undefined)
    .map(({ step, shown }: Json) => `on the real server, ${step}: ${JSON.stringify(shown)}`.slice(0, 600));

/** Compares what the sandbox said with what was recorded of the real server. */
export function verdictOnRecording(area: string, one: Case, recorded: unknown, answers: unknown): Verdict {
  const here = recordable(answers);
  const hashed = (value: unknown) => typeof value === "object" && value !== null && "sha256" in value;
  const details =
    JSON.stringify(recorded) === JSON.stringify(here) ? [] : differences(recorded, hashed(recorded) ? here : answers);
  return judged(area, one, details);
}

function judged(area: string, one: Case, details: readonly string[]): Verdict {
  const same = details.length === 0;
  if (one.differs === undefined) return { area, case: one, outcome: same ? "same" : "different", details };
  return { area, case: one, outcome: same ? "no longer different" : "known difference", details };
}

export const isFailure = ({ outcome }: Verdict): boolean =>
  outcome === "different" || outcome === "no longer different";

/** `area: case`, and where the answers part. */
export function explained({ area, case: one, outcome, details }: Verdict): string {
  if (outcome === "no longer different")
    return `✗ ${area}: ${one.name}\n    both answer alike now: remove its \`differs\` (${one.differs})`;
  return `✗ ${area}: ${one.name}\n${details.map((line) => `    ${line}`).join("\n")}`;
}

export interface AreaCount {
  readonly area: string;
  readonly cases: number;
  readonly same: number;
  readonly known: number;
  readonly different: number;
}

export function countsOf(verdicts: readonly Verdict[]): AreaCount[] {
  return [...new Set(verdicts.map(({ area }) => area))].map((area) => {
    const mine = verdicts.filter((verdict) => verdict.area === area);
    const of = (...outcomes: Verdict["outcome"][]) => mine.filter(({ outcome }) => outcomes.includes(outcome)).length;
    return {
      area,
      cases: mine.length,
      same: of("same"),
      known: of("known difference"),
      different: mine.filter(isFailure).length,
    };
  });
}

export function table(counts: readonly AreaCount[]): string {
  const total = counts.reduce(
    (sum, { cases, same, known, different }) => ({
      area: "all",
      cases: sum.cases + cases,
      same: sum.same + same,
      known: sum.known + known,
      different: sum.different + different,
    }),
    { area: "all", cases: 0, same: 0, known: 0, different: 0 },
  );
  const row = (cells: readonly (string | number)[]) => `| ${cells.join(" | ")} |`;
  return [
    row(["area", "cases", "same", "known differences", "different"]),
    row(["---", "--:", "--:", "--:", "--:"]),
    ...[...counts, total].map(({ area, cases, same, known, different }) => row([area, cases, same, known, different])),
  ].join("\n");
}
