import type { MutatingWebhookConfiguration } from "@bellows/api";
import type { ApiObject } from "../../api-object.ts";
import { equalJson } from "../../json-value.ts";
import { JsonPatchFailure, jsonPatch } from "../../patch/index.ts";
import { StatusError } from "../../status-error.ts";
import type { CallWebhook } from "../../webhook-client.ts";
import { type AdmissionRequest, type AdmissionWorld, typed } from "../admission-request.ts";
import type { AdmissionResponse, Webhook } from "./webhook.ts";
import { ask, callFailed, webhooksFor } from "./webhook-call.ts";

const place = "admissionregistration.k8s.io/mutatingwebhookconfigurations";

/**
 * Lets mutating webhooks change an object, one after the other. When a later one changes it, those before it that ask for
 * it (`reinvocationPolicy: IfNeeded`) see it once more.
 *
 * @param complete  fills in the defaults of what a patch added
 * @returns the object, and whether any webhook changed it
 */
export async function runMutatingWebhooks(
  request: AdmissionRequest,
  world: AdmissionWorld,
  call: CallWebhook,
  complete: (object: ApiObject) => ApiObject,
): Promise<{ object: ApiObject | undefined; changed: boolean }> {
  const configurations = world.list(place).map((object) => typed<MutatingWebhookConfiguration>(object));
  const webhooks = configurations.length > 0 ? webhooksFor(configurations, request, world) : [];
  let { object } = request;
  let lastChange = -1;
  const run = async (webhook: Webhook) => {
    const current: AdmissionRequest = { ...request, object };
    const response = await ask(webhook, current, world, call, true);
    const patched = response ? applied(webhook, response, current) : object;
    const changed = !equalJson(patched, object);
    if (changed) object = complete(patched as ApiObject);
    return changed;
  };
  for (const [i, webhook] of webhooks.entries()) if (await run(webhook)) lastChange = i;
  for (const [i, webhook] of webhooks.entries())
    if (webhook.reinvocationPolicy === "IfNeeded" && lastChange > i) await run(webhook);
  return { object, changed: object !== request.object };
}

function applied(webhook: Webhook, response: AdmissionResponse, { object }: AdmissionRequest): ApiObject | undefined {
  if (response.patch === undefined || response.patch === "") return object;
  let operations: unknown;
  try {
    operations = JSON.parse(Buffer.from(response.patch, "base64").toString("utf8"));
  } catch (error) {
    throw callFailed(webhook.name, `received undecodable patch in webhook response: ${(error as Error).message}`);
  }
  if (Array.isArray(operations) && operations.length === 0) return object;
  if (object === undefined) {
    const message = `admission webhook "${webhook.name}" attempted to modify the object, which is not supported for this operation`;
    throw new StatusError(500, "InternalError", `Internal error occurred: ${message}`, { causes: [{ message }] });
  }
  try {
    return jsonPatch(object, operations);
  } catch (error) {
    const { cause } = error as Error;
    const { message } = cause instanceof JsonPatchFailure ? cause : (error as Error);
    throw new StatusError(500, "InternalError", `Internal error occurred: ${message}`, { causes: [{ message }] });
  }
}
