import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { type K3sLibraries, startK3s } from "./k3s-driver.ts";

const folder = mkdtempSync(join(tmpdir(), "bellows-k3s-"));
afterAll(() => rmSync(folder, { recursive: true }));

const kubeconfig = `apiVersion: v1
kind: Config
clusters: [{ name: default, cluster: { server: "https://localhost:1" } }]
users: [{ name: default, user: { token: secret } }]
contexts: [{ name: default, context: { cluster: default, user: default } }]
current-context: default
`;

/** The libraries with a container that only notes what is asked of it. */
function fakeLibraries({ fails = false, hosts = "172.17.0.5 host.testcontainers.internal" } = {}) {
  const asked = { image: "", command: [] as string[], ports: [] as number[], isStopped: false };
  const container = {
    withCommand(command: string[]) {
      asked.command = command;
      return container;
    },
    withWaitStrategy: () => container,
    withStartupTimeout: () => container,
    async start() {
      if (fails) throw new Error("no space left on device");
      return {
        getKubeConfig: () => kubeconfig,
        exec: async () => ({ output: `127.0.0.1 localhost\n${hosts}\n`, exitCode: 0 }),
        stop: async () => {
          asked.isStopped = true;
        },
      };
    },
  };
  const libraries = {
    container(image: string) {
      asked.image = image;
      return container;
    },
    exposeHostPorts: async (...ports: number[]) => void asked.ports.push(...ports),
    Wait: { forLogMessage: () => ({}) },
  };
  return { asked, load: async () => libraries as unknown as K3sLibraries };
}

const ready = async () => {};

test("k3s is a control plane of this version without nodes, and without the in-tree HPA", async () => {
  const { asked, load } = fakeLibraries();
  const started = await startK3s({ folder, load, ready });
  expect(asked.image).toMatch(/^rancher\/k3s:v1\.35\./);
  expect(asked.command).toEqual(
    expect.arrayContaining([
      "server",
      "--disable-agent",
      "--kube-controller-manager-arg=controllers=*,-horizontal-pod-autoscaler-controller",
    ]),
  );
  expect(readFileSync(started.kubeconfig, "utf8")).toBe(kubeconfig);
  await started.stop();
  expect(asked.isStopped).toBe(true);
});

test("a port of this machine is forwarded before the API server is told of its address", async () => {
  const { asked, load } = fakeLibraries();
  const started = await startK3s({ folder, load, ready });
  expect(await started.hostAddress?.(8443)).toBe("172.17.0.5");
  expect(asked.ports).toHaveLength(2);
  expect(asked.ports[1]).toBe(8443);
  await started.stop();
});

test("a container that does not start is a failure of the run", async () => {
  const { load } = fakeLibraries({ fails: true });
  await expect(startK3s({ folder, load, ready })).rejects.toThrow("no space left on device");
});

test("a container that cannot reach this machine is stopped again", async () => {
  const { asked, load } = fakeLibraries({ hosts: "" });
  await expect(startK3s({ folder, load, ready })).rejects.toThrow("does not know host.testcontainers.internal");
  expect(asked.isStopped).toBe(true);
});
