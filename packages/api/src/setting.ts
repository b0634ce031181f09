import { z } from "zod";
import { durationMs, durationProblem } from "./duration.ts";

/**
 * Settings of a controller are described once, as a zod object. From a key come the flag (`batchMaxDuration`:
 * `--batch-max-duration`), the environment variable (`BATCH_MAX_DURATION`), the key of the config file and of the
 * chart's values, and the row of the reference.
 */
export type Settings = z.ZodObject;

/** For schemas that are not asked by this code: the chart's. */
const durationPattern = "^[+]?(([0-9]+([.][0-9]*)?|[.][0-9]+)(ns|us|µs|μs|ms|s|m|h))+$|^[+]?0$";

/** A duration as Go writes it: `15s`, `1h30m`. */
export const durationSetting = (options: { readonly above?: number } = {}) =>
  z
    .string()
    .superRefine((text, context) => {
      const problem = durationProblem(text);
      if (problem !== undefined)
        context.addIssue({ code: "custom", message: "expected a duration such as 15s or 1h30m" });
      else if (durationMs(text) < 0 || (options.above !== undefined && durationMs(text) <= options.above)) {
        context.addIssue({
          code: "custom",
          message: `expected a duration ${options.above === undefined ? "of 0s or more" : "above 0s"}`,
        });
      }
    })
    .meta({ pattern: durationPattern });

/** `batchMaxDuration` as `batch-max-duration`. */
export const flagOf = (key: string): string => key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** `batchMaxDuration` as `BATCH_MAX_DURATION`, unless the setting names another. */
export const environmentVariableOf = (key: string, schema: z.ZodType): string =>
  (schema.meta()?.["env"] as string | undefined) ?? flagOf(key).replaceAll("-", "_").toUpperCase();

/** What every controller's process takes, whichever controller it is. */
export const processSettings = {
  kubeconfig: z.string().optional().meta({ description: "A kubeconfig file; without it, the pod's service account." }),
  context: z
    .string()
    .optional()
    .meta({ description: "The kubeconfig's context; default its current one.", env: "KUBE_CONTEXT" }),
  logLevel: z
    .enum(["debug", "info", "warn", "error"])
    .default("info")
    .meta({ description: "Least level that is logged." }),
  bindAddress: z.string().default("0.0.0.0").meta({ description: "Address of /metrics, /healthz and /readyz." }),
  metricsPort: port(8080).meta({ description: "Port of /metrics, /healthz and /readyz; 0 takes any free one." }),
  leaderElect: z
    .boolean()
    .default(true)
    .meta({ description: "Act only while holding the Lease; needed where more than one replica runs." }),
  leaderElectLeaseDuration: durationSetting({ above: 0 })
    .default("15s")
    .meta({ description: "How long others wait for a holder that is silent." }),
  leaderElectRenewDeadline: durationSetting({ above: 0 })
    .default("10s")
    .meta({ description: "How long the holder tries to renew; below the lease duration." }),
  leaderElectRetryPeriod: durationSetting({ above: 0 })
    .default("2s")
    .meta({ description: "Time between two tries; below the renew deadline / 1.2." }),
  leaderElectResourceNamespace: z
    .string()
    .optional()
    .meta({ description: "Namespace of the Lease; default the pod's.", env: "POD_NAMESPACE" }),
  leaderElectResourceName: z
    .string()
    .optional()
    .meta({ description: "Name of the Lease; default bellows-CONTROLLER." }),
  ignoreNeighbours: z
    .boolean()
    .default(false)
    .meta({ description: "Act although another autoscaler acts on the same objects; without it, stand by." }),
};

function port(value: number) {
  return z.int().min(0).max(65_535).default(value);
}
