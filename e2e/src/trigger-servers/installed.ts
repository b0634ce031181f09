import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

type Run = (program: string, args: readonly string[]) => Promise<void>;

const installations = new Map<string, Promise<string>>();

/**
 * The folder of a server that a package manager installs, once for every version of the file that says what. It is in
 * the user's cache, and never in the repository.
 * @param install  puts it into an empty folder; what is in there can be moved
 */
export function installed(
  name: string,
  description: string,
  install: (folder: string, run: Run) => Promise<void>,
): Promise<string> {
  const sum = createHash("sha256").update(readFileSync(description)).digest("hex").slice(0, 12);
  const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  const folder = join(cache, "bellows", `${name}-${sum}`);
  const known = installations.get(folder) ?? installedIn(folder, install);
  installations.set(folder, known);
  return known;
}

async function installedIn(folder: string, install: (folder: string, run: Run) => Promise<void>): Promise<string> {
  if (existsSync(folder)) return folder;
  // An installation that is cut short leaves no half of one.
  const partial = `${folder}.${process.pid}`;
  mkdirSync(partial, { recursive: true });
  try {
    await install(partial, run);
    renameSync(partial, folder);
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    // Another process may have been sooner.
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

const installLimitMs = 10 * 60_000;

async function run(program: string, args: readonly string[]): Promise<void> {
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "inherit"], timeout: installLimitMs });
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`${program} ${args.join(" ")}: exit code ${code}`);
}
