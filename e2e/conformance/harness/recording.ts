import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Area } from "./case.ts";
import type { Json } from "./conversation.ts";
import type { Results } from "./run-cases.ts";

const folder = join(import.meta.dirname, "..", "recorded");
const command = "node e2e/conformance/run.ts --record";

/** Answers longer than this are kept as a hash: the real server is there to show them. */
const longestKept = 1_500;

const hashOf = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 24);

/** What is compared with a recording: the answers themselves, or a hash of many. */
export const recordable = (answers: Json): Json => {
  const text = JSON.stringify(answers);
  return text.length <= longestKept ? answers : { sha256: hashOf(text) };
};

interface Recording {
  readonly madeFrom: string;
  readonly cases: Readonly<Record<string, Json>>;
}

const fileOf = (area: string) => join(folder, `${area.replaceAll(" ", "-")}.generated.json`);

/** The recorded answers of the real server to an area's cases; undefined where there are none. */
export function readRecording(area: string): Recording | undefined {
  if (!existsSync(fileOf(area))) return undefined;
  return JSON.parse(readFileSync(fileOf(area), "utf8")) as Recording;
}

/** Writes one line a case, so that a change shows as one. */
export function writeRecordings(areas: readonly Area[], real: Results, version: string): void {
  mkdirSync(folder, { recursive: true });
  for (const { name, cases } of areas) {
    const answers = real.get(name);
    if (!answers || answers.size === 0) continue;
    const before = readRecording(name)?.cases ?? {};
    const lines = cases.flatMap((one) => {
      const answer = answers.has(one.name) ? recordable(answers.get(one.name)) : before[one.name];
      return answer === undefined ? [] : [`    ${JSON.stringify(one.name)}: ${JSON.stringify(answer)}`];
    });
    const head = [
      `  "generatedBy": ${JSON.stringify(command)}`,
      `  "madeFrom": ${JSON.stringify(version)}`,
      `  "cases": {\n${lines.join(",\n")}\n  }`,
    ];
    writeFileSync(fileOf(name), `{\n${head.join(",\n")}\n}\n`);
  }
}
