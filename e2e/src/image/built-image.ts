import { spawn, spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { docker, whyNoDocker } from "./docker-command.ts";

const root = resolve(import.meta.dirname, "../../..");
const dockerfile = "deploy/image/Dockerfile";

/** As the Dockerfile's arguments of the same names, which a machine without Docker's own registry needs. */
const buildArguments = ["NODE_IMAGE", "BUILD_IMAGE", "NPM_CONFIG_REGISTRY"] as const;

/** Both stages come from it. */
export const baseImage = (): string => process.env["NODE_IMAGE"] ?? "node:24-bookworm-slim";

/** Ten minutes are enough for 80 MB. */
const pullLimitMs = 10 * 60_000;

let why: string | undefined;
let isKnown = false;

/** Why the image cannot be built here; undefined where it can. A base image that is not here is pulled. */
export function whyNotBuilt(): string | undefined {
  if (!isKnown) why = whyNoDocker() ?? whyNoBase();
  isKnown = true;
  return why;
}

function whyNoBase(): string | undefined {
  const base = baseImage();
  if (spawnSync("docker", ["image", "inspect", base], { stdio: "ignore" }).status === 0) return undefined;
  const { status, stderr } = spawnSync("docker", ["pull", "--quiet", base], { encoding: "utf8", timeout: pullLimitMs });
  return status === 0 ? undefined : `Docker cannot pull ${base} (${(stderr ?? "").trim().split("\n").at(-1)})`;
}

export interface BuiltImage {
  readonly tag: string;
  readonly revision: string;
}

/** Builds the image from the last commit: what git does not have must not be in it. */
export async function buildImage(tag: string): Promise<BuiltImage> {
  const revision = spawnSync("git", ["rev-parse", "HEAD"], { cwd: root, encoding: "utf8" }).stdout.trim();
  const given = buildArguments.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : ["--build-arg", `${name}=${value}`];
  });
  const archive = spawn("git", ["archive", "HEAD"], { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
  // On the network of the machine, where a mirror may be.
  const args = ["build", "--network", "host", "-f", dockerfile, "-t", tag, "--build-arg", `REVISION=${revision}`];
  const build = spawn("docker", [...args, ...given, "-"], { stdio: ["pipe", "pipe", "pipe"] });
  archive.stdout.pipe(build.stdin);
  let said = "";
  for (const stream of [build.stdout, build.stderr])
    stream.on("data", (text: Buffer) => {
      said = `${said}${text}`.slice(-4_000);
    });
  const code = await new Promise<number | null>((done) => build.once("close", done));
  if (code !== 0) throw new Error(`docker build ends with ${code}:\n${said}`);
  return { tag, revision };
}

export const sizeOf = async (image: string): Promise<number> =>
  Number(await docker("image", "inspect", "--format", "{{.Size}}", image));
