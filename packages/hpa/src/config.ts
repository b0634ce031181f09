import { durationMs, durationSetting, processSettings } from "@bellows/api";
import { z } from "zod";
import type { HpaControllerOptions } from "./controller.ts";

/** The feature gates, each with the option that it is. */
const gates = { HPAConfigurableTolerance: "configurableTolerance", HPAScaleToZero: "scaleToZero" } as const;
type Gates = { -readonly [Gate in (typeof gates)[keyof typeof gates]]: boolean };

/** Defaults of Kubernetes 1.35. */
const gatesText = "HPAConfigurableTolerance=true,HPAScaleToZero=false";

/** The settings of `bellows hpa`, named as kube-controller-manager's flags. */
export const HpaSettings = z.strictObject({
  ...processSettings,
  horizontalPodAutoscalerApiGroup: z.enum(["auto", "autoscaling", "autoscaling.bellows.dev"]).default("auto").meta({
    description:
      "Whose HorizontalPodAutoscalers are served; auto: both groups, but autoscaling is left to kube-controller-manager while that serves it.",
  }),
  concurrentHorizontalPodAutoscalerSyncs: z
    .int()
    .min(1)
    .default(5)
    .meta({ description: "Autoscalers that are synced at the same time." }),
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
  featureGates: featureGates().meta({
    description:
      "HPAConfigurableTolerance (a behavior's own tolerance counts) and HPAScaleToZero (minReplicas of group autoscaling.bellows.dev may be 0), as NAME=true or NAME=false, separated by commas.",
  }),
});
export type HpaSettings = z.output<typeof HpaSettings>;

export const hpaOptions = (settings: HpaSettings): HpaControllerOptions => ({
  concurrency: settings.concurrentHorizontalPodAutoscalerSyncs,
  ...gatesIn(settings.featureGates),
  syncPeriodMs: durationMs(settings.horizontalPodAutoscalerSyncPeriod),
  downscaleStabilizationMs: durationMs(settings.horizontalPodAutoscalerDownscaleStabilization),
  tolerance: settings.horizontalPodAutoscalerTolerance,
  cpuInitializationPeriodMs: durationMs(settings.horizontalPodAutoscalerCpuInitializationPeriod),
  initialReadinessDelayMs: durationMs(settings.horizontalPodAutoscalerInitialReadinessDelay),
});

function featureGates() {
  return z
    .string()
    .superRefine((text, context) => {
      for (const each of pairsOf(text)) {
        const [name = "", value = ""] = each.split("=");
        if (name in gates && ["true", "false"].includes(value)) continue;
        const message = `expected ${Object.keys(gates).join(" or ")}, each =true or =false, found ${each}`;
        context.addIssue({ code: "custom", message });
      }
    })
    .meta({ pattern: `^ *(((${Object.keys(gates).join("|")})=(true|false))? *(, *|$))*$` })
    .default(gatesText);
}

/** Those that are not named keep their defaults. */
function gatesIn(text: string): Gates {
  const found: Gates = { configurableTolerance: true, scaleToZero: false };
  for (const each of pairsOf(text)) {
    const [name, value] = each.split("=") as [keyof typeof gates, string];
    found[gates[name]] = value === "true";
  }
  return found;
}

const pairsOf = (text: string): string[] =>
  text
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "");
