import { Pod, Service } from "@bellows/api";
import { expect, test } from "vitest";
import { UsageSource } from "../usage/index.ts";
import { KubeletStreams } from "./kubelet-streams.ts";
import { piDigits } from "./pi-digits.ts";
import { SandboxWorld } from "./testing/sandbox-world.ts";

async function aWorld() {
  const world = new SandboxWorld();
  const usage = new UsageSource(world.cache, world.clock, { loadProfiles: false });
  const find = (namespace: string, name: string) => world.cache.get(Pod, { namespace, name });
  const streams = new KubeletStreams({ clock: world.clock, usage, find, end: () => undefined });
  await world.start();
  await world.fleet.add(world.machine());
  await world.seconds(10);
  const logs = async (name: string, options: object = {}) => {
    const pieces: string[] = [];
    const defaults = {
      container: "main",
      follow: false,
      previous: false,
      timestamps: false,
      since: undefined,
      tailLines: undefined,
      limitBytes: undefined,
      signal: undefined,
    };
    for await (const piece of streams.logs(await world.pod(name), { ...defaults, ...options })) pieces.push(piece);
    return pieces.join("");
  };
  return { world, streams, logs };
}

const sh = (script: string) => ({
  restartPolicy: "Never",
  containers: [{ name: "main", image: "busybox:1.28", command: ["sh", "-c", script] }],
});

test("a script prints what it echoes", async () => {
  const { world, logs } = await aWorld();
  await world.createPod("hello", sh("echo Hello from $(hostname); sleep 2"));
  await world.createPod("dates", sh("while true; do date; sleep 5; done"));
  await world.seconds(20);
  expect(await logs("hello")).toBe("Hello from hello\n");
  const dates = (await logs("dates")).trim().split("\n");
  expect(dates.length).toBeGreaterThanOrEqual(3);
  expect(dates[0]).toMatch(/^Thu Jan {2}1 00:00:\d\d UTC 2026$/);
  expect(await logs("dates", { tailLines: 1 })).toBe(`${dates.at(-1)}\n`);
  expect(await logs("dates", { tailLines: 0 })).toBe("");
  expect(await logs("dates", { limitBytes: 7 })).toBe("Thu Jan");
  expect(await logs("dates", { timestamps: true, tailLines: 1 })).toMatch(/^2026-01-01T00:00:\d\d\.\d{9}Z Thu Jan/);
});

test("the load generator prints OK! for each request, and the server an access line", async () => {
  const { world, logs } = await aWorld();
  await world.client.create(Service, {
    metadata: { name: "php-apache", namespace: "default" },
    spec: {
      selector: { app: "php-apache" },
      ports: [{ port: 80, protocol: "TCP", targetPort: 80 }],
      type: "ClusterIP",
    },
  });
  await world.createPod("php-apache", { containers: [{ name: "main", image: "registry.k8s.io/hpa-example" }] });
  await world.createPod("load", sh("while sleep 0.01; do wget -q -O- http://php-apache; done"));
  await world.seconds(20);
  expect(await logs("load")).toMatch(/^(OK!)+$/);
  const lines = (await logs("php-apache")).trim().split("\n");
  expect(lines[0]).toContain("AH00558");
  expect(lines.at(-1)).toMatch(/^[\d.]+ - - \[01\/Jan\/2026:00:00:\d\d \+0000\] "GET \/ HTTP\/1\.1" 200 175/);
});

test("following ends when the container does", async () => {
  const { world, logs } = await aWorld();
  await world.createPod("job", sh("echo start; sleep 10"));
  await world.seconds(4);
  let output: string | undefined;
  void logs("job", { follow: true }).then((text) => {
    output = text;
  });
  await world.seconds(3);
  expect(output).toBeUndefined();
  await world.seconds(12);
  expect(output).toBe("start\n");
});

test("a program of which nothing is known has a previous run's output only if there was one", async () => {
  const { world, logs } = await aWorld();
  await world.createPod("crash", {
    containers: [{ name: "main", image: "busybox:1.28", command: ["sh", "-c", "echo oops; exit 1"] }],
  });
  await world.seconds(6);
  expect(await logs("crash", { previous: true })).toBe("oops\n");
  await world.createPod("web", { containers: [{ name: "main", image: "example.com/cart:v1" }] });
  await world.seconds(10);
  expect(await logs("web", { previous: true })).toBe("");
  expect(await logs("web")).toBe("");
});

test("pi begins as it should", () => {
  expect(piDigits(50)).toBe("3.14159265358979323846264338327950288419716939937510");
  expect(piDigits(2000)).toHaveLength(2002);
});
