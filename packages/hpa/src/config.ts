import { durationMs, durationSetting, processSettings } from "@bellows/api";
import { z } from "zod";
import type { HpaControllerOptions } from "./controller.ts";

/** The settings of `bellows hpa`, named as kube-controller-manager's flags. */
export const HpaSettings = z.strictObject({
  ...processSettings,
  horizontalPodAutoscalerSyncPeriod: durationSetting({ above: 0 })
    .default("15s")
    .meta({ description: "Longest time between two syncs of one autoscaler." }),
  horizontalPodAutoscalerDownscaleStabilization: durationSetting()
    .default("5m0s")
    .meta({ description: "How far back the highest recommendation holds a scale-down." }),
  horizontalPodAutoscalerTolerance: z
    .number()
    .min(0)
    .default(0.1)
    .meta({ description: "No change while the ratio of metric and target is this close to 1." }),
  horizontalPodAutoscalerCpuInitializationPeriod: durationSetting()
    .default("5m0s")
    .meta({ description: "After a pod's start, how long its CPU samples may be skipped." }),
  horizontalPodAutoscalerInitialReadinessDelay: durationSetting()
    .default("30s")
    .meta({ description: "After a pod's start, how long a change to ready counts as the first." }),
});
export type HpaSettings = z.output<typeof HpaSettings>;

export const hpaOptions = (settings: HpaSettings): HpaControllerOptions => ({
  syncPeriodMs: durationMs(settings.horizontalPodAutoscalerSyncPeriod),
  downscaleStabilizationMs: durationMs(settings.horizontalPodAutoscalerDownscaleStabilization),
  tolerance: settings.horizontalPodAutoscalerTolerance,
  cpuInitializationPeriodMs: durationMs(settings.horizontalPodAutoscalerCpuInitializationPeriod),
  initialReadinessDelayMs: durationMs(settings.horizontalPodAutoscalerInitialReadinessDelay),
});
