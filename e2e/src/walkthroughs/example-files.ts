import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

export const readText = (file: string): string => readFileSync(file, "utf8");

/** The text of a manifest, or those of a folder in the order of their names. */
export function readManifests(path: string): string[] {
  if (!statSync(path).isDirectory()) return [readText(path)];
  return readdirSync(path)
    .filter((name) => /\.ya?ml$/.test(name))
    .sort()
    .map((name) => readText(join(path, name)));
}
