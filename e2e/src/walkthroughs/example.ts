import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseScenario, type Scenario } from "@bellows/sandbox/simulator";
import { readText } from "./example-files.ts";

const examples = resolve(import.meta.dirname, "../../../examples");

export interface Example {
  /** `hpa`, or `complaints/rollout` where a folder has several scenarios. */
  readonly name: string;
  readonly folder: string;
  readonly scenario: Scenario;
}

/** Every scenario of `examples/`, by name: `FOLDER/scenario.yaml`, or the files of a folder without one. */
export function allExamples(): Example[] {
  return readdirSync(examples, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => {
      const folder = join(examples, name);
      const files = readdirSync(folder).filter((file) => file.endsWith(".yaml"));
      const scenarios = files.includes("scenario.yaml") ? ["scenario.yaml"] : files;
      return scenarios.map((file) => ({
        name: file === "scenario.yaml" ? name : `${name}/${file.replace(/\.yaml$/, "")}`,
        folder,
        scenario: parseScenario(readText(join(folder, file)), join(folder, file)),
      }));
    })
    .sort((one, other) => (one.name < other.name ? -1 : 1));
}

/** Copies an example's files to `target`, each manifest `rewritten`. */
export function stage({ folder }: Example, target: string, rewritten: (text: string) => string): void {
  cpSync(folder, target, { recursive: true });
  for (const file of readdirSync(target, { recursive: true, encoding: "utf8" })) {
    if (!/\.ya?ml$/.test(file)) continue;
    const path = join(target, file);
    const text = readFileSync(path, "utf8");
    const other = rewritten(text);
    if (other !== text) writeFileSync(path, other);
  }
}
