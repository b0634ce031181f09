import type { Container, ContainerState, ContainerStatus, Pod, ResourceRequirements } from "@bellows/api";
import { type Instant, parseTimestamp, timestamp } from "@bellows/kube";
import { fullImage } from "../usage/image-name.ts";
import { imageId } from "./images.ts";
import { hexOf } from "./jitter.ts";
import { RestartBackoff } from "./restart-backoff.ts";

export type ContainerPhase =
  | { readonly kind: "waiting"; readonly reason: string; readonly message?: string }
  | { readonly kind: "running"; readonly startedAt: Instant }
  | {
      readonly kind: "terminated";
      readonly exitCode: number;
      readonly reason: string;
      readonly startedAt: Instant;
      readonly finishedAt: Instant;
      readonly containerId: string;
    };

export type ContainerRole = "init" | "sidecar" | "main";

/** A container of a pod as its node knows it: what a container runtime would say, and what the kubelet remembers. */
export class ContainerRun {
  readonly name: string;
  readonly role: ContainerRole;
  /** The spec that the container runs with: resources as they were allocated. */
  spec: Container;
  phase: ContainerPhase;
  lastTerminated: Extract<ContainerPhase, { kind: "terminated" }> | undefined;
  restartCount = 0;
  ready = false;
  started = false;
  containerId: string | undefined;
  imageId = "";
  /** The resources in force; they follow the allocated ones when a resize is done. */
  actualResources: ResourceRequirements | undefined;
  /** A pull, a start or a restart is on its way. */
  busy = false;
  /** Whether the kubelet has tried to start it at all. */
  begun = false;
  readonly backoff = new RestartBackoff();
  /** Delay of the next attempt to pull the image; 0 before the first failure. */
  pullBackoffMs = 0;

  constructor(spec: Container, role: ContainerRole, waitingReason: string) {
    this.name = spec.name;
    this.spec = spec;
    this.role = role;
    this.phase = { kind: "waiting", reason: waitingReason };
    this.actualResources = spec.resources;
  }

  get fieldPath(): string {
    return `spec.${this.role === "main" ? "containers" : "initContainers"}{${this.name}}`;
  }

  run(pod: Pod, now: Instant): void {
    this.containerId = `containerd://${hexOf(`${pod.metadata.uid}/${this.name}/${this.restartCount}`, 64)}`;
    this.imageId = imageId(this.spec.image ?? "");
    this.actualResources = this.spec.resources;
    if (this.phase.kind === "terminated") this.lastTerminated = this.phase;
    this.phase = { kind: "running", startedAt: now };
    this.busy = false;
  }

  terminate(exitCode: number, now: Instant, reason = exitCode === 0 ? "Completed" : "Error"): void {
    this.phase = {
      kind: "terminated",
      exitCode,
      reason,
      startedAt: this.phase.kind === "running" ? this.phase.startedAt : now,
      finishedAt: now,
      containerId: this.containerId ?? "",
    };
    this.ready = this.role === "init" && exitCode === 0;
    this.started = false;
  }

  /** Moves what ended aside: the container waits for its next run. */
  wait(reason: string, message?: string): void {
    if (this.phase.kind === "terminated") this.lastTerminated = this.phase;
    this.phase = message === undefined ? { kind: "waiting", reason } : { kind: "waiting", reason, message };
  }

  /** Takes over what a status says: the container was running before this process began. */
  recover(status: ContainerStatus): void {
    this.restartCount = status.restartCount;
    this.containerId = status.containerID;
    this.imageId = status.imageID;
    this.lastTerminated = terminatedOf(status.lastState);
    const { running } = status.state ?? {};
    const terminated = terminatedOf(status.state);
    if (running) {
      this.phase = { kind: "running", startedAt: parseTimestamp(running.startedAt) ?? 0 };
      this.begun = true;
      this.started = status.started ?? false;
      this.ready = status.ready;
      if (status.resources) this.actualResources = status.resources;
    } else if (terminated) {
      this.phase = terminated;
      this.begun = true;
      this.ready = status.ready;
    }
  }

  status(): ContainerStatus {
    const { phase, spec } = this;
    const requests = spec.resources?.requests;
    return {
      name: this.name,
      image: phase.kind === "waiting" && !this.containerId ? (spec.image ?? "") : fullImage(spec.image ?? ""),
      imageID: this.imageId,
      ...(this.containerId !== undefined && { containerID: this.containerId }),
      ready: this.ready,
      restartCount: this.restartCount,
      started: this.started,
      state: stateOf(phase),
      lastState: this.lastTerminated ? stateOf(this.lastTerminated) : {},
      ...(this.containerId !== undefined && {
        ...(requests && Object.keys(requests).length > 0 && { allocatedResources: requests }),
        resources: this.actualResources ?? {},
      }),
      ...(spec.volumeMounts?.length && {
        volumeMounts: spec.volumeMounts.map(({ name, mountPath, readOnly }) => ({
          name,
          mountPath,
          ...(readOnly && { readOnly: true, recursiveReadOnly: "Disabled" }),
        })),
      }),
    };
  }
}

function stateOf(phase: ContainerPhase): ContainerState {
  switch (phase.kind) {
    case "waiting":
      return { waiting: { reason: phase.reason, ...(phase.message !== undefined && { message: phase.message }) } };
    case "running":
      return { running: { startedAt: timestamp(phase.startedAt) } };
    case "terminated":
      return {
        terminated: {
          exitCode: phase.exitCode,
          reason: phase.reason,
          startedAt: timestamp(phase.startedAt),
          finishedAt: timestamp(phase.finishedAt),
          containerID: phase.containerId,
        },
      };
  }
}

function terminatedOf(state: ContainerState | undefined): Extract<ContainerPhase, { kind: "terminated" }> | undefined {
  const terminated = state?.terminated;
  if (!terminated) return undefined;
  return {
    kind: "terminated",
    exitCode: terminated.exitCode,
    reason: terminated.reason ?? "Error",
    startedAt: parseTimestamp(terminated.startedAt) ?? 0,
    finishedAt: parseTimestamp(terminated.finishedAt) ?? 0,
    containerId: terminated.containerID ?? "",
  };
}
