import { ConfigMap, processSettings } from "@bellows/api";
import { type Controller, type Projection, projection } from "@bellows/kube";
import { z } from "zod";
import { configMapController } from "./config-map-controller.ts";
import { clusterProportionalAutoscalerController } from "./controller.ts";
import { installationOf } from "./installation.ts";

/** The settings of `bellows cpa`, named as cluster-proportional-autoscaler's flags. */
export const CpaSettings = z.strictObject({
  ...processSettings,
  target: z.string().optional().meta({
    description:
      "Workloads sized by a ConfigMap: deployment/web, or several separated by commas. Without it only ClusterProportionalAutoscaler objects count.",
  }),
  configmap: z
    .string()
    .optional()
    .meta({ description: "The ConfigMap with the parameters (ladder or linear) of the target." }),
  namespace: z
    .string()
    .optional()
    .meta({ description: "Namespace of the target and the ConfigMap.", env: "MY_NAMESPACE" }),
  nodelabels: z.string().optional().meta({ description: "Nodes to count, as a label selector; default all." }),
  defaultParams: z
    .string()
    .optional()
    .meta({ description: 'JSON by control mode, for a ConfigMap that is missing: {"ladder":{...}}.' }),
  pollPeriodSeconds: z
    .int()
    .min(1)
    .default(10)
    .meta({ description: "Longest time until a target that somebody else scaled is put right." }),
});
export type CpaSettings = z.output<typeof CpaSettings>;

/**
 * The controllers that the settings ask for, and how their cache keeps ConfigMaps: only the one that is named, so that
 * no right to the others is needed.
 * @throws RangeError naming the setting that can't be used
 */
export function cpaControllers(settings: CpaSettings): { controllers: Controller[]; projections: Projection[] } {
  const own = clusterProportionalAutoscalerController();
  const { target, configmap, namespace, nodelabels, defaultParams, pollPeriodSeconds } = settings;
  if (target === undefined) return { controllers: [own], projections: [] };
  if (!configmap || !namespace) {
    throw new RangeError("--configmap, --namespace: not given, expected both where --target is given");
  }
  const installation = installationOf({
    target,
    configmap,
    namespace,
    ...(nodelabels !== undefined && { nodelabels }),
    ...(defaultParams !== undefined && { "default-params": defaultParams }),
  });
  if ("problem" in installation) throw new RangeError(`--${installation.problem}`);
  return {
    controllers: [own, configMapController({ installations: [installation], pollPeriodMs: pollPeriodSeconds * 1000 })],
    projections: [projection({ kind: ConfigMap, namespace, fieldSelector: `metadata.name=${configmap}` })],
  };
}
