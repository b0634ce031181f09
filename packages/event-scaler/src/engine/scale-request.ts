import type { KedaCondition, ScaledObject } from "@bellows/api";
import type { EventInput, Instant } from "@bellows/kube";
import { isActivationForced, isPaused, isScaleInPaused, isScaleOutPaused } from "./annotations.ts";

const defaultInitialCooldownMs = 0;
const defaultCooldownMs = 5 * 60_000;

/** What is known when a ScaledObject's triggers have been read. */
export interface ScaleRequest {
  readonly scaledObject: ScaledObject;
  /** `spec.replicas` of the target now. */
  readonly currentReplicas: number;
  /** Whether a trigger asks for replicas. */
  readonly active: boolean;
  /** Whether a trigger could not be read, past what a fallback covers. */
  readonly failing: boolean;
  /** Names of the metrics of the active triggers, for the Event. */
  readonly activeTriggers: readonly string[];
  /** How many replicas the metrics ask for, where a target that is activated may start with them all. */
  readonly startReplicas?: number;
  readonly now: Instant;
}

/** What comes of a write, and what to say about it. */
export interface ScaleOutcome {
  readonly event?: EventInput;
  readonly condition?: KedaCondition;
  /** `status.lastActiveTime` becomes now. */
  readonly touchesLastActive: boolean;
}

export interface ScaleAction {
  readonly replicas: number;
  readonly written: ScaleOutcome;
  readonly refused: ScaleOutcome;
}

export type ScaleReason =
  | "Paused"
  | "Activated"
  | "ScaleOutPaused"
  | "PartialTriggerError"
  | "Active"
  | "AwaitingFallback"
  | "TriggerError"
  | "Deactivated"
  | "ScaleInPaused"
  | "CoolingDown"
  | "RaisedToMinimum"
  | "NoChange";

/** What to do about a ScaledObject whose triggers have been read; the HPA does the rest between one and the maximum. */
export interface ScaleDecision {
  readonly reason: ScaleReason;
  /** Conditions to set before any write, in this order. */
  readonly conditions: readonly KedaCondition[];
  /** `status.lastActiveTime` becomes now, without a write to the target. */
  readonly touchesLastActive: boolean;
  /** The write to the target's scale; left out where it stays as it is. */
  readonly action?: ScaleAction;
  /** When the decision changes by time alone: the end of the cooldown. */
  readonly lookAgainAt?: Instant;
}

/** Whether to take a target from zero (or idle) or back to it, as KEDA's scale executor decides. */
export function decideScaleRequest(request: ScaleRequest): ScaleDecision {
  const { scaledObject, currentReplicas, failing, now } = request;
  const ready = readyCondition(
    "True",
    "ScaledObjectReady",
    "ScaledObject is defined correctly and is ready for scaling",
  );
  if (isPaused(scaledObject)) {
    const paused = {
      type: "Paused",
      status: "True",
      reason: "ScaledObjectPaused",
      message: "ScaledObject is paused",
    } as const;
    return { reason: "Paused", conditions: [ready, paused], touchesLastActive: false };
  }
  const { idleReplicaCount: idle, minReplicaCount: min = 0, fallback } = scaledObject.spec ?? {};
  const forced = isActivationForced(scaledObject);

  if (request.active || forced) {
    const conditions = [ready, forced ? activeByForce : activeByTriggers];
    if ((idle !== undefined && currentReplicas < min) || currentReplicas === 0) {
      return activation(request, conditions, forced);
    }
    if (failing) {
      const partial = readyCondition(
        "Unknown",
        "PartialTriggerError",
        "Some triggers defined in ScaledObject are not working correctly",
      );
      return { reason: "PartialTriggerError", conditions: [partial, ...conditions.slice(1)], touchesLastActive: false };
    }
    return { reason: "Active", conditions, touchesLastActive: true };
  }

  const conditions = [ready, notActive];
  // Going to zero now would keep the HPA from ever reaching the fallback's replicas.
  if (failing && fallback && fallback.replicas !== 0) {
    return { reason: "AwaitingFallback", conditions, touchesLastActive: false };
  }
  if (failing && !fallback) {
    const wrong = readyCondition("False", "TriggerError", "Triggers defined in ScaledObject are not working correctly");
    return { reason: "TriggerError", conditions: [wrong, notActive], touchesLastActive: false };
  }
  if ((idle !== undefined && currentReplicas > idle) || (currentReplicas > 0 && min === 0)) {
    return deactivation(request, conditions, now);
  }
  if (idle === undefined && currentReplicas < min) {
    const quiet: ScaleOutcome = { touchesLastActive: false };
    const action = { replicas: min, written: quiet, refused: quiet };
    return { reason: "RaisedToMinimum", conditions, touchesLastActive: false, action };
  }
  return { reason: "NoChange", conditions, touchesLastActive: false };
}

