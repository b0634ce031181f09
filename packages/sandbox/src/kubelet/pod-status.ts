import type { Pod, PodCondition, PodStatus } from "@bellows/api";
import { type Instant, timestamp } from "@bellows/kube";
import type { ContainerRun } from "./container-run.ts";
import type { Refusal } from "./pod-admission.ts";
import { type ConditionHistory, conditionValues } from "./pod-conditions.ts";
import type { PodPhase } from "./pod-phase.ts";
import type { ResizeState } from "./pod-resize.ts";

export const deadlineExceeded = {
  reason: "DeadlineExceeded",
  message: "Pod was active on the node longer than the specified deadline",
} as const;

/** All that the status of a pod says. */
export interface PodSight {
  readonly pod: Pod;
  readonly containers: readonly ContainerRun[];
  readonly phase: PodPhase;
  readonly refusal: Refusal | undefined;
  readonly deadlinePassed: boolean;
  readonly sandbox: boolean;
  readonly resize: ResizeState;
  readonly hostIp: string;
  readonly podIp: string | undefined;
  readonly startedAt: Instant;
  /** When each condition last changed; brought up to date. */
  readonly history: ConditionHistory;
  readonly now: Instant;
}

/** The status as the kubelet writes it; fields of others (`qosClass`, their conditions) are not in it. */
export function podStatus(sight: PodSight): PodStatus {
  const { pod, containers, phase, refusal, hostIp, podIp } = sight;
  const observedGeneration = pod.metadata.generation;
  const observed = observedGeneration === undefined ? {} : { observedGeneration };
  const startTime = timestamp(sight.startedAt);
  if (refusal) {
    const message = `Pod was rejected: ${refusal.message}`;
    return { ...observed, phase: "Failed", reason: refusal.reason, message, startTime };
  }
  const inits = containers.filter(({ role }) => role !== "main");
  return {
    ...observed,
    phase,
    ...(sight.deadlinePassed && deadlineExceeded),
    conditions: writtenConditions(sight),
    hostIP: hostIp,
    hostIPs: [{ ip: hostIp }],
    ...(podIp && { podIP: podIp, podIPs: [{ ip: podIp }] }),
    startTime,
    ...(inits.length > 0 && { initContainerStatuses: inits.map((container) => container.status()) }),
    containerStatuses: containers
      .filter(({ role }) => role === "main")
      .map((container) => container.status())
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
}

function writtenConditions({ pod, phase, containers, sandbox, resize, history, now }: PodSight): PodCondition[] {
  const generation = pod.metadata.generation;
  const values = conditionValues({ pod, phase, containers, sandbox });
  const conditions = Object.entries(values).map(([type, value]) => history.condition(type, value, now, generation));
  const { pending, inProgress } = resize;
  if (pending) conditions.push(history.condition("PodResizePending", { status: true, ...pending }, now, generation));
  else history.forget("PodResizePending");
  if (inProgress) conditions.push(history.condition("PodResizeInProgress", { status: true }, now, generation));
  else history.forget("PodResizeInProgress");
  return conditions;
}
