import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { chooseDriver, type Machine, NoControlPlane } from "./find.ts";

const aMachine = (programs: readonly string[], { docker = false } = {}): Machine => ({
  dockerAnswers: async () => docker,
  has: (program) => programs.includes(program),
});

describe("the driver", () => {
  test("is the kubeconfig that was named, whatever else there is", async () => {
    const machine = aMachine(["go", "etcd"], { docker: true });
    expect(await chooseDriver("/a/file", machine)).toEqual({ name: "kubeconfig", kubeconfig: "/a/file" });
  });

  test("is Docker before Go", async () => {
    expect(await chooseDriver(undefined, aMachine(["go", "etcd"], { docker: true }))).toEqual({ name: "docker" });
  });

  test("is Go where etcd is beside it", async () => {
    expect(await chooseDriver(undefined, aMachine(["go", "etcd"]))).toEqual({ name: "go" });
  });

  test.each([
    { programs: [], says: /no Docker engine answers, and without one a Go toolchain .* and etcd .* are missing/ },
    { programs: ["go"], says: /without one etcd \(apt-get install etcd-server\) is missing/ },
    { programs: ["etcd"], says: /without one a Go toolchain \(https:\/\/go.dev\/dl\) is missing/ },
  ])("is none with $programs, and the message says what is missing", async ({ programs, says }) => {
    const refused = chooseDriver(undefined, aMachine(programs));
    await expect(refused).rejects.toThrow(says);
    await expect(refused).rejects.toBeInstanceOf(NoControlPlane);
  });
});

describe("npm run e2e where no control plane can be had", { timeout: 60_000 }, () => {
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
