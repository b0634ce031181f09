import type { Pod, StatefulSet } from "@bellows/api";
import type { Instant } from "@bellows/kube";
import { isAvailable, isFinished, isReady, isTerminating } from "../pod-state.ts";
import { ordinalOf, revisionLabel, startOrdinal } from "./identity.ts";

/** What a StatefulSet does next. Under OrderedReady at most one step is taken at a time. */
export type Step =
  | { readonly act: "create"; readonly ordinal: number; readonly revision: "current" | "update" }
  | { readonly act: "recreate"; readonly pod: Pod }
  | { readonly act: "scaleDown"; readonly pod: Pod; readonly ordinal: number }
  | { readonly act: "update"; readonly pod: Pod };

interface Given {
  readonly set: StatefulSet;
  readonly pods: readonly Pod[];
  readonly updateRevision: string;
  readonly now: Instant;
}

/** Steps to take now, in order; none where something has to come up or go first (statefulset `updateStatefulSet`, 1.35). */
export function nextSteps({ set, pods, updateRevision, now }: Given): Step[] {
  const start = startOrdinal(set);
  const end = start + (set.spec?.replicas ?? 1);
  const ordered = set.spec?.podManagementPolicy !== "Parallel";
  const minReadySeconds = set.spec?.minReadySeconds;
  const byOrdinal = new Map<number, Pod>();
  for (const pod of pods) {
    const ordinal = ordinalOf(set, pod.metadata.name);
    if (ordinal !== undefined) byOrdinal.set(ordinal, pod);
  }
  const isHealthy = (pod: Pod) => isReady(pod) && pod.status?.phase === "Running" && !isTerminating(pod);
  const isUp = (pod: Pod) => isHealthy(pod) && isAvailable(pod, minReadySeconds, now);

  const steps: Step[] = [];
  for (let ordinal = start; ordinal < end; ordinal++) {
    const pod = byOrdinal.get(ordinal);
    if (!pod) {
      steps.push({ act: "create", ordinal, revision: needsCurrent(set, ordinal) ? "current" : "update" });
      if (ordered) return steps;
    } else if (isFinished(pod) && !isTerminating(pod)) {
      steps.push({ act: "recreate", pod });
      if (ordered) return steps;
    } else if (ordered && !isUp(pod)) return steps;
  }

  const condemned = [...byOrdinal].filter(([ordinal]) => ordinal < start || ordinal >= end).sort(([a], [b]) => b - a);
  const firstUnhealthy = [...byOrdinal].sort(([a], [b]) => a - b).find(([, pod]) => !isHealthy(pod))?.[1];
  for (const [ordinal, pod] of condemned) {
    if (isTerminating(pod)) {
      if (ordered) return steps;
      continue;
    }
    // One that does not run may go at once only if it is the one that all wait for.
    if (ordered && !isUp(pod) && pod !== firstUnhealthy) return steps;
    steps.push({ act: "scaleDown", pod, ordinal });
    if (ordered) return steps;
  }
  if (steps.length > 0 && ordered) return steps;

  if (set.spec?.updateStrategy?.type === "OnDelete") return steps;
  const partition = set.spec?.updateStrategy?.rollingUpdate?.partition ?? 0;
  for (let ordinal = end - 1; ordinal >= Math.max(start, start + partition); ordinal--) {
    const pod = byOrdinal.get(ordinal);
    if (!pod) return steps;
    if (pod.metadata.labels?.[revisionLabel] !== updateRevision && !isTerminating(pod)) {
      steps.push({ act: "update", pod });
      return steps;
    }
    if (!isUp(pod)) return steps;
  }
  return steps;
}

/** Whether a pod that is created now is still of the version before the update. */
function needsCurrent({ spec, status }: StatefulSet, ordinal: number): boolean {
  if (spec?.updateStrategy?.type === "OnDelete") return false;
  const start = spec?.ordinals?.start ?? 0;
  const { rollingUpdate } = spec?.updateStrategy ?? {};
  if (rollingUpdate?.partition === undefined) return ordinal < start + (status?.currentReplicas ?? 0);
  return ordinal < start + rollingUpdate.partition;
}
