import type { MutatingWebhookConfiguration, ValidatingWebhookConfiguration } from "@bellows/api";

/** A webhook of either kind; `reinvocationPolicy` is only of mutating ones. */
export type Webhook = NonNullable<ValidatingWebhookConfiguration["webhooks"]>[number] & {
  readonly reinvocationPolicy?: string;
};

export type WebhookConfiguration = MutatingWebhookConfiguration | ValidatingWebhookConfiguration;

/** admission.k8s.io/v1 AdmissionReview. */
export interface AdmissionReview {
  readonly apiVersion: "admission.k8s.io/v1";
  readonly kind: "AdmissionReview";
  readonly request?: Readonly<Record<string, unknown>>;
  readonly response?: AdmissionResponse;
}

export interface AdmissionResponse {
  readonly uid: string;
  readonly allowed: boolean;
  readonly status?: { readonly message?: string; readonly reason?: string; readonly code?: number };
  /** A JSON patch in base64. */
  readonly patch?: string;
  readonly patchType?: string;
  readonly warnings?: readonly string[];
}
