import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const dockerfile = join(resolve(import.meta.dirname, "../../../.."), "deploy/image/Dockerfile");
const lastStage = () =>
  readFileSync(dockerfile, "utf8")
    .split(/^FROM /m)
    .at(-1) as string;

/** The flags that the image starts Node with: what is measured runs with the same. */
export function imageFlags(): readonly string[] {
  const [, entryPoint] = /^ENTRYPOINT (\[.*\])$/m.exec(lastStage()) ?? [];
  if (entryPoint === undefined) throw new Error(`${dockerfile} has no ENTRYPOINT in the form of a list`);
  return (JSON.parse(entryPoint) as string[]).filter((argument) => argument.startsWith("--"));
}

/** The environment of the image's process, with the PATH of this one. */
export function imageEnvironment(): NodeJS.ProcessEnv {
  const variables = [...lastStage().matchAll(/^ENV (\w+)=(\S+)$/gm)].map(([, name, value]) => [name, value]);
  return { ...Object.fromEntries(variables), PATH: process.env["PATH"] };
}
