import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Engine, whyNoImage } from "./docker.ts";

const name = "rancher/k3s:v1";

/** @param arrives  what pulling does */
function anEngine({ has = false, arrives = () => {} }: { has?: boolean; arrives?: () => void } = {}) {
  const engine = { has, pulled: 0 };
  const connect = async (): Promise<Engine> => ({
    hasImage: async () => engine.has,
    async pull() {
      engine.pulled++;
      arrives();
    },
  });
  return { engine, connect };
}

describe("an image", () => {
  const lines: string[] = [];
  const print = (line: string) => void lines.push(line);

  test("that the engine has is not pulled", async () => {
    const { engine, connect } = anEngine({ has: true });
    expect(await whyNoImage(name, print, connect)).toBeUndefined();
    expect(engine.pulled).toBe(0);
    expect(lines).toEqual([]);
  });

  test("that it lacks is pulled, and the run says so", async () => {
    const { engine, connect } = anEngine({ arrives: () => (engine.has = true) });
    expect(await whyNoImage(name, print, connect)).toBeUndefined();
    expect(lines).toEqual(["pulling rancher/k3s:v1 (once; some 200 MB)"]);
  });

  test("that no registry gives cannot be had, with the engine's reason", async () => {
    const { connect } = anEngine({
      arrives: () => {
        throw new Error("lookup registry-1.docker.io: no such host\n");
      },
    });
    expect(await whyNoImage(name, print, connect)).toBe(
      "Docker cannot pull rancher/k3s:v1 (lookup registry-1.docker.io: no such host)",
    );
  });

  test("whose pull ended without it cannot be had", async () => {
    expect(await whyNoImage(name, print, anEngine().connect)).toBe("Docker cannot pull rancher/k3s:v1");
  });
});

describe("the engine", { timeout: 60_000 }, () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "bellows-docker-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  /** In a process of its own, since testcontainers finds its engine once for a process. */
  function whyNot(env: Record<string, string>) {
    const code = `import { whyNoImage } from "./docker.ts"; console.log(await whyNoImage("${name}", () => {}));`;
    const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", code], {
      cwd: import.meta.dirname,
      encoding: "utf8",
      env: { PATH: "/nowhere", HOME: folder, ...env },
    });
    return `${stdout}${stderr}`.trim();
  }

  test("does not answer where its socket was left by one that is gone", async () => {
    const socket = join(folder, "stale.sock");
    // A process that is killed leaves its socket behind.
    const listen = `require("net").createServer().listen(${JSON.stringify(socket)}, () => process.kill(process.pid, "SIGKILL"))`;
    spawnSync(process.execPath, ["--eval", listen]);
    expect(whyNot({ DOCKER_HOST: `unix://${socket}` })).toBe("no Docker engine answers");
  });

  test("does not answer where DOCKER_HOST is no socket", () => {
    const file = join(folder, "file");
    writeFileSync(file, "");
    expect(whyNot({ DOCKER_HOST: `unix://${file}` })).toBe("no Docker engine answers");
  });
});
