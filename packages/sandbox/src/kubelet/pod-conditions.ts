import type { Pod, PodCondition } from "@bellows/api";
import { type Instant, timestamp } from "@bellows/kube";
import type { ContainerRun } from "./container-run.ts";
import type { PodPhase } from "./pod-phase.ts";

/** The conditions that the kubelet keeps, besides those of a resize. */
export type ConditionType = "PodReadyToStartContainers" | "Initialized" | "Ready" | "ContainersReady";

interface ConditionValue {
  readonly status: boolean;
  readonly reason?: string;
  readonly message?: string;
}

export interface PodView {
  readonly pod: Pod;
  readonly phase: PodPhase;
  readonly containers: readonly ContainerRun[];
  /** Whether the pod has a sandbox with its network. */
  readonly sandbox: boolean;
}

/** What each condition is now (kubelet `pkg/kubelet/status/generate.go`, 1.35). */
export function conditionValues(view: PodView): Readonly<Record<ConditionType, ConditionValue>> {
  const containersReady = containersReadyOf(view);
  return {
    PodReadyToStartContainers: { status: view.sandbox },
    Initialized: initializedOf(view),
    Ready: containersReady.status ? readyOf(view.pod) : containersReady,
    ContainersReady: containersReady,
  };
}

function containersReadyOf({ phase, containers }: PodView): ConditionValue {
  if (phase === "Succeeded") return { status: false, reason: "PodCompleted" };
  if (phase === "Failed") return { status: false, reason: "PodFailed" };
  const unready = containers.filter((container) => container.role !== "init" && !container.ready);
  if (unready.length === 0) return { status: true };
  return {
    status: false,
    reason: "ContainersNotReady",
    message: `containers with unready status: [${names(unready)}]`,
  };
}

/** Conditions of others that the pod waits for before it is ready. */
function readyOf(pod: Pod): ConditionValue {
  const problems = (pod.spec?.readinessGates ?? []).flatMap(({ conditionType }) => {
    const found = pod.status?.conditions?.find((condition) => condition.type === conditionType);
    if (!found) return [`corresponding condition of pod readiness gate "${conditionType}" does not exist.`];
    if (found.status === "True") return [];
    return [`the status of pod readiness gate "${conditionType}" is not "True", but ${found.status}`];
  });
  return problems.length === 0
    ? { status: true }
    : { status: false, reason: "ReadinessGatesNotReady", message: problems.join(", ") };
}

function initializedOf({ phase, containers }: PodView): ConditionValue {
  const incomplete = containers.filter(
    (container) =>
      (container.role === "init" && !container.ready) || (container.role === "sidecar" && !container.started),
  );
  if (phase === "Succeeded") return { status: true, reason: "PodCompleted" };
  // Once a main container has begun, a sidecar that restarts does not undo the initialization.
  const begun = containers.some(
    (container) => container.role === "main" && (container.phase.kind !== "waiting" || container.lastTerminated),
  );
  if (begun || incomplete.length === 0) return { status: true };
  return {
    status: false,
    reason: "ContainersNotInitialized",
    message: `containers with incomplete status: [${names(incomplete)}]`,
  };
}

const names = (containers: readonly ContainerRun[]) => containers.map((container) => container.name).join(" ");

/** Keeps `lastTransitionTime` where the status stays; makes the conditions that are written. */
export class ConditionHistory {
  readonly #since = new Map<string, { readonly status: string; readonly at: string }>();

  /** Takes over what a pod's status already says. */
  recover(conditions: readonly PodCondition[] | undefined): void {
    for (const { type, status, lastTransitionTime } of conditions ?? []) {
      if (lastTransitionTime) this.#since.set(type, { status, at: lastTransitionTime });
    }
  }

  condition(type: string, value: ConditionValue, now: Instant, observedGeneration: number | undefined): PodCondition {
    const status = value.status ? "True" : "False";
    let since = this.#since.get(type);
    if (since?.status !== status) {
      since = { status, at: timestamp(now) };
      this.#since.set(type, since);
    }
    return {
      type,
      ...(observedGeneration !== undefined && { observedGeneration }),
      status,
      lastTransitionTime: since.at,
      ...(value.reason !== undefined && { reason: value.reason }),
      ...(value.message !== undefined && { message: value.message }),
    };
  }

  forget(type: string): void {
    this.#since.delete(type);
  }
}
