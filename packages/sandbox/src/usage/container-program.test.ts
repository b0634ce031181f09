import type { Container } from "@bellows/api";
import { expect, test } from "vitest";
import { programOf } from "./container-program.ts";

const container = (image: string, ...args: string[]): Container => ({ name: "c", image, args });
const sh = (image: string, script: string): Container => ({ name: "c", image, command: ["/bin/sh", "-c", script] });
const mib = 1024 ** 2;

test.each([
  ["the php-apache example", container("registry.k8s.io/hpa-example"), { kind: "server", cpuMsPerRequest: 26 }],
  [
    "its load generator",
    container("busybox:1.28", "/bin/sh", "-c", "while sleep 0.01; do wget -q -O- http://php-apache; done"),
    { kind: "generator", host: "php-apache", pauseMs: 10 },
  ],
  [
    "a curl loop",
    sh("curlimages/curl", "while true; do curl -s http://web.shop.svc.cluster.local:8080/a > /dev/null; sleep 1; done"),
    { kind: "generator", host: "web.shop.svc.cluster.local", pauseMs: 1000 },
  ],
  [
    "a wget loop with the output after the address",
    sh("busybox", "while true; do wget -q -O- http://php-apache.default.svc.cluster.local >/dev/null 2>&1; done"),
    { kind: "generator", host: "php-apache.default.svc.cluster.local", pauseMs: 0 },
  ],
  [
    "the hamster",
    sh("registry.k8s.io/ubuntu-slim:0.14", "while true; do timeout 0.5s yes >/dev/null; sleep 0.5s; done"),
    { kind: "burn", cpuMillis: 500 },
  ],
  ["a busy loop", sh("busybox", "while :; do :; done"), { kind: "burn", cpuMillis: 1000 }],
  ["a loop that prints the date", sh("busybox", "while true; do date; sleep 5; done"), { kind: "burn", cpuMillis: 1 }],
  [
    "polinux/stress",
    {
      name: "c",
      image: "polinux/stress",
      command: ["stress"],
      args: ["--vm", "1", "--vm-bytes", "150M", "--vm-hang", "1"],
    },
    { kind: "burn", cpuMillis: 60, memoryBytes: 152 * mib },
  ],
  [
    "vish/stress",
    container("vish/stress", "-cpus", "2", "-mem-total", "1Gi"),
    { kind: "burn", cpuMillis: 2000, memoryBytes: 1026 * mib },
  ],
  [
    "stress-ng at half load",
    container("alexeiled/stress-ng", "--cpu", "4", "--cpu-load", "50", "--timeout", "60s"),
    { kind: "burn", cpuMillis: 2000 },
  ],
  ["a program of which nothing is known", container("example.com/shop/cart:v2", "--port", "80"), { kind: "unknown" }],
  ["the pause container", container("registry.k8s.io/pause:3.7"), { kind: "idle" }],
] as const)("%s", (_, spec, load) => {
  expect(programOf(spec as Container).load).toMatchObject(load);
});

test.each([
  ["sleep 30", sh("busybox", "sleep 30"), 30_000, 0],
  ["echo", sh("busybox", "echo hello"), 50, 0],
  ["echo, sleep and a failure", sh("busybox", "echo start; sleep 2; exit 3"), 2_000, 3],
  ["the command false", { name: "c", image: "busybox", command: ["false"] }, 50, 1],
  ["sleep as the command itself", { name: "c", image: "busybox", command: ["sleep", "3600"] }, 3_600_000, 0],
  ["sleep infinity", sh("busybox", "sleep infinity"), undefined, 0],
  [
    "pi to 2,000 places",
    { name: "pi", image: "perl:5.34.0", command: ["perl", "-Mbignum=bpi", "-wle", "print bpi(2000)"] },
    6_000,
    0,
  ],
  ["a shell nobody types into", { name: "c", image: "busybox" }, 50, 0],
  ["a shell somebody types into", { name: "c", image: "busybox", stdin: true, tty: true }, undefined, 0],
  ["a server", { name: "c", image: "nginx" }, undefined, 0],
] as const)("%s lives as long as it should", (_, spec, lifetimeMs, exitCode) => {
  expect(programOf(spec as unknown as Container)).toMatchObject({ lifetimeMs, exitCode });
});
