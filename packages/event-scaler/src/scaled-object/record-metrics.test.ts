import type { ScaledObject } from "@bellows/api";
import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { EventScalerMetrics } from "../metrics.ts";
import type { Scaler } from "../scalers/index.ts";
import { RegisteredObjects, recordComposite, recordUnread } from "./record-metrics.ts";

const triggers = [
  { type: "cpu", metadata: {} },
  { type: "memory", name: "ram", metadata: {} },
  { type: "cron", metadata: {} },
];
const anObject = (formula = ""): ScaledObject => ({
  metadata: { namespace: "shop", name: "web" },
  spec: {
    scaleTargetRef: { name: "web" },
    triggers,
    ...(formula && { advanced: { scalingModifiers: { formula, target: "1" } } }),
  },
});
const opened = triggers.map((declared, index) => ({ index, declared }) as unknown as Scaler);

function recorded(record: (metrics: EventScalerMetrics) => void) {
  const registry = new Registry();
  record(new EventScalerMetrics(registry));
  return registry.metrics();
}

const active = (scaler: string, index: number, metric: string) =>
  `keda_scaler_active{namespace="shop",metric="${metric}",scaledObject="web",scaler="${scaler}",triggerIndex="${index}",type="scaledobject"} 1\n`;

test("cpu and memory are active, by the name of the trigger or of KEDA's scaler", async () => {
  const written = await recorded((metrics) => recordUnread(anObject(), opened, [], metrics));
  expect(written).toContain(active("cpuMemoryScaler", 0, "cpu"));
  expect(written).toContain(active("ram", 1, "memory"));
  expect(written.match(/^keda_scaler_active\{/gm)).toHaveLength(2);
});

test("with a formula they are not told", async () => {
  const written = await recorded((metrics) => recordUnread(anObject("cpu"), opened, [], metrics));
  expect(written).not.toContain("keda_scaler_active{");
});

const errors = 'keda_scaled_object_errors_total{namespace="shop",scaledObject="web"}';

test("a trigger that can't say what it measures counts for the object", async () => {
  const failures = [{ scaler: opened[2] as Scaler, error: "got empty metric spec" }];
  const written = await recorded((metrics) => recordUnread(anObject(), opened, failures, metrics));
  expect(written).toContain(`${errors} 1\n`);
});

test("the errors of an object are none before there is one", async () => {
  const key = { namespace: "shop", name: "web" };
  const written = await recorded((metrics) => {
    new RegisteredObjects(metrics, "scaledobject").count(key, anObject());
    new RegisteredObjects(metrics, "scaledjob").count(key, anObject());
  });
  expect(written).toContain(`${errors} 0\n`);
  expect(written).toContain('keda_scaled_job_errors_total{namespace="shop",scaledJob="web"} 0\n');
});

test("a formula's value is told unless a trigger fails", async () => {
  const state = {
    active: true,
    failing: false,
    activeTriggers: ["composite-metric"],
    isFallback: false,
    values: [{ metricName: "composite-metric", value: 7 }],
    errors: [],
  };
  expect(await recorded((metrics) => recordComposite(anObject("cron"), state, metrics))).toContain(
    active("composite-metric", 0, "composite-metric"),
  );
  const failing = { ...state, failing: true };
  expect(await recorded((metrics) => recordComposite(anObject("cron"), failing, metrics))).not.toContain("{namespace");
});
