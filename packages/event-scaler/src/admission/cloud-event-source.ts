import type { CloudEventSource } from "@bellows/api";
import { cloudEventTypes } from "../cloud-events/event-types.ts";
import { type Findings, noFindings, type Problem } from "./problem.ts";

const field = "spec.eventSubscription";

/** What KEDA's webhook refuses of a CloudEventSource, in its words. Types of authentications are good here, as in the CRD. */
export function validateCloudEventSource(spec: CloudEventSource["spec"]): Findings {
  const { includedEventTypes, excludedEventTypes } = spec?.eventSubscription ?? {};
  if (includedEventTypes && excludedEventTypes) {
    const message = "setting included types and excluded types at the same time is not supported";
    return { problems: [{ field, message, reason: "event-subscription" }], warnings: [] };
  }
  const problems = [
    ...unknownTypes("includedEventType", includedEventTypes),
    ...unknownTypes("excludedEventType", excludedEventTypes),
  ];
  return problems.length > 0 ? { problems, warnings: [] } : noFindings;
}

const unknownTypes = (name: string, types: readonly string[] = []): Problem[] =>
  types
    .filter((type) => !cloudEventTypes.has(type))
    .map((type) => ({
      field: `${field}.${name}s`,
      message: `${name}: ${type} in cloudeventsource/clustercloudeventsource spec is not supported`,
      reason: "event-subscription",
    }));
