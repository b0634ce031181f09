import type { Container, Pod, ResourceRequirements } from "@bellows/api";
import { type Amounts, amountsOf } from "@bellows/aws";
import type { ContainerRun } from "./container-run.ts";
import { admitResources, podRequests } from "./pod-admission.ts";

/** What the pod's conditions PodResizePending and PodResizeInProgress say. */
export interface ResizeState {
  readonly pending?: { readonly reason: "Deferred" | "Infeasible"; readonly message: string };
  readonly inProgress?: boolean;
}

export type ResizeVerdict =
  | { readonly fits: true }
  | { readonly fits: false; readonly reason: "Deferred" | "Infeasible"; readonly message: string };

/** Whether the node can give a pod what it now asks for (kubelet `allocation/allocation_manager.go`, 1.35). */
export function judgeResize(pod: Pod, allocatable: Amounts, usedByOthers: Amounts, others: number): ResizeVerdict {
  const requests = podRequests(pod);
  const beyond = (resource: string) => (requests[resource] ?? 0) > (allocatable[resource] ?? 0);
  const never = beyond("memory") ? "memory" : beyond("cpu") ? "cpu" : undefined;
  if (never) {
    const message = `Node didn't have enough capacity: ${never}, requested: ${requests[never]}, capacity: ${allocatable[never] ?? 0}`;
    return { fits: false, reason: "Infeasible", message };
  }
  const refusal = admitResources(requests, allocatable, usedByOthers, others);
  return refusal ? { fits: false, reason: "Deferred", message: refusal.message } : { fits: true };
}

/** The containers whose CPU or memory differ from what they were allocated, with what they are to have. */
export function resizedContainers(
  pod: Pod,
  containers: readonly ContainerRun[],
): readonly { run: ContainerRun; spec: Container }[] {
  const specs = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
  return containers.flatMap((run) => {
    if (run.role === "init") return [];
    const spec = specs.find(({ name }) => name === run.name);
    return spec && !sameResources(spec.resources, run.spec.resources) ? [{ run, spec }] : [];
  });
}

function sameResources(left: ResourceRequirements | undefined, right: ResourceRequirements | undefined): boolean {
  return sameAmounts(left?.requests, right?.requests) && sameAmounts(left?.limits, right?.limits);
}

function sameAmounts(left: Record<string, string> | undefined, right: Record<string, string> | undefined): boolean {
  const [a, b] = [amountsOf(left), amountsOf(right)];
  return ["cpu", "memory"].every((resource) => a[resource] === b[resource]);
}

/** Whether the container's resize policy asks for a restart for one of the changes. */
export function resizeRestarts(run: ContainerRun, spec: Container): boolean {
  return (spec.resizePolicy ?? []).some(({ resourceName, restartPolicy }) => {
    if (restartPolicy !== "RestartContainer") return false;
    const differs = (key: "requests" | "limits") =>
      amountsOf(run.actualResources?.[key])[resourceName] !== amountsOf(spec.resources?.[key])[resourceName];
    return differs("requests") || differs("limits");
  });
}

/** The text of the Events of a resize: what the spec asks for, as JSON (kubelet `events/event.go`). */
export function resizeMessage(prefix: string, pod: Pod, error = ""): string {
  const summary = (containers: readonly Container[] | undefined) =>
    containers?.length ? containers.map(({ name, resources }) => ({ name, resources: resources ?? {} })) : undefined;
  return `${prefix}: ${JSON.stringify({
    initContainers: summary(pod.spec?.initContainers),
    containers: summary(pod.spec?.containers),
    generation: pod.metadata.generation ?? 0,
    ...(error && { error }),
  })}`;
}
