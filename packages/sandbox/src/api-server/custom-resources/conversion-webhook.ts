import type { CustomResourceDefinition } from "@bellows/api";
import { deepFreeze, type Random, randomUuid } from "@bellows/kube";
import type { ApiObject } from "../api-object.ts";
import { isObject } from "../json-value.ts";
import { StatusError } from "../status-error.ts";
import { type CallWebhook, responseOf, type WebhookClientConfig } from "../webhook-client.ts";

/** Asks for objects of one kind and version in another version. */
export type ConvertObjects = (objects: readonly ApiObject[], apiVersion: string) => Promise<readonly ApiObject[]>;

/** How long a conversion webhook may take; a definition cannot say otherwise. */
const timeoutSeconds = 30;
const supportedReviews = ["v1", "v1beta1"];

/** The conversion webhook of a definition, as apiextensions-apiserver 1.35 calls it. Undefined where it has none. */
export function conversionWebhook(
  { spec }: CustomResourceDefinition,
  call: CallWebhook,
  random: Random,
): ConvertObjects | undefined {
  const { strategy, webhook } = spec?.conversion ?? {};
  if (strategy !== "Webhook" || !webhook) return undefined;
  return async (objects, apiVersion) => {
    const [first] = objects;
    if (!first) return [];
    const of = `conversion webhook for ${first.apiVersion}, Kind=${first.kind}`;
    const uid = randomUuid(random);
    const review = webhook.conversionReviewVersions.find((version) => supportedReviews.includes(version));
    if (!review) throw failed("no supported conversion review versions");
    const answer = await call(
      (webhook.clientConfig ?? {}) as WebhookClientConfig,
      {
        kind: "ConversionReview",
        apiVersion: `apiextensions.k8s.io/${review}`,
        request: { uid, desiredAPIVersion: apiVersion, objects },
      },
      { timeoutSeconds },
    ).catch((error: unknown) => {
      throw failed(`${of} failed: ${(error as Error).message}`);
    });
    const converted = convertedObjects(answer, review, uid);
    if (typeof converted === "string") throw failed(`${of} failed: ${converted}`);
    if (converted.length !== objects.length)
      throw failed(`${of} returned ${converted.length} objects, expected ${objects.length}`);
    return objects.map((object, position) => {
      const made = converted[position];
      const problem = problemOf(object, made, apiVersion, position);
      if (problem !== undefined) throw failed(`${of} returned ${problem}`);
      return deepFreeze(withOriginalMetadata(object, made as ApiObject));
    });
  };
}

const failed = (message: string) => new StatusError(500, "", message);

/** What a review brought back, or what is wrong with it. */
function convertedObjects(answer: unknown, review: string, uid: string): readonly unknown[] | string {
  const { apiVersion, kind } = isObject(answer) ? answer : {};
  const expected = `apiextensions.k8s.io/${review}`;
  if (review === "v1" && (apiVersion !== expected || kind !== "ConversionReview"))
    return `expected webhook response of ${expected}, Kind=ConversionReview, got ${String(apiVersion ?? "")}, Kind=${String(kind ?? "")}`;
  const response = responseOf(answer);
  if (!response) return "no response provided";
  if (review === "v1" && response.uid !== uid)
    return `expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response.uid ?? "")}`;
  const { status, message } = isObject(response.result) ? response.result : {};
  if (status !== "Success")
    return typeof message === "string" && message !== ""
      ? message
      : `response.result.status was '${String(status ?? "")}', not 'Success'`;
  return Array.isArray(response.convertedObjects) ? response.convertedObjects : [];
}

/** Only labels and annotations of the metadata may be other than they were. */
function problemOf(original: ApiObject, made: unknown, apiVersion: string, position: number): string | undefined {
  const { apiVersion: madeVersion = "", kind = "", metadata } = isObject(made) ? made : {};
  const at = `invalid object at index ${position}`;
  if (madeVersion !== apiVersion)
    return `${at}: invalid groupVersion (expected ${apiVersion}, received ${String(madeVersion)})`;
  if (kind !== original.kind) return `${at}: invalid kind (expected ${original.kind}, received ${String(kind)})`;
  const has = isObject(metadata) ? metadata : {};
  const fields = [
    ["name", "name"],
    ["namespace", "namespace"],
    ["UID", "uid"],
  ] as const;
  for (const [label, field] of fields) {
    const [before, after] = [original.metadata[field] ?? "", has[field] ?? ""];
    if (before !== after) return `invalid object: must have the same ${label}: ${before} != ${String(after)}`;
  }
  return isObject(metadata) ? undefined : "invalid metadata: missing metadata in converted object";
}

function withOriginalMetadata(original: ApiObject, made: ApiObject): ApiObject {
  const { labels, annotations } = made.metadata;
  const { labels: _, annotations: __, ...kept } = original.metadata;
  return { ...made, metadata: { ...kept, ...(labels && { labels }), ...(annotations && { annotations }) } };
}
