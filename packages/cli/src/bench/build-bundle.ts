import { spawnSync } from "node:child_process";
import { join, resolve } from "node:path";
import { imageFlags } from "./image-runtime.ts";

const build = join(resolve(import.meta.dirname, "../../../.."), "packages/cli/bootstrap/build.mjs");

/** Builds what the image holds, with the flags that it is built with there. */
export function buildBundle(folder: string): void {
  const built = spawnSync(process.execPath, [...imageFlags(), build, folder], { encoding: "utf8" });
  if (built.status !== 0) throw new Error(`building the bundle failed: ${built.stderr}`);
}
