import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const dockerfile = join(resolve(import.meta.dirname, "../../../.."), "deploy/image/Dockerfile");

/** The flags that the image starts Node with: what is measured runs with the same. */
export function imageFlags(): readonly string[] {
  const [, entryPoint] = /^ENTRYPOINT (\[.*\])$/m.exec(readFileSync(dockerfile, "utf8")) ?? [];
  if (entryPoint === undefined) throw new Error(`${dockerfile} has no ENTRYPOINT in the form of a list`);
  return (JSON.parse(entryPoint) as string[]).filter((argument) => argument.startsWith("--"));
}
