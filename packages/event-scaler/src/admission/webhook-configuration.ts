import type { ValidatingWebhookConfiguration } from "@bellows/api";

export interface WebhookConfigurationOptions {
  /** The Service that the webhooks are served behind. */
  readonly service: { readonly namespace: string; readonly name: string; readonly port?: number };
  /** PEM text. */
  readonly caBundle: string;
  /** Default `Ignore`: a webhook that is down must not keep anybody from working. */
  readonly failurePolicy?: "Ignore" | "Fail";
}

const webhooks = [
  { name: "vscaledobject.kb.io", group: "keda.sh", kind: "scaledobject" },
  { name: "vscaledjob.kb.io", group: "keda.sh", kind: "scaledjob" },
  { name: "vstriggerauthentication.kb.io", group: "keda.sh", kind: "triggerauthentication" },
  { name: "vsclustertriggerauthentication.kb.io", group: "keda.sh", kind: "clustertriggerauthentication" },
  { name: "vcloudeventsource.kb.io", group: "eventing.keda.sh", kind: "cloudeventsource" },
  { name: "vclustercloudeventsource.kb.io", group: "eventing.keda.sh", kind: "clustercloudeventsource" },
] as const;

/** What registers the webhooks, under the names that KEDA's have. */
export function webhookConfiguration(options: WebhookConfigurationOptions): ValidatingWebhookConfiguration {
  const { service, caBundle, failurePolicy = "Ignore" } = options;
  return {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "ValidatingWebhookConfiguration",
    metadata: { name: "keda-admission", labels: { "app.kubernetes.io/part-of": "bellows" } },
    webhooks: webhooks.map(({ name, group, kind }) => ({
      name,
      admissionReviewVersions: ["v1"],
      clientConfig: {
        service: { port: 443, ...service, path: `/validate-${group.replaceAll(".", "-")}-v1alpha1-${kind}` },
        caBundle: Buffer.from(caBundle).toString("base64"),
      },
      failurePolicy,
      matchPolicy: "Equivalent",
      sideEffects: "None",
      timeoutSeconds: 10,
      rules: [
        {
          apiGroups: [group],
          apiVersions: ["v1alpha1"],
          operations: ["CREATE", "UPDATE"],
          resources: [`${kind}s`],
        },
      ],
    })),
  };
}
