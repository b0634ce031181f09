import { expect, test } from "vitest";
import { HpaSettings, hpaOptions } from "./config.ts";

test("the defaults are those of kube-controller-manager 1.35", () => {
  expect(hpaOptions(HpaSettings.parse({}))).toEqual({
    concurrency: 5,
    configurableTolerance: true,
    scaleToZero: false,
    syncPeriodMs: 15_000,
    downscaleStabilizationMs: 300_000,
    tolerance: 0.1,
    cpuInitializationPeriodMs: 300_000,
    initialReadinessDelayMs: 30_000,
  });
});

test.each([
  ["HPAScaleToZero=true", { scaleToZero: true, configurableTolerance: true }],
  ["HPAConfigurableTolerance=false, HPAScaleToZero=true", { scaleToZero: true, configurableTolerance: false }],
  ["", { scaleToZero: false, configurableTolerance: true }],
])("feature gates %j", (featureGates, options) => {
  expect(hpaOptions(HpaSettings.parse({ featureGates }))).toMatchObject(options);
});

test.each(["HPAScaleToZero", "HPAScaleToZero=yes", "Other=true"])(
  "%j is refused, with what was found",
  (featureGates) => {
    const { error } = HpaSettings.safeParse({ featureGates });
    expect(error?.issues[0]?.message).toBe(
      `expected HPAConfigurableTolerance or HPAScaleToZero, each =true or =false, found ${featureGates}`,
    );
  },
);
