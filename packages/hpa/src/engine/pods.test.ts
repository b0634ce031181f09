import type { Pod } from "@bellows/api";
import { expect, test } from "vitest";
import { groupPods, requestsOf } from "./pods.ts";
import { instantOf } from "./samples.ts";

const now = Date.parse("2026-01-01T01:00:00Z");
const before = (seconds: number) => new Date(now - seconds * 1000).toISOString();
const delays = { cpuInitializationPeriodMs: 300_000, initialReadinessDelayMs: 30_000 };

interface Case {
  readonly name: string;
  readonly phase?: string;
  readonly leaving?: true;
  readonly ready?: "True" | "False" | "Unknown";
  readonly turnedAt?: string;
  readonly startedAt?: string;
  readonly sampledAt?: string | "never";
  readonly resource?: string;
  readonly is: "ready" | "unready" | "missing" | "ignored";
}

const cases: readonly Case[] = [
  { name: "ready for long", is: "ready" },
  { name: "failed", phase: "Failed", is: "ignored" },
  { name: "going away, though it still runs", leaving: true, is: "ignored" },
  { name: "pending, though it has a sample", phase: "Pending", is: "unready" },
  { name: "without a sample", sampledAt: "never", is: "missing" },
  { name: "not started yet", startedAt: "", is: "unready" },
  {
    name: "just started, sampled before it turned ready",
    startedAt: before(60),
    turnedAt: before(30),
    sampledAt: before(20),
    is: "unready",
  },
  {
    name: "just started, sampled a window after it turned ready",
    startedAt: before(200),
    turnedAt: before(100),
    sampledAt: before(40),
    is: "ready",
  },
  { name: "just started and not ready", startedAt: before(60), ready: "False", is: "unready" },
  {
    name: "just started, of unknown readiness",
    startedAt: before(200),
    turnedAt: before(100),
    ready: "Unknown",
    sampledAt: before(0),
    is: "ready",
  },
  {
    name: "started long ago and never ready",
    startedAt: before(900),
    turnedAt: before(890),
    ready: "False",
    is: "unready",
  },
  {
    name: "started long ago, and ready in between",
    startedAt: before(900),
    turnedAt: before(100),
    ready: "False",
    is: "ready",
  },
  { name: "just started, of another resource", startedAt: before(60), ready: "False", resource: "memory", is: "ready" },
  {
    name: "just started, of a metric that is no resource",
    startedAt: before(60),
    ready: "False",
    resource: "",
    is: "ready",
  },
  {
    name: "just started, with no instant of anything else",
    startedAt: before(60),
    turnedAt: "",
    sampledAt: "",
    is: "unready",
  },
];

test.each(cases)("a pod $name is $is", (each) => {
  const { phase = "Running", leaving, ready = "True", turnedAt = before(850), startedAt = before(900) } = each;
  const pod: Pod = {
    metadata: { name: "web-0", ...(leaving && { deletionTimestamp: before(1) }) },
    status: {
      phase,
      ...(startedAt && { startTime: startedAt }),
      conditions: [{ type: "Ready", status: ready, ...(turnedAt && { lastTransitionTime: turnedAt }) }],
    },
  };
  const { sampledAt = before(10), resource = "cpu" } = each;
  const samples = new Map(
    sampledAt === "never" ? [] : [["web-0", { milli: 100, at: instantOf(sampledAt), windowMs: 60_000 }]],
  );
  const groups = groupPods([pod], samples, resource || undefined, delays, now);
  expect({ ready: groups.readyCount === 1, ...memberships(groups) }).toEqual({
    ready: each.is === "ready",
    unready: each.is === "unready",
    missing: each.is === "missing",
    ignored: each.is === "ignored",
  });
});

const memberships = ({ unready, missing, ignored }: ReturnType<typeof groupPods>) => ({
  unready: unready.has("web-0"),
  missing: missing.has("web-0"),
  ignored: ignored.has("web-0"),
});

test("a pod with requests of its own counts an init container that asks for more than the others together", () => {
  const requesting = (cpu: string) => ({ name: cpu, resources: { requests: { cpu } } });
  const spec = (initContainers: object[]) =>
    ({
      resources: { requests: { memory: "1Gi" } },
      containers: [requesting("100m"), requesting("200m")],
      initContainers,
    }) as Pod["spec"];
  const request = (initContainers: object[]) =>
    requestsOf([{ metadata: { name: "web-0" }, spec: spec(initContainers) }], "cpu").get("web-0");
  const sidecar = { ...requesting("50m"), restartPolicy: "Always" };
  expect(request([])).toBe(300);
  expect(request([requesting("250m")])).toBe(300);
  expect(request([requesting("900m")])).toBe(900);
  expect(request([sidecar])).toBe(350);
  expect(request([sidecar, requesting("900m")])).toBe(950);
});
