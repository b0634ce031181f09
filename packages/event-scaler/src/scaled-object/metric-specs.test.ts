import type { MetricSpec, ScaledObject } from "@bellows/api";
import { silentLogger } from "@bellows/kube";
import type { TriggerSeams } from "@bellows/triggers";
import { expect, test } from "vitest";
import type { Scaler, Scalers } from "../scalers/index.ts";
import { hpaMetrics } from "./metric-specs.ts";

const external = (name: string): MetricSpec => ({
  type: "External",
  external: { metric: { name }, target: { type: "AverageValue", averageValue: "100" } },
});
const cpu: MetricSpec = {
  type: "Resource",
  resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 50 } },
};

const seams = { log: silentLogger } as unknown as TriggerSeams;

/** What the HPA compares where each trigger gives such metrics, or fails. */
function metricsOf(triggers: readonly (readonly MetricSpec[] | Error)[], spec: object = {}) {
  const scalers = {
    specsOf: async (scaler: unknown) => {
      if (scaler instanceof Error) throw scaler;
      return scaler;
    },
  } as unknown as Scalers;
  const object: ScaledObject = {
    metadata: { name: "web", namespace: "shop" },
    spec: { scaleTargetRef: { name: "web" }, triggers: [], ...spec },
  };
  const opened = triggers.map((one) =>
    one instanceof Error ? Object.assign(one, { declared: { type: "x" } }) : one,
  ) as unknown as readonly Scaler[];
  return hpaMetrics(object, opened, scalers, seams);
}

const namesIn = (specs: readonly MetricSpec[]) =>
  specs.map((spec) => spec.external?.metric.name ?? spec.resource?.name);

test("the metrics of all triggers, resources last, say whose they are", async () => {
  const { specs, externalMetricNames, resourceMetricNames } = await metricsOf([
    [cpu],
    [external("a")],
    [external("b")],
  ]);
  expect(namesIn(specs)).toEqual(["a", "b", "cpu"]);
  expect(externalMetricNames).toEqual(["a", "b"]);
  expect(resourceMetricNames).toEqual(["cpu"]);
  expect(specs[0]?.external?.metric.selector).toEqual({ matchLabels: { "scaledobject.keda.sh/name": "web" } });
});

test("two metrics of one name are refused", async () => {
  await expect(metricsOf([[external("a")], [external("b"), external("a")]])).rejects.toThrow(
    "metricName a defined multiple times in ScaledObject web",
  );
});

test("a trigger that can't say what it measures leaves the metrics of the others", async () => {
  expect(namesIn((await metricsOf([new Error("down"), [cpu]])).specs)).toEqual(["cpu"]);
});

test.each([{ of: [[]] }, { of: [new Error("down")] }, { of: [] }])(
  "no metrics at all are refused: $of",
  async ({ of }) => {
    await expect(metricsOf(of)).rejects.toThrow("no metric specs returned from scalers for ScaledObject shop/web");
  },
);

test.each([
  [
    { formula: "a", target: "2" },
    { type: "AverageValue", averageValue: "2" },
  ],
  [
    { formula: "a", target: "2.5", metricType: "Value" },
    { type: "Value", value: "2500m" },
  ],
])("a formula %o takes the place of the external metrics", async (scalingModifiers, target) => {
  const metrics = await metricsOf([[external("a")], [cpu]], { advanced: { scalingModifiers } });
  expect(namesIn(metrics.specs)).toEqual(["cpu", "composite-metric"]);
  expect(metrics.specs[1]?.external?.target).toEqual(target);
  expect(metrics).toMatchObject({ externalMetricNames: ["a"], compositeScalerName: "composite-metric" });
});