function activation(request: ScaleRequest, conditions: readonly KedaCondition[], forced: boolean): ScaleDecision {
  const { scaledObject, currentReplicas, activeTriggers, startReplicas = 1 } = request;
  if (isScaleOutPaused(scaledObject)) return { reason: "ScaleOutPaused", conditions, touchesLastActive: false };
  const replicas = Math.max(scaledObject.spec?.minReplicaCount ?? 0, startReplicas, 1);
  const change = `${targetOf(scaledObject)} from ${currentReplicas} to ${replicas}`;
  const cause = forced ? "caused by forced activation annotation" : `triggered by ${activeTriggers.join(";")}`;
  return {
    reason: "Activated",
    conditions,
    touchesLastActive: false,
    action: {
      replicas,
      written: {
        event: { type: "Normal", reason: "KEDAScaleTargetActivated", message: `Scaled ${change}, ${cause}` },
        touchesLastActive: true,
      },
      refused: {
        event: { type: "Warning", reason: "KEDAScaleTargetActivationFailed", message: `Failed to scale ${change}` },
        touchesLastActive: false,
      },
    },
  };
}

function deactivation(request: ScaleRequest, conditions: readonly KedaCondition[], now: Instant): ScaleDecision {
  const { scaledObject, currentReplicas } = request;
  if (isScaleInPaused(scaledObject)) return { reason: "ScaleInPaused", conditions, touchesLastActive: false };
  const endsAt = cooldownEndsAt(scaledObject);
  if (endsAt >= now) {
    const cooling = {
      type: "Active",
      status: "False",
      reason: "ScalerCooldown",
      message: "Scaler cooling down because triggers are not active",
    } as const;
    const [ready] = conditions as [KedaCondition, KedaCondition];
    // The cooldown is over when its end lies in the past, not at the end itself.
    return {
      reason: "CoolingDown",
      conditions: [ready, cooling],
      touchesLastActive: false,
      lookAgainAt: endsAt + 1,
    };
  }
  const { idleReplicaCount, minReplicaCount = 0 } = scaledObject.spec ?? {};
  const replicas = idleReplicaCount ?? minReplicaCount;
  const change = `${targetOf(scaledObject)} from ${currentReplicas} to ${replicas}`;
  return {
    reason: "Deactivated",
    conditions,
    touchesLastActive: false,
    action: {
      replicas,
      written: {
        event: { type: "Normal", reason: "KEDAScaleTargetDeactivated", message: `Deactivated ${change}` },
        condition: notActive,
        touchesLastActive: false,
      },
      refused: {
        event: {
          type: "Warning",
          reason: "KEDAScaleTargetDeactivationFailed",
          message: `Failed to deactivate ${change}`,
        },
        touchesLastActive: false,
      },
    },
  };
}

/** From when on (exclusive) a ScaledObject without active triggers may go to zero or idle. */
export function cooldownEndsAt({ spec, status, metadata }: ScaledObject): Instant {
  const { initialCooldownPeriod, cooldownPeriod } = spec ?? {};
  if (status?.lastActiveTime !== undefined) {
    return Date.parse(status.lastActiveTime) + msOf(cooldownPeriod, defaultCooldownMs);
  }
  // Never active while it was watched: the target was scaled by somebody else.
  const createdAt = metadata.creationTimestamp ? Date.parse(metadata.creationTimestamp) : Number.NEGATIVE_INFINITY;
  return createdAt + msOf(initialCooldownPeriod, defaultInitialCooldownMs);
}

/**
 * `status.triggersActivity` after a reading.
 * @param pushed  only the triggers of these metrics were heard of; what is known of the others stays
 */
export function triggersActivity(
  scaledObject: ScaledObject,
  activeTriggers: readonly string[],
  pushed?: readonly string[],
): Readonly<Record<string, { readonly isActive: boolean }>> {
  const { status } = scaledObject;
  const before = pushed === undefined ? {} : (status?.triggersActivity ?? {});
  const names = pushed === undefined ? (status?.externalMetricNames ?? []) : pushed;
  const known = Object.entries(before).map(([name, { isActive = false }]) => [name, { isActive }] as const);
  const now = names.map((name) => [name, { isActive: activeTriggers.includes(name) }] as const);
  return Object.fromEntries([...known, ...now]);
}

const msOf = (seconds: number | undefined, otherwise: number) => (seconds === undefined ? otherwise : seconds * 1000);

const targetOf = ({ metadata, spec, status }: ScaledObject) =>
  `${status?.scaleTargetKind ?? ""} ${metadata.namespace}/${spec?.scaleTargetRef.name ?? ""}`;

const readyCondition = (status: "True" | "False" | "Unknown", reason: string, message: string): KedaCondition => ({
  type: "Ready",
  status,
  reason,
  message,
});

const activeByTriggers: KedaCondition = {
  type: "Active",
  status: "True",
  reason: "ScalerActive",
  message: "Scaling is performed because triggers are active",
};
const activeByForce: KedaCondition = {
  ...activeByTriggers,
  message: "Scaling is performed because activation is being forced by annotation",
};
const notActive: KedaCondition = {
  type: "Active",
  status: "False",
  reason: "ScalerNotActive",
  message: "Scaling is not performed because triggers are not active",
};
