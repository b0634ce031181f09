import { execFile, spawnSync } from "node:child_process";

/** Containers that are there. */
const there = new Set<string>();
// A run that is cut short leaves none behind.
process.once("exit", () => {
  if (there.size > 0) spawnSync("docker", ["rm", "--force", "--volumes", ...there], { stdio: "ignore" });
});

export interface DockerRan {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

/** The docker command, on the engine that it is told to use by DOCKER_HOST or its context; however it ends. */
export const tryDocker = (...args: readonly string[]): Promise<DockerRan> =>
  new Promise((done) => {
    execFile("docker", args, { maxBuffer: 2 ** 27 }, (error, output, errors) =>
      done({ code: error === null ? 0 : typeof error.code === "number" ? error.code : 1, output, errors }),
    );
  });

/** @returns what it printed. @throws with what it said where it failed */
export async function docker(...args: readonly string[]): Promise<string> {
  const { code, output, errors } = await tryDocker(...args);
  if (code !== 0) throw new Error(`docker ${args.join(" ")}: ${errors}${output}`);
  return output.trim();
}

/** Why the docker command is of no use here; undefined where an engine answers it. */
export function whyNoDocker(): string | undefined {
  const { status, error } = spawnSync("docker", ["version"], { stdio: "ignore", timeout: 20_000 });
  if (error) return "there is no docker command";
  return status === 0 ? undefined : "no Docker engine answers";
}

/** Makes a container, which goes with the run. @returns its id */
export async function createContainer(...args: readonly string[]): Promise<string> {
  const id = await docker("create", ...args);
  there.add(id);
  return id;
}

/** Ends a container, and takes it away. */
export async function removeContainer(id: string): Promise<void> {
  await docker("rm", "--force", "--volumes", id);
  there.delete(id);
}
