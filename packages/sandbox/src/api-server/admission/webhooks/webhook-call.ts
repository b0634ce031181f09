import { randomUuid } from "@bellows/kube";
import { isObject } from "../../json-value.ts";
import { badRequest, type Status, StatusError } from "../../status-error.ts";
import type { CallWebhook } from "../../webhook-client.ts";
import { type AdmissionRequest, type AdmissionWorld, refuse } from "../admission-request.ts";
import type { AdmissionResponse, AdmissionReview, Webhook, WebhookConfiguration } from "./webhook.ts";
import { conditionsMet, isExempt, requestValue, selects } from "./webhook-match.ts";

/** All webhooks of all configurations that want to see a request, in order of the configurations' names. */
export function webhooksFor(
  configurations: readonly WebhookConfiguration[],
  request: AdmissionRequest,
  world: AdmissionWorld,
): Webhook[] {
  if (isExempt(request)) return [];
  return [...configurations]
    .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
    .flatMap(({ webhooks = [] }) => webhooks as readonly Webhook[])
    .filter((webhook) => selects(webhook, request, world));
}

/**
 * Asks one webhook. Undefined where it was not asked (its match conditions say no), or could not be reached and its
 * failure policy is to go on without it.
 *
 * @param mutating  whether it may answer with a patch
 * @throws StatusError where it denies, or can't be asked and must be
 */
export async function ask(
  webhook: Webhook,
  request: AdmissionRequest,
  world: AdmissionWorld,
  call: CallWebhook,
  mutating = false,
): Promise<AdmissionResponse | undefined> {
  const met = conditionsMet(webhook, request);
  const ignores = webhook.failurePolicy === "Ignore";
  if (met === false) return undefined;
  if (met !== true) {
    if (ignores) return undefined;
    throw refuse(request, met.message);
  }
  if (request.dryRun && webhook.sideEffects !== "None" && webhook.sideEffects !== "NoneOnDryRun")
    throw badRequest(`admission webhook "${webhook.name}" does not support dry run`);

  let response: AdmissionResponse;
  try {
    const review = reviewOf(request, world);
    const { clientConfig, timeoutSeconds = 10 } = webhook;
    const answer = await call(clientConfig, review, { timeoutSeconds }).catch((error: unknown) => {
      throw new Error(`failed to call webhook: ${(error as Error).message}`, { cause: error });
    });
    response = verified(answer, String(review.request?.["uid"]), mutating);
  } catch (error) {
    if (ignores) return undefined;
    throw callFailed(webhook.name, (error as Error).message);
  }
  for (const warning of response.warnings ?? []) request.warnings.push(warning);
  if (!response.allowed) throw denied(webhook.name, response.status);
  return response;
}

/** 500: the webhook could not be asked, and its failure policy is to fail. */
export function callFailed(name: string, reason: string): StatusError {
  const message = `failed calling webhook "${name}": ${reason}`;
  return new StatusError(500, "InternalError", `Internal error occurred: ${message}`, { causes: [{ message }] });
}

function reviewOf(request: AdmissionRequest, world: AdmissionWorld): AdmissionReview {
  return {
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    request: {
      uid: randomUuid(world.random),
      ...requestValue(request),
      object: request.object ?? null,
      oldObject: request.old ?? null,
      options: { kind: optionsKinds[request.operation], apiVersion: "meta.k8s.io/v1" },
    },
  };
}

const optionsKinds = {
  CREATE: "CreateOptions",
  UPDATE: "UpdateOptions",
  DELETE: "DeleteOptions",
  CONNECT: "",
} as const;

const knownVersions: ReadonlySet<string> = new Set(["admission.k8s.io/v1", "admission.k8s.io/v1beta1"]);

function verified(answer: unknown, uid: string, mutating: boolean): AdmissionResponse {
  const invalid = (why: string) => new Error(`received invalid webhook response: ${why}`);
  if (!isObject(answer)) throw new Error("failed to call webhook: the server returned no AdmissionReview");
  const { apiVersion, kind, response } = answer as Partial<Record<keyof AdmissionReview, unknown>>;
  if (kind === "AdmissionReview" && typeof apiVersion === "string" && !knownVersions.has(apiVersion))
    throw new Error(
      `failed to call webhook: no kind "AdmissionReview" is registered for version ${JSON.stringify(apiVersion)} in scheme "pkg/runtime/scheme.go:111"`,
    );
  if (!isObject(response)) throw invalid("webhook response was absent");
  const expected = "expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview";
  if (apiVersion !== "admission.k8s.io/v1" || kind !== "AdmissionReview")
    throw invalid(`${expected}, got ${String(apiVersion)}, Kind=${String(kind)}`);
  if (response["uid"] !== uid) throw invalid(`expected response.uid="${uid}", got "${String(response["uid"] ?? "")}"`);
  if (response["patch"] !== undefined && !mutating) throw invalid("validating webhook may not return response.patch");
  if (response["patch"] !== undefined && !response["patchType"])
    throw invalid("webhook returned response.patch but not response.patchType");
  if (response["patch"] !== undefined && response["patchType"] !== "JSONPatch")
    throw invalid(`webhook returned invalid response.patchType of ${JSON.stringify(response["patchType"] ?? "")}`);
  return response as unknown as AdmissionResponse;
}

function denied(name: string, status: AdmissionResponse["status"]): StatusError {
  const by = `admission webhook "${name}" denied the request`;
  const why = status?.message || status?.reason;
  const code = status?.code !== undefined && status.code >= 400 ? status.code : 400;
  const error = new StatusError(code, status?.reason ?? "", why ? `${by}: ${why}` : `${by} without explanation`);
  return Object.assign(error, { status: { ...error.status, ...detailsOf(status) } });
}

const detailsOf = (status: AdmissionResponse["status"]): Partial<Pick<Status, "details">> => {
  const { details } = (status ?? {}) as Partial<Pick<Status, "details">>;
  return details ? { details } : {};
};
