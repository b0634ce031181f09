import type { ValidatingWebhookConfiguration } from "@bellows/api";
import type { CallWebhook } from "../../webhook-client.ts";
import { type AdmissionRequest, type AdmissionWorld, typed } from "../admission-request.ts";
import { ask, webhooksFor } from "./webhook-call.ts";

const place = "admissionregistration.k8s.io/validatingwebhookconfigurations";

/** Asks all validating webhooks at once; the first refusal, in the order of the configurations, is the answer. */
export async function runValidatingWebhooks(
  request: AdmissionRequest,
  world: AdmissionWorld,
  call: CallWebhook,
): Promise<void> {
  const configurations = world.list(place).map((object) => typed<ValidatingWebhookConfiguration>(object));
  if (configurations.length === 0) return;
  const webhooks = webhooksFor(configurations, request, world);
  const answers = await Promise.allSettled(webhooks.map((webhook) => ask(webhook, request, world, call)));
  for (const answer of answers) if (answer.status === "rejected") throw answer.reason;
}
