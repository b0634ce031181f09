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
function fakeLibraries({ fails = false, hosts = "172.17.0.1 host.docker.internal" } = {}) {
  const asked = { image: "", command: [] as string[], hosts: [] as object[], isStopped: false };
  const container = {
    withCommand(command: string[]) {
      asked.command = command;
      return container;
    },
    withExtraHosts(hosts: object[]) {
      asked.hosts = hosts;
      return container;
    },
    withWaitStrategy: () => container,
    withStartupTimeout: () => container,
    async start() {
      if (fails) throw new Error("no space left on device");
      return {
        getId: () => "0123456789abcdef",
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
    Wait: { forLogMessage: () => ({}) },
  };
  return { asked, load: async () => libraries as unknown as K3sLibraries };
}

const ready = async () => {};
const reaches = async () => true;

test("k3s is a control plane of this version without nodes, and without the in-tree HPA", async () => {
  const { asked, load } = fakeLibraries();
  const started = await startK3s({ folder, load, ready, reaches });
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

test("the API server reaches this machine by the engine's gateway", async () => {
  const { asked, load } = fakeLibraries();
  const started = await startK3s({ folder, load, ready, reaches });
  expect(asked.hosts).toEqual([{ host: "host.docker.internal", ipAddress: "host-gateway" }]);
  expect(started.hostAddress).toBe("172.17.0.1");
  await started.stop();
});

test("a container that does not start is a failure of the run", async () => {
  const { load } = fakeLibraries({ fails: true });
  await expect(startK3s({ folder, load, ready, reaches })).rejects.toThrow("no space left on device");
});

test("a container that does not know the way to this machine is stopped again", async () => {
  const { asked, load } = fakeLibraries({ hosts: "" });
  await expect(startK3s({ folder, load, ready, reaches })).rejects.toThrow("does not know host.docker.internal");
  expect(asked.isStopped).toBe(true);
});

test("a container that does not come through to this machine is stopped again, and the message names what else there is", async () => {
  const { asked, load } = fakeLibraries();
  const refused = startK3s({ folder, load, ready, reaches: async () => false });
  await expect(refused).rejects.toThrow(/does not reach this machine at 172\.17\.0\.1: a firewall .* --driver go/);
  expect(asked.isStopped).toBe(true);
});
