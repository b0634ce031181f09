import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseScenario, type Scenario } from "@bellows/sandbox/simulator";
import { readText } from "./example-files.ts";

const examples = resolve(import.meta.dirname, "../../../examples");

/** The folders of `examples/` that have a scenario, by name. */
export const exampleNames = (): string[] =>
  readdirSync(examples, { recursive: false, withFileTypes: true })
    .filter((entry) => entry.isDirectory() && readdirSync(join(examples, entry.name)).includes("scenario.yaml"))
    .map(({ name }) => name)
    .sort();

export interface Example {
  readonly name: string;
  readonly folder: string;
  readonly scenario: Scenario;
}

export function readExample(name: string): Example {
  const folder = join(examples, name);
  const file = join(folder, "scenario.yaml");
  return { name, folder, scenario: parseScenario(readText(file), file) };
}
