import type { MetricSpec, PodMetrics } from "@bellows/api";
import { ApiError, type Client } from "@bellows/kube";
import { expect, test } from "vitest";
import { evaluateMetric } from "./engine/metric.ts";
import { observeMetrics } from "./observe-metrics.ts";
import { itemsOf } from "./pod-metrics-reader.ts";

const metric = { name: "queue" };
const target = { type: "AverageValue", averageValue: "10" };
const specs: Record<"pods" | "object" | "external", MetricSpec> = {
  pods: { type: "Pods", pods: { metric, target } },
  object: { type: "Object", object: { metric, target, describedObject: { kind: "Service", name: "web" } } },
  external: { type: "External", external: { metric, target } },
};
const apis = { pods: "custom", object: "custom", external: "external" } as const;

async function reading(spec: MetricSpec, answer: () => unknown) {
  const client = {
    raw: async () => answer(),
    resourceOf: async () => ({ group: "", plural: "services" }),
  } as unknown as Client;
  const [read] = await observeMetrics(client, "shop", "app=web", [spec], async () => itemsOf<PodMetrics>(answer()));
  return read;
}

const item = (value: unknown) => ({
  items: [{ describedObject: { kind: "Pod", name: "web-0" }, metricName: "queue", value }],
});

test.each(Object.keys(specs) as (keyof typeof specs)[])(
  "%s: what is no quantity is named, and no number",
  async (kind) => {
    for (const wrong of ["NaN", "+Inf", "lots", "", null, {}]) {
      expect(await reading(specs[kind], () => item(wrong))).toEqual({
        error: expect.stringMatching(
          `^unable to fetch metrics from ${apis[kind]} metrics API: value: quantities must match`,
        ),
      });
    }
  },
);

test.each(Object.keys(specs) as (keyof typeof specs)[])("%s: something else than a list is no answer", async (kind) => {
  for (const wrong of [null, undefined, "<html>", {}, { items: null }, { items: {} }]) {
    expect(await reading(specs[kind], () => wrong)).toMatchObject({ error: expect.stringContaining("metrics API") });
  }
});

test("values beyond 64 bits are cut to them", async () => {
  const cut = (value: string) => reading(specs.external, () => item(value));
  expect(await cut("1e400")).toEqual({ valuesMilli: [2n ** 63n - 1n] });
  expect(await cut("-1e20000")).toEqual({ valuesMilli: [-(2n ** 63n)] });
  expect(await cut("9007199254740993m")).toEqual({ valuesMilli: [9007199254740993n] });
});

test("a pod's use that is no quantity fails its metric, not the sync", async () => {
  const spec: MetricSpec = {
    type: "Resource",
    resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 50 } },
  };
  const read = await reading(spec, () => ({
    items: [{ metadata: { name: "web-0" }, containers: [{ name: "main", usage: { cpu: "NaN" } }] }],
  }));
  const context = {
    pods: [{ metadata: { name: "web-0" } }],
    tolerance: { up: 0.1, down: 0.1 },
    delays: { cpuInitializationPeriodMs: 0, initialReadinessDelayMs: 0 },
    now: 0,
    namespace: "shop",
    specReplicas: 1,
    statusReplicas: 1,
  };
  expect(evaluateMetric(spec, read ?? { error: "nothing" }, context)).toMatchObject({
    failure: {
      reason: "FailedGetResourceMetric",
      message: expect.stringContaining("unable to get metrics for resource cpu: quantities must match"),
    },
  });
});

test("metrics.k8s.io that is not there, or down, is said as kubectl does", async () => {
  const spec: MetricSpec = { type: "Resource", resource: { name: "cpu", target } };
  const failing = (code: number) =>
    reading(spec, () => {
      throw new ApiError(code, { message: "the server could not find the requested resource" });
    });
  expect(await failing(404)).toEqual({
    error:
      "unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)",
  });
  expect(await failing(503)).toEqual({
    error:
      "unable to fetch metrics from resource metrics API: the server is currently unable to handle the request (get pods.metrics.k8s.io)",
  });
});
