import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { generatedFiles, generatedFolders } from "@bellows/api/generate";
import { triggersPage } from "@bellows/triggers/reference";
import { generatedChartFiles, generatedChartFolders } from "./generate-chart.ts";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../../..");

/**
 * Writes every generated file that is not current and removes what is left over; with `check`, only names them.
 * @returns false where `check` found any
 */
export async function generate(check: boolean, print: (line: string) => void): Promise<boolean> {
  const files = [
    ...generatedFiles(),
    ...(await generatedChartFiles()),
    { path: "docs/reference/triggers.md", text: triggersPage() },
  ];
  const stale = files.filter(({ path, text }) => textOf(path) !== text);
  const wanted = new Set(files.map(({ path }) => path));
  const leftOver = [...generatedFolders, ...generatedChartFolders]
    .flatMap((folder) =>
      existsSync(join(root, folder)) ? readdirSync(join(root, folder)).map((name) => `${folder}/${name}`) : [],
    )
    .filter((path) => !wanted.has(path));
  if (check) {
    for (const { path } of stale) print(`${path} is stale: run npm run generate`);
    for (const path of leftOver) print(`${path} is no longer generated: run npm run generate`);
    return stale.length + leftOver.length === 0;
  }
  for (const { path, text } of stale) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
    print(`wrote ${path}`);
  }
  for (const path of leftOver) {
    rmSync(join(root, path));
    print(`removed ${path}`);
  }
  return true;
}

function textOf(path: string): string | undefined {
  const file = join(root, path);
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}
