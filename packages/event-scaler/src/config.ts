import { durationSetting, processSettings } from "@bellows/api";
import { z } from "zod";
import { engines } from "./engine/index.ts";

/** The settings of `bellows event-scaler`; environment variables are named as KEDA's. */
export const EventScalerSettings = z.strictObject({
  ...processSettings,
  securePort: z.int().min(0).max(65_535).default(6443).meta({
    description: "Port of the external metrics API and the admission webhooks, by TLS; 0 takes any free one.",
  }),
  serviceName: z
    .string()
    .default("bellows-event-scaler")
    .meta({ description: "The Service that the API server reaches the secure port by; its certificate names it." }),
  registerApiService: z.boolean().default(true).meta({
    description:
      "Point the APIService v1beta1.external.metrics.k8s.io to the Service; an adapter that was there goes on being asked.",
  }),
  engine: z.enum(engines).default("hpa").meta({
    description:
      "What scales ScaledObjects between one and their maximum: an HPA object, or this process itself at each reading; the annotation event-scaler.bellows.dev/engine of a ScaledObject comes first.",
  }),
  registerWebhooks: z
    .boolean()
    .default(true)
    .meta({ description: "Keep the ValidatingWebhookConfiguration keda-admission pointed to the Service." }),
  clusterObjectNamespace: z.string().default("keda").meta({
    description: "Where ClusterTriggerAuthentications have their Secrets.",
    env: "KEDA_CLUSTER_OBJECT_NAMESPACE",
  }),
  watchNamespace: z
    .string()
    .regex(/^[^,]*$/, { error: "one namespace, or nothing for all of them" })
    .default("")
    .meta({ description: "Look at objects of this namespace only; all of them without it.", env: "WATCH_NAMESPACE" }),
  restrictSecretAccess: z.boolean().default(false).meta({
    description: "Read Secrets in the cluster object namespace only.",
    env: "KEDA_RESTRICT_SECRET_ACCESS",
  }),
  filepathAuthRootPath: z
    .string()
    .optional()
    .meta({ description: "The folder that files of TriggerAuthentications are below; without it they are refused." }),
  caDir: z.string().default("/custom/ca").meta({
    description:
      "Folders, separated by commas, with certificates of authorities that triggers trust beside the usual ones.",
  }),
  k8sClusterName: z
    .string()
    .default("kubernetes-default")
    .meta({ description: "Name of this cluster in CloudEvents whose source has none of its own." }),
  httpDefaultTimeout: durationSetting({ above: 0 })
    .default("3s")
    .meta({ description: "Time-out of one HTTP request of a trigger." }),
  enableHighCardinalityMetricsLabels: z.boolean().default(false).meta({
    description: "Tell the durations of HTTP requests of triggers by object, trigger and metric.",
  }),
  boundServiceAccountTokenExpiry: durationSetting({ above: 0 }).default("1h").meta({
    description: "For how long bound service account tokens are asked for.",
    env: "KEDA_BOUND_SERVICE_ACCOUNT_TOKEN_EXPIRY",
  }),
});
export type EventScalerSettings = z.output<typeof EventScalerSettings>;
