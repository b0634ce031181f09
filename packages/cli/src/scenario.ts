import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseScenario, runScenario, timelineLine } from "@bellows/sandbox/simulator";

/**
 * Runs a scenario file, printing its timeline and then `N passed, N failed`.
 * @returns whether every check passed
 */
export async function scenario(file: string, print: (line: string) => void): Promise<boolean> {
  const parsed = parseScenario(readFileSync(file, "utf8"), file);
  print(`# ${parsed.name}`);
  print(`# seed ${parsed.seed}, from ${parsed.startAt}`);
  const files = { read: (path: string) => manifestsAt(join(dirname(file), path)) };
  const { passed, failed } = await runScenario(parsed, files, (entry) => print(timelineLine(entry)));
  print(`${passed} passed, ${failed} failed`);
  return failed === 0;
}

/** The manifest of a file, or those of a folder in the order of their names. */
export function manifestsAt(path: string): string[] {
  if (!statSync(path).isDirectory()) return [readFileSync(path, "utf8")];
  return readdirSync(path)
    .filter((name) => /\.(ya?ml|json)$/.test(name))
    .sort()
    .map((name) => readFileSync(join(path, name), "utf8"));
}
