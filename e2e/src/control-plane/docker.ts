import { spawnSync } from "node:child_process";

/** Beyond this an engine does not answer. */
const answerLimitMs = 10_000;
/** For some 200 MB. */
const pullLimitMs = 10 * 60_000;

/** What an engine does for this run. */
export interface Engine {
  hasImage(name: string): Promise<boolean>;
  pull(name: string): Promise<void>;
}

/**
 * The engine that testcontainers takes: that of DOCKER_HOST, of the docker command's context, or behind a socket at one of
 * the usual places, those of an engine without root among them.
 * @throws where none answers
 */
export async function dockerEngine(): Promise<Engine> {
  const context = process.env["DOCKER_HOST"] ? undefined : contextHost();
  if (context) process.env["DOCKER_HOST"] = context;
  const { getContainerRuntimeClient, ImageName } = await import("testcontainers");
  const { image } = await within(answerLimitMs, getContainerRuntimeClient());
  return {
    hasImage: (name) => image.exists(ImageName.fromString(name)),
    pull: (name) => within(pullLimitMs, image.pull(ImageName.fromString(name))),
  };
}

/** Where the docker command would go, if it was told to: the default context is the usual socket. */
function contextHost(): string | undefined {
  const args = ["context", "inspect", "--format", "{{.Name}} {{.Endpoints.docker.Host}}"];
  const { status, stdout } = spawnSync("docker", args, { encoding: "utf8", timeout: answerLimitMs });
  const [name, host] = status === 0 ? stdout.trim().split(" ") : [];
  return name === "default" ? undefined : host;
}

/**
 * Why containers of an image cannot run here; undefined where they can. An image that is not here is pulled.
 * @param print  gets a line before what takes long
 */
export async function whyNoImage(
  name: string,
  print: (line: string) => void,
  connect: () => Promise<Engine> = dockerEngine,
): Promise<string | undefined> {
  const engine = await connect().catch(() => undefined);
  if (!engine) return "no Docker engine answers";
  try {
    if (await engine.hasImage(name)) return undefined;
    print(`pulling ${name} (once; some 200 MB)`);
    await engine.pull(name);
    // A pull that ends early does not always say so.
    return (await engine.hasImage(name)) ? undefined : `Docker cannot pull ${name}`;
  } catch (error) {
    return `Docker cannot pull ${name} (${(error instanceof Error ? error.message : String(error)).trim()})`;
  }
}

async function within<T>(limitMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, fail) => {
    timer = setTimeout(() => fail(new Error(`no answer in ${limitMs / 1000} s`)), limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
