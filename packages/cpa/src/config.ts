import { ConfigMap, processSettings } from "@bellows/api";
import { type Clock, type Controller, type Projection, projection, type ServingOptions } from "@bellows/kube";
import { z } from "zod";
import { configMapController } from "./config-map-controller.ts";
import { clusterProportionalAutoscalerController } from "./controller.ts";
import { type Installation, installationOf } from "./installation.ts";
import { type SyncHealth, syncHealth } from "./sync-health.ts";

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
    .meta({ description: "Namespace of the target and the ConfigMap.", env: "MY_POD_NAMESPACE" }),
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
  maxSyncFailures: z
    .int()
    .min(0)
    .default(0)
    .meta({ description: "Consecutive syncs of the target that may fail before the process ends; 0: any number." }),
  clusterProportionalAutoscalers: z.boolean().default(true).meta({
    description: "Act on ClusterProportionalAutoscaler objects; false where only the target and its ConfigMap count.",
  }),
});
export type CpaSettings = z.output<typeof CpaSettings>;

/** What `bellows cpa` runs. */
export interface CpaProcess {
  /** Only the ConfigMap that is named, so that no right to the others is needed. */
  readonly projections: readonly Projection[];
  controllers(parts: { readonly clock: Clock; giveUp(reason: string): void }): readonly Controller[];
  /** `/last-poll`: 200, or 500 with what went wrong at the last sync of the target. */
  readonly routes: NonNullable<ServingOptions["routes"]>;
}

/** @throws RangeError naming the setting that can't be used */
export function cpaProcess(settings: CpaSettings): CpaProcess {
  const { configmap, pollPeriodSeconds, maxSyncFailures, clusterProportionalAutoscalers, ignoreNeighbours } = settings;
  const installation = installationFrom(settings);
  if (!installation && !clusterProportionalAutoscalers) {
    throw new RangeError("--target: not given, expected it where --cluster-proportional-autoscalers=false");
  }
  const pollPeriodMs = pollPeriodSeconds * 1000;
  let health: SyncHealth | undefined;
  return {
    projections: installation
      ? [
          projection({
            kind: ConfigMap,
            namespace: installation.namespace,
            fieldSelector: `metadata.name=${configmap}`,
          }),
        ]
      : [],
    controllers({ clock, giveUp }) {
      const own = clusterProportionalAutoscalers ? [clusterProportionalAutoscalerController({ ignoreNeighbours })] : [];
      if (!installation) return own;
      const syncs = syncHealth({ clock, pollPeriodMs, maxFailures: maxSyncFailures, giveUp });
      health = syncs;
      const onSync = (problem: string | undefined) => syncs.record(problem);
      return [...own, configMapController({ installations: [installation], pollPeriodMs, ignoreNeighbours, onSync })];
    },
    routes(app) {
      if (!installation) return;
      app.get("/last-poll", (_, reply) => {
        const problem = health?.lastProblem;
        return problem === undefined
          ? reply.code(200).send("")
          : reply.code(500).type("text/plain").send(`Encountered error at last poll cycle: ${problem}`);
      });
    },
  };
}

function installationFrom(settings: CpaSettings): Installation | undefined {
  const { target, configmap, namespace, nodelabels, defaultParams } = settings;
  if (target === undefined) return undefined;
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
  return installation;
}
