import type { PodSpec } from "@bellows/api";
import type { ContainerRun } from "./container-run.ts";

export type PodPhase = "Pending" | "Running" | "Succeeded" | "Failed";

/** Whether the kubelet starts a container again that ended with `exitCode`. */
export function restarts(container: ContainerRun, spec: PodSpec, exitCode: number): boolean {
  const policy = container.spec.restartPolicy ?? spec.restartPolicy ?? "Always";
  // An init container that did its work is done, whatever the policy.
  if (container.role === "init" && exitCode === 0) return false;
  return policy === "Always" || (policy === "OnFailure" && exitCode !== 0);
}

/**
 * The phase of a pod from its containers (kubelet `getPhase`, 1.35). `stopped`: the pod is over, nothing is started any
 * more.
 */
export function podPhase(spec: PodSpec, containers: readonly ContainerRun[], stopped: boolean): PodPhase {
  const init = containers.filter((container) => container.role === "init");
  const sidecars = containers.filter((container) => container.role === "sidecar");
  const main = containers.filter((container) => container.role === "main");

  if (init.some((container) => failedForGood(container, spec))) return "Failed";
  const initialized = main.some((container) => container.phase.kind !== "waiting" || container.lastTerminated);
  const initPending = init.some((container) => !exited(container)) || sidecars.some((sidecar) => !sidecar.started);
  if (!stopped && !initialized && initPending) return "Pending";
  const waiting = main.some((container) => container.phase.kind === "waiting" && !container.lastTerminated);
  if (waiting) return stopped ? "Failed" : "Pending";
  if (main.some((container) => container.phase.kind === "running")) return "Running";

  const exitCodes = main.map(exitCodeOf);
  const restartable = main.some((container, index) => restarts(container, spec, exitCodes[index] ?? 0));
  if (restartable && !stopped) return "Running";
  return exitCodes.every((code) => code === 0) ? "Succeeded" : "Failed";
}

const exited = (container: ContainerRun): boolean =>
  container.phase.kind === "terminated" && container.phase.exitCode === 0;

const failedForGood = (container: ContainerRun, spec: PodSpec): boolean =>
  container.phase.kind === "terminated" &&
  container.phase.exitCode !== 0 &&
  !restarts(container, spec, container.phase.exitCode);

const exitCodeOf = (container: ContainerRun): number =>
  container.phase.kind === "terminated" ? container.phase.exitCode : (container.lastTerminated?.exitCode ?? 0);
