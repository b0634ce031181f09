import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { parseScenario, runScenario, timelineLine } from "./index.ts";

const examples = fileURLToPath(new URL("../../../../examples/", import.meta.url));
/** `hpa/scenario.yaml`, `complaints/rollout.yaml`: whatever has checks. */
const scenarios = readdirSync(examples)
  .filter((name) => statSync(`${examples}${name}`).isDirectory())
  .flatMap((folder) => readdirSync(`${examples}${folder}`).map((file) => `${folder}/${file}`))
  .filter((path) => path.endsWith(".yaml") && /^checks:/m.test(readFileSync(`${examples}${path}`, "utf8")))
  .sort();

const manifestsAt = (path: string): string[] =>
  statSync(path).isDirectory()
    ? readdirSync(path)
        .sort()
        .map((name) => readFileSync(`${path}/${name}`, "utf8"))
    : [readFileSync(path, "utf8")];

async function timelineOf(path: string): Promise<string[]> {
  const folder = dirname(`${examples}${path}`);
  const scenario = parseScenario(readFileSync(`${examples}${path}`, "utf8"), path);
  const lines: string[] = [];
  await runScenario(scenario, { read: (file) => manifestsAt(`${folder}/${file}`) }, (entry) =>
    lines.push(timelineLine(entry)),
  );
  return lines;
}

describe.each(scenarios)("the example %s", (name) => {
  test("passes every check, twice with the same timeline", { timeout: 600_000 }, async () => {
    const timeline = await timelineOf(name);
    expect(timeline.filter((line) => line.includes("  FAIL "))).toEqual([]);
    expect(timeline.some((line) => line.includes("  ok   "))).toBe(true);
    expect(await timelineOf(name)).toEqual(timeline);
  });
});
