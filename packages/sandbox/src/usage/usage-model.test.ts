import { type LoadProfile, milliOf, type Node, type Pod, type PodSpec, type Service } from "@bellows/api";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { shareCpu } from "./cpu-sharing.ts";
import { amountAt } from "./load-series.ts";
import { computeUsage, seriesProblem, type UsageInput } from "./usage-model.ts";

const now = Date.parse("2026-01-01T00:00:00Z"); // a Thursday
const node: Node = { metadata: { name: "node-1" }, status: { capacity: { cpu: "8" } } };

function aPod(name: string, spec: Partial<PodSpec>, extra: Partial<Pod["metadata"]> = {}): Pod {
  const containers = spec.containers ?? [{ name: "main", image: "nginx" }];
  return {
    metadata: { name, namespace: "default", uid: `uid-${name}`, labels: { app: name.replace(/-\d+$/, "") }, ...extra },
    spec: { nodeName: "node-1", ...spec, containers },
    status: {
      conditions: [{ type: "Ready", status: "True" }],
      containerStatuses: containers.map((container) => ({
        name: container.name,
        image: "",
        imageID: "",
        ready: true,
        restartCount: 0,
        state: { running: { startedAt: "2025-12-31T23:00:00Z" } },
      })),
    },
  };
}

const phpApache = (index: number) =>
  aPod(`php-apache-${index}`, {
    containers: [
      {
        name: "php-apache",
        image: "registry.k8s.io/hpa-example",
        resources: { requests: { cpu: "200m" }, limits: { cpu: "500m" } },
      },
    ],
  });
const generator = aPod("load-generator", {
  containers: [
    {
      name: "load-generator",
      image: "busybox:1.28",
      args: ["/bin/sh", "-c", "while sleep 0.01; do wget -q -O- http://php-apache; done"],
    },
  ],
});
const service: Service = {
  metadata: { name: "php-apache", namespace: "default" },
  spec: { selector: { app: "php-apache" } },
};

function usageOf(input: Partial<UsageInput>) {
  const usage = computeUsage({ pods: [], nodes: [node], services: [service], profiles: [], now, ...input });
  return new Map([...usage.values()].map((one) => [one.pod.metadata.name, one]));
}
const cpuOf = (usage: ReturnType<typeof usageOf>, name: string) =>
  usage.get(name)?.containers[0]?.cpuMillis ?? Number.NaN;

describe("php-apache", () => {
  test("idles near 1m without load", () => {
    expect(cpuOf(usageOf({ pods: [phpApache(1)] }), "php-apache-1")).toBeCloseTo(1, 1);
  });

  test("is held at its limit by one load generator", () => {
    const usage = usageOf({ pods: [phpApache(1), generator] });
    expect(cpuOf(usage, "php-apache-1")).toBe(500);
    expect(cpuOf(usage, "load-generator")).toBeGreaterThan(40);
  });

  test.each([6, 7])("with %i pods uses about half of its requests", (count) => {
    const pods = Array.from({ length: count }, (_, index) => phpApache(index));
    const usage = usageOf({ pods: [...pods, generator] });
    const average = pods.reduce((sum, pod) => sum + cpuOf(usage, pod.metadata.name), 0) / count;
    // Within the autoscaler's tolerance of the 50 % target, or one step from it.
    expect(average / 200).toBeGreaterThan(0.45);
    expect(average / 200).toBeLessThan(0.57);
  });

  test("a pod that is not ready gets no requests", () => {
    const starting = {
      ...phpApache(2),
      status: { ...phpApache(2).status, conditions: [{ type: "Ready", status: "False" }] },
    };
    const usage = usageOf({ pods: [phpApache(1), starting, generator] });
    expect(cpuOf(usage, "php-apache-2")).toBeLessThan(2);
    expect(usage.get("php-apache-1")?.requestsPerSecond).toBeGreaterThan(15);
  });

  test("a generator in another namespace finds it by its full name only", () => {
    const elsewhere = (host: string) =>
      aPod(
        "other",
        {
          containers: [
            { name: "main", image: "busybox", args: ["sh", "-c", `while true; do wget -q -O- http://${host}; done`] },
          ],
        },
        { namespace: "test" },
      );
    expect(cpuOf(usageOf({ pods: [phpApache(1), elsewhere("php-apache")] }), "php-apache-1")).toBeLessThan(2);
    expect(
      cpuOf(usageOf({ pods: [phpApache(1), elsewhere("php-apache.default.svc.cluster.local")] }), "php-apache-1"),
    ).toBe(500);
  });
});

