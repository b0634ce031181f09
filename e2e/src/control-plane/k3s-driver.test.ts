import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, describe, expect, test } from "vitest";
import { type K3sLibraries, startK3s, whyNoK3s } from "./k3s-driver.ts";

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
function fakeLibraries({
  fails = "",
  says = "",
  hosts = "172.17.0.1 host.docker.internal",
  createsAfter = Promise.resolve(),
  startsAfter = Promise.resolve(),
} = {}) {
  const asked = { image: "", command: [] as string[], hosts: [] as object[], removed: [] as string[] };
  const id = "0123456789abcdef";
  let created: (id: string) => void;
  let consume: (log: Readable) => void;
  const container = {
    withCommand(command: string[]) {
      asked.command = command;
      return container;
    },
    withExtraHosts(hosts: object[]) {
      asked.hosts = hosts;
      return container;
    },
    withLogConsumer(consumer: typeof consume) {
      consume = consumer;
      return container;
    },
    withWaitStrategy: () => container,
    withStartupTimeout: () => container,
    async start() {
      await createsAfter;
      created(id);
      const log = new Readable({ read() {} });
      consume(log);
      if (says) log.emit("data", says);
      await startsAfter;
      if (fails) throw new Error(fails);
      return {
        getKubeConfig: () => kubeconfig,
        exec: async () => ({ output: `127.0.0.1 localhost\n${hosts}\n`, exitCode: 0 }),
      };
    },
  };
  const libraries = {
    container(image: string, whenCreated: typeof created) {
      asked.image = image;
      created = whenCreated;
      return container;
    },
    host: async () => "172.17.0.1",
    async remove(its: string) {
      asked.removed.push(its);
    },
    Wait: { forLogMessage: () => ({}) },
  };
  return { asked, id, load: async () => libraries as unknown as K3sLibraries };
}

const ready = async () => {};
const whyNot = async () => undefined;

test("k3s is a control plane of this version without nodes, and without the in-tree HPA", async () => {
  const { asked, id, load } = fakeLibraries();
  const started = await startK3s({ folder, load, ready, whyNot });
  expect(asked.image).toMatch(/^rancher\/k3s:v1\.35\./);
  expect(asked.command).toEqual(
    expect.arrayContaining([
      "server",
      "--disable-agent",
      "--tls-san=172.17.0.1",
      "--kube-controller-manager-arg=controllers=*,-horizontal-pod-autoscaler-controller",
    ]),
  );
  expect(readFileSync(started.kubeconfig, "utf8")).toBe(kubeconfig);
  await started.stop();
  expect(asked.removed).toEqual([id]);
});

test("the API server reaches this machine by the engine's gateway", async () => {
  const { asked, load } = fakeLibraries();
  const started = await startK3s({ folder, load, ready, whyNot });
  expect(asked.hosts).toEqual([{ host: "host.docker.internal", ipAddress: "host-gateway" }]);
  expect(started.hostAddress).toBe("172.17.0.1");
  await started.stop();
});

test("the gateway's address is the one of IPv4 where it has two", async () => {
  const hosts = "fd00::1\thost.docker.internal\n192.168.65.254\thost.docker.internal";
  const { load } = fakeLibraries({ hosts });
  const started = await startK3s({ folder, load, ready, whyNot });
  expect(started.hostAddress).toBe("192.168.65.254");
  await started.stop();
});

test("a container that does not start is a failure of the run, and is taken away", async () => {
  const { asked, id, load } = fakeLibraries({ fails: "no space left on device" });
  await expect(startK3s({ folder, load, ready, whyNot })).rejects.toThrow(/^no space left on device$/);
  expect(asked.removed).toEqual([id]);
});

test("where k3s ends instead of coming up, the failure has what it said last", async () => {
  const { load } = fakeLibraries({ fails: "Log stream ended", says: "starting\nfatal: no data folder\n" });
  const refused = startK3s({ folder, load, ready, whyNot });
  await expect(refused).rejects.toThrow("Log stream ended; it said:\nstarting\nfatal: no data folder");
});

describe("a run that is to end", () => {
  const never = new Promise<void>(() => {});

  test("waits for no container that starts, and takes it away", async () => {
    const stopping = new AbortController();
    const { asked, id, load } = fakeLibraries({ startsAfter: never });
    const starting = startK3s({ folder, load, ready, whyNot, signal: stopping.signal });
    await new Promise(setImmediate);
    stopping.abort();
    await expect(starting).rejects.toThrow("stopped while a control plane was starting");
    expect(asked.removed).toEqual([id]);
  });

  test("waits for one that the engine is making, which would stay behind", async () => {
    const stopping = new AbortController();
    const creating = Promise.withResolvers<void>();
    const { asked, id, load } = fakeLibraries({ createsAfter: creating.promise, startsAfter: never });
    const starting = startK3s({ folder, load, ready, whyNot, signal: stopping.signal });
    await new Promise(setImmediate);
    stopping.abort();
    creating.resolve();
    await expect(starting).rejects.toThrow("stopped while a control plane was starting");
    expect(asked.removed).toEqual([id]);
  });

  test("makes none where none is being made", async () => {
    const { asked, load } = fakeLibraries();
    const signal = AbortSignal.abort();
    await expect(startK3s({ folder, load, ready, whyNot, signal })).rejects.toThrow("stopped");
    expect(asked.image).toBe("");
  });
});

test("a container that does not know the way to this machine is stopped again", async () => {
  const { asked, id, load } = fakeLibraries({ hosts: "" });
  await expect(startK3s({ folder, load, ready, whyNot })).rejects.toThrow("does not know host.docker.internal");
  expect(asked.removed).toEqual([id]);
});

test("a container that does not come through to this machine is stopped again, and the message names what else there is", async () => {
  const { asked, id, load } = fakeLibraries();
  const refused = startK3s({ folder, load, ready, whyNot: async () => "connection refused" });
  await expect(refused).rejects.toThrow(
    /does not reach this machine at 172\.17\.0\.1 \(connection refused\): a firewall .* --driver go/,
  );
  expect(asked.removed).toEqual([id]);
});

describe("k3s cannot run", () => {
  const print = () => {};

  test("where the libraries cannot be loaded, and the reason is theirs", async () => {
    const load = () => Promise.reject(new Error("Cannot find module 'tar-stream'\nRequire stack:\n- /a/file.js"));
    const why = await whyNoK3s(print, load, async () => undefined);
    expect(why).toBe("testcontainers cannot be loaded (Cannot find module 'tar-stream')");
  });

  test("where its image cannot be had", async () => {
    const why = await whyNoK3s(
      print,
      async () => {},
      async (image) => `Docker cannot pull ${image}`,
    );
    expect(why).toMatch(/^Docker cannot pull rancher\/k3s:v1/);
  });
});
