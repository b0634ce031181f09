import type { JsonObject } from "../json-value.ts";
import { eventToCore, eventToEvents } from "./event.ts";
import { horizontalPodAutoscalerToV1, horizontalPodAutoscalerToV2 } from "./horizontal-pod-autoscaler.ts";

const conversions: Readonly<Record<string, Readonly<Record<string, (object: JsonObject) => JsonObject>>>> = {
  HorizontalPodAutoscaler: {
    "autoscaling/v1": horizontalPodAutoscalerToV1,
    "autoscaling/v2": horizontalPodAutoscalerToV2,
  },
  Event: { v1: eventToCore, "events.k8s.io/v1": eventToEvents },
};

/**
 * A built-in object in another version of its kind. Kinds that look the same in all their versions only change their
 * `apiVersion`. Returns `object` itself when it is in that version already.
 */
export function convertBuiltin<T extends object>(object: T, apiVersion: string): T {
  const from = object as JsonObject;
  if (from["apiVersion"] === apiVersion) return object;
  const convert = conversions[String(from["kind"])]?.[apiVersion];
  return (convert ? convert(from) : { ...from, apiVersion }) as T;
}