describe("profiles and annotations", () => {
  const profile = (spec: object, name = "load", createdAt = "2026-01-01T00:00:00Z"): LoadProfile =>
    ({ metadata: { name, namespace: "default", creationTimestamp: createdAt }, spec }) as LoadProfile;

  test("a profile per pod says what each pod uses", () => {
    const spec = {
      target: { selector: { matchLabels: { app: "web" } } },
      share: "PerPod",
      cpu: { constant: { value: "250m" }, noise: 0 },
      memory: { constant: { value: "100Mi" }, noise: 0 },
    };
    const usage = usageOf({ pods: [aPod("web-1", {}), aPod("other", {})], profiles: [profile(spec)] });
    expect(usage.get("web-1")?.containers[0]).toMatchObject({ cpuMillis: 250, memoryBytes: 100 * 1024 ** 2 });
    expect(cpuOf(usage, "other")).toBeLessThan(1);
  });

  test("a total is shared by the ready pods of a Deployment", () => {
    const owned = (index: number) =>
      aPod(
        `web-${index}`,
        {},
        {
          labels: { "pod-template-hash": "abc" },
          ownerReferences: [{ apiVersion: "apps/v1", kind: "ReplicaSet", name: "web-abc", uid: "1", controller: true }],
        },
      );
    const spec = {
      target: { owner: { apiVersion: "apps/v1", kind: "Deployment", name: "web" } },
      share: "Total",
      cpu: { constant: { value: "1" }, noise: 0 },
    };
    const usage = usageOf({ pods: [owned(1), owned(2), owned(3), owned(4)], profiles: [profile(spec)] });
    expect(cpuOf(usage, "web-3")).toBe(250);
  });

  test("the oldest of several profiles counts", () => {
    const spec = (value: string) => ({
      target: { selector: {} },
      share: "PerPod",
      cpu: { constant: { value }, noise: 0 },
    });
    const profiles = [profile(spec("1"), "a", "2026-01-02T00:00:00Z"), profile(spec("2"), "b")];
    expect(cpuOf(usageOf({ pods: [aPod("web", {})], profiles }), "web")).toBe(2000);
  });

  test("a profile that cannot be read counts for nothing, and says why", () => {
    const daily = { timeZone: "Mars/Olympus", points: [{ at: "00:00", value: "1" }], weekend: 1 };
    const broken = profile({ target: { selector: {} }, share: "PerPod", cpu: { daily, noise: 0 } });
    expect(cpuOf(usageOf({ pods: [aPod("web", {})], profiles: [broken] }), "web")).toBeLessThan(1);
    expect(seriesProblem(broken, now)).toMatch(/^spec\.cpu: .*Mars\/Olympus/);
  });

  test("an annotation does for a single pod, and one that is no quantity changes nothing", () => {
    const usage = usageOf({
      pods: [
        aPod("a", {}, { annotations: { "sandbox.bellows.dev/cpu": "300m" } }),
        aPod("b", {}, { annotations: { "sandbox.bellows.dev/cpu": "much" } }),
      ],
    });
    expect(cpuOf(usage, "a")).toBeGreaterThan(290);
    expect(cpuOf(usage, "b")).toBeLessThan(1);
  });
});

