import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { chooseDriver, type Machine, NoControlPlane } from "./find.ts";

const noEngine = "no Docker engine answers";

const aMachine = (programs: readonly string[], whyNoK3s: string | undefined = noEngine): Machine => ({
  whyNoK3s: async () => whyNoK3s,
  has: (program) => programs.includes(program),
});
const withDocker = (...programs: readonly string[]): Machine => ({
  ...aMachine(programs),
  whyNoK3s: async () => undefined,
});

/** What is chosen, and what is said about it. */
async function choose(machine: Machine, more: Partial<Parameters<typeof chooseDriver>[0]> = {}) {
  const lines: string[] = [];
  const driver = await chooseDriver({ machine, print: (line) => void lines.push(line), ...more });
  return { driver, lines };
}

describe("the driver", () => {
  test("is the kubeconfig that was named, whatever else there is", async () => {
    const { driver } = await choose(withDocker("go", "etcd"), { kubeconfig: "/a/file" });
    expect(driver).toEqual({ name: "kubeconfig", kubeconfig: "/a/file" });
  });

  test("is Docker before Go", async () => {
    expect(await choose(withDocker("go", "etcd"))).toEqual({ driver: { name: "docker" }, lines: [] });
  });

  test("is Go where etcd is beside it, and the run says why it is not Docker", async () => {
    const { driver, lines } = await choose(aMachine(["go", "etcd"], "Docker cannot pull k3s (no such host)"));
    expect(driver).toEqual({ name: "go" });
    expect(lines).toEqual(["not by Docker: Docker cannot pull k3s (no such host)"]);
  });

  test("is the one that was named, also where Docker comes first", async () => {
    expect(await choose(withDocker("go", "etcd"), { only: "go" })).toEqual({ driver: { name: "go" }, lines: [] });
  });

  test("is no other than the one that was named", async () => {
    await expect(choose(aMachine(["go", "etcd"]), { only: "docker" })).rejects.toThrow(
      /^no control plane: no Docker engine answers$/,
    );
    await expect(choose(withDocker("go"), { only: "go" })).rejects.toThrow(
      /^no control plane: etcd .* is missing; or name/,
    );
  });

  test.each([
    { programs: [], says: /no Docker engine answers, and without one a Go toolchain .* and etcd .* are missing/ },
    { programs: ["go"], says: /without one etcd \(apt-get install etcd-server\) is missing/ },
    { programs: ["etcd"], says: /without one a Go toolchain \(https:\/\/go.dev\/dl\) is missing/ },
  ])("is none with $programs, and the message says what is missing", async ({ programs, says }) => {
    const refused = choose(aMachine(programs));
    await expect(refused).rejects.toThrow(says);
    await expect(refused).rejects.toBeInstanceOf(NoControlPlane);
  });
});

describe("npm run e2e where no control plane can be had", () => {
  const run = (...flags: readonly string[]) =>
    spawnSync(process.execPath, [resolve(import.meta.dirname, "../main.ts"), ...flags], {
      encoding: "utf8",
      // No program on the path, and no engine at the usual socket.
      env: { PATH: "/nowhere", DOCKER_HOST: "unix:///nowhere/docker.sock" },
    });

  test("fails, saying what is missing", () => {
    const { status, stdout } = run();
    expect(stdout).toMatch(/^no control plane: /);
    expect(status).toBe(1);
  });

  test("is skipped with --allow-skip, and says that it was", () => {
    const { status, stdout } = run("--allow-skip");
    expect(stdout).toMatch(/^skipped: no control plane: /);
    expect(status).toBe(0);
  });
});
