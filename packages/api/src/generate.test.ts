import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { generatedFiles, generatedFolders } from "./generate.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));

describe("what is generated from the kinds is up to date (npm run generate)", () => {
  test.each(generatedFiles().map(({ path, text }) => [path, text] as const))("%s", (path, text) => {
    expect(readFileSync(join(root, path), "utf8")).toBe(text);
  });

  test("and nothing is left over", () => {
    const found = generatedFolders.flatMap((folder) =>
      readdirSync(join(root, folder)).map((name) => `${folder}/${name}`),
    );
    expect(found.sort()).toEqual(
      generatedFiles()
        .map(({ path }) => path)
        .sort(),
    );
  });
});
