import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { parseScenario, runScenario, timelineLine } from "./index.ts";

const examples = fileURLToPath(new URL("../../../../examples/", import.meta.url));
const folders = readdirSync(examples).filter((name) => existsSync(`${examples}${name}/scenario.yaml`));

const manifestsAt = (path: string): string[] =>
  statSync(path).isDirectory()
    ? readdirSync(path)
        .sort()
        .map((name) => readFileSync(`${path}/${name}`, "utf8"))
    : [readFileSync(path, "utf8")];

async function timelineOf(name: string): Promise<string[]> {
  const folder = `${examples}${name}`;
  const scenario = parseScenario(readFileSync(`${folder}/scenario.yaml`, "utf8"), `${name}/scenario.yaml`);
  const lines: string[] = [];
  await runScenario(scenario, { read: (path) => manifestsAt(`${folder}/${path}`) }, (entry) =>
    lines.push(timelineLine(entry)),
  );
  return lines;
}

describe.each(folders)("the example %s", (name) => {
  test("passes every check of its scenario, twice with the same timeline", { timeout: 60_000 }, async () => {
    const timeline = await timelineOf(name);
    expect(timeline.filter((line) => line.includes("  FAIL "))).toEqual([]);
    expect(timeline.some((line) => line.includes("  ok   "))).toBe(true);
    expect(await timelineOf(name)).toEqual(timeline);
  });
});