describe("a series", () => {
  const at = (series: object, seconds: number) =>
    amountAt({ noise: 0, ...series } as never, now, now + seconds * 1000, milliOf);
  test.each([
    ["a step before it is reached", { step: { steps: [{ at: "1m", value: "1" }] } }, 59, 0],
    ["a step from then on", { step: { steps: [{ at: "1m", value: "1" }] } }, 60, 1000],
    [
      "steps that repeat",
      {
        step: {
          steps: [
            { at: "0s", value: "1" },
            { at: "30s", value: "2" },
          ],
          repeat: "1m",
        },
      },
      95,
      2000,
    ],
    ["a ramp halfway", { ramp: { from: "0", to: "1", after: "10s", over: "20s" } }, 20, 500],
    ["a ramp that has ended", { ramp: { from: "0", to: "1", after: "0s", over: "20s" } }, 100, 1000],
    ["the top of a wave", { sine: { mean: "500m", amplitude: "200m", period: "1m", phase: "0s" } }, 15, 700],
    ["a wave below nothing", { sine: { mean: "100m", amplitude: "200m", period: "1m", phase: "0s" } }, 45, 0],
    [
      "a day between two points",
      {
        daily: {
          timeZone: "UTC",
          points: [
            { at: "00:00", value: "0" },
            { at: "12:00", value: "1" },
          ],
          weekend: 1,
        },
      },
      6 * 3600,
      500,
    ],
    [
      "a day in Seoul",
      {
        daily: {
          timeZone: "Asia/Seoul",
          points: [
            { at: "09:00", value: "1" },
            { at: "21:00", value: "0" },
          ],
          weekend: 1,
        },
      },
      0,
      1000,
    ],
    ["a weekend", { daily: { timeZone: "UTC", points: [{ at: "00:00", value: "1" }], weekend: 0.5 } }, 2 * 86_400, 500],
    [
      "a recording",
      { trace: { csv: "seconds,cpu\n0,100m\n# peak\n60,1\n120,200m", interpolate: false, repeat: false } },
      90,
      1000,
    ],
    ["a recording with values in between", { trace: { csv: "0,0\n60,1", interpolate: true, repeat: false } }, 30, 500],
    [
      "a recording that repeats",
      { trace: { csv: "0,100m\n60,200m\n120,100m", interpolate: false, repeat: true } },
      190,
      200,
    ],
  ])("%s", (_, series, seconds, expected) => {
    expect(at(series, seconds)).toBeCloseTo(expected, 6);
  });

  test("noise stays within its share and is the same every time", () => {
    const noisy = (seconds: number) => at({ constant: { value: "1" }, noise: 0.2 }, seconds);
    const samples = Array.from({ length: 50 }, (_, index) => noisy(index * 15));
    expect(Math.min(...samples)).toBeGreaterThanOrEqual(800);
    expect(Math.max(...samples)).toBeLessThanOrEqual(1200);
    expect(new Set(samples).size).toBeGreaterThan(40);
    expect(noisy(15)).toBe(samples[1]);
  });
});

describe("CPU of a node", () => {
  const demand = fc.record({
    wanted: fc.integer({ min: 0, max: 5000 }),
    limit: fc.integer({ min: 1, max: 4000 }),
    request: fc.integer({ min: 0, max: 2000 }),
  });
  test("is never shared out beyond what is wanted, allowed or there, and never wasted", () => {
    fc.assert(
      fc.property(fc.array(demand, { maxLength: 12 }), fc.integer({ min: 1, max: 8000 }), (demands, capacity) => {
        const got = shareCpu(demands, capacity);
        const wanted = demands.map(({ wanted, limit }) => Math.min(wanted, limit));
        const sum = (amounts: readonly number[]) => amounts.reduce((total, amount) => total + amount, 0);
        for (const [index, amount] of got.entries()) expect(amount).toBeLessThanOrEqual((wanted[index] ?? 0) + 1e-6);
        expect(sum(got)).toBeCloseTo(Math.min(capacity, sum(wanted)), 4);
      }),
    );
  });

  test("is shared by requests when it is short", () => {
    const greedy = (request: number) => ({ wanted: 4000, limit: Number.POSITIVE_INFINITY, request });
    expect(shareCpu([greedy(100), greedy(300)], 2000)).toEqual([500, 1500]);
  });
});
