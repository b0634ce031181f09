import type { Instant } from "@bellows/kube";

/** What an EventBridge event says about instances. `noop` is an event that asks for nothing. */
export type Interruption =
  | { readonly kind: "spot-interruption"; readonly at: Instant; readonly instanceIds: readonly string[] }
  | { readonly kind: "rebalance-recommendation"; readonly at: Instant; readonly instanceIds: readonly string[] }
  | {
      readonly kind: "state-change";
      readonly at: Instant;
      readonly instanceIds: readonly string[];
      readonly state: "stopping" | "stopped" | "shutting-down" | "terminated";
    }
  | { readonly kind: "scheduled-change"; readonly at: Instant; readonly instanceIds: readonly string[] }
  | { readonly kind: "noop"; readonly at: Instant; readonly instanceIds: readonly string[] };

const leavingStates = ["stopping", "stopped", "shutting-down", "terminated"] as const;

/**
 * Reads the body of a queue message: the four events that Karpenter's rules send (AWS Health, spot interruption warning,
 * rebalance recommendation, instance state change). Anything else, also text that is no JSON, is a `noop`.
 */
export function parseInterruption(body: string): Interruption {
  const event = jsonObject(body);
  const at = Date.parse(String(event.time)) || 0;
  const detail = objectOf(event.detail);
  const instanceIds = typeof detail["instance-id"] === "string" ? [detail["instance-id"]] : [];
  switch (`${event.source} ${event["detail-type"]}`) {
    case "aws.ec2 EC2 Spot Instance Interruption Warning":
      return { kind: "spot-interruption", at, instanceIds };
    case "aws.ec2 EC2 Instance Rebalance Recommendation":
      return { kind: "rebalance-recommendation", at, instanceIds };
    case "aws.ec2 EC2 Instance State-change Notification": {
      const state = leavingStates.find((leaving) => leaving === String(detail.state).toLowerCase());
      return state ? { kind: "state-change", at, instanceIds, state } : { kind: "noop", at, instanceIds };
    }
    case "aws.health AWS Health Event":
      if (detail.service !== "EC2" || detail.eventTypeCategory !== "scheduledChange")
        return { kind: "noop", at, instanceIds: [] };
      return { kind: "scheduled-change", at, instanceIds: affectedInstances(detail.affectedEntities) };
    default:
      return { kind: "noop", at, instanceIds: [] };
  }
}

function affectedInstances(entities: unknown): readonly string[] {
  if (!Array.isArray(entities)) return [];
  return entities.map((entity) => objectOf(entity).entityValue).filter((value) => typeof value === "string");
}

function jsonObject(text: string): Readonly<Record<string, unknown>> {
  try {
    return objectOf(JSON.parse(text));
  } catch {
    return {};
  }
}

const objectOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
