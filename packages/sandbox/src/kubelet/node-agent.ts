import type { Container, Node, Pod } from "@bellows/api";
import type { Amounts } from "@bellows/aws";
import type { Clock } from "@bellows/kube";
import type { ContainerRun } from "./container-run.ts";
import { ImageStore } from "./image-store.ts";
import type { IpPool } from "./ip-pool.ts";
import { msIn } from "./jitter.ts";
import type { KubeletEvents } from "./kubelet-events.ts";
import type { KubeletTiming } from "./kubelet-timing.ts";
import type { Machine } from "./machine.ts";
import { admit, podRequests } from "./pod-admission.ts";
import type { PodHost } from "./pod-host.ts";
import { judgeResize, resizedContainers, resizeMessage, resizeRestarts } from "./pod-resize.ts";
import { PodRun } from "./pod-run.ts";
import type { StatusWriter } from "./status-writer.ts";

export interface NodeAgentParts {
  readonly clock: Clock;
  readonly timing: KubeletTiming;
  readonly events: KubeletEvents;
  readonly statuses: StatusWriter;
}

const defaultGraceSeconds = 30;

/** The pods of one node: admits, starts, resizes and stops them. */
export class NodeAgent implements PodHost {
  readonly machine: Machine;
  readonly clock: Clock;
  readonly timing: KubeletTiming;
  readonly events: KubeletEvents;
  readonly images: ImageStore;
  /** The Node object as last seen: what admission reads labels and taints from. */
  node: Node;
  /** By uid, in the order of their arrival. */
  readonly pods = new Map<string, PodRun>();
  readonly #statuses: StatusWriter;
  #retryingResizes = false;

  constructor(machine: Machine, node: Node, parts: NodeAgentParts) {
    this.machine = machine;
    this.node = node;
    this.clock = parts.clock;
    this.timing = parts.timing;
    this.events = parts.events;
    this.#statuses = parts.statuses;
    this.images = new ImageStore(parts.timing);
  }

  get nodeName(): string {
    return this.machine.nodeName;
  }

  get hostIp(): string {
    return this.machine.internalIp;
  }

  get podIps(): IpPool {
    return this.machine.podIps;
  }

  /** A pod of this node is new or has changed. */
  seen(pod: Pod): void {
    const uid = pod.metadata.uid ?? "";
    const run = this.pods.get(uid) ?? this.#begin(pod);
    if (!run) return;
    run.update(pod);
    if (pod.metadata.deletionTimestamp) {
      run.stop((pod.metadata.deletionGracePeriodSeconds ?? defaultGraceSeconds) * 1000);
    } else if (run.active) {
      this.#resize(run);
    }
  }

  /** A pod's object is gone: its containers end without further ado. */
  gone(uid: string): void {
    const run = this.pods.get(uid);
    if (!run) return;
    this.pods.delete(uid);
    this.#statuses.forget(run);
    run.dispose();
    this.over();
  }

  /** The computer stops: nothing is written any more. */
  dispose(): void {
    for (const run of this.pods.values()) {
      this.#statuses.forget(run);
      run.dispose();
    }
    this.pods.clear();
  }

  changed(run: PodRun): void {
    this.#statuses.changed(run);
  }

  stopped(run: PodRun): void {
    this.#statuses.remove(run);
    this.over();
  }

  /** Requests became free: resizes that did not fit may fit now. */
  over(): void {
    if (this.#retryingResizes) return;
    this.#retryingResizes = true;
    for (const run of this.pods.values()) {
      if (run.active && run.resize.pending?.reason === "Deferred") this.#resize(run);
    }
    this.#retryingResizes = false;
  }

  #begin(pod: Pod): PodRun | undefined {
    const { status, metadata } = pod;
    const over = status?.phase === "Succeeded" || status?.phase === "Failed";
    if (over && !metadata.deletionTimestamp) return undefined;
    const run = new PodRun(pod, this);
    const others = this.#usedExcept(run);
    this.pods.set(metadata.uid ?? "", run);
    if (status?.containerStatuses?.length || over) {
      run.recover(status);
      return run;
    }
    // A pod that was deleted before it began has nothing to stop.
    if (metadata.deletionTimestamp) return run;
    const refusal = admit(pod, this.node, this.machine.allocatable, others.amounts, others.count);
    if (refusal) run.refuse(refusal);
    else run.start();
    return run;
  }

  /** What the other pods of the node have been allocated. */
  #usedExcept(except: PodRun): { amounts: Amounts; count: number } {
    const amounts: Record<string, number> = {};
    let count = 0;
    for (const run of this.pods.values()) {
      if (run === except || !run.active) continue;
      count++;
      for (const [resource, amount] of Object.entries(allocatedRequests(run)))
        amounts[resource] = (amounts[resource] ?? 0) + amount;
    }
    return { amounts, count };
  }

  #resize(run: PodRun): void {
    const resized = resizedContainers(run.pod, run.containers);
    if (resized.length === 0) {
      if (run.resize.pending) {
        run.resize = { inProgress: run.resize.inProgress ?? false };
        run.changed();
      }
      return;
    }
    const others = this.#usedExcept(run);
    const verdict = judgeResize(run.pod, this.machine.allocatable, others.amounts, others.count);
    if (!verdict.fits) {
      const { reason, message } = verdict;
      if (run.resize.pending?.reason === reason && run.resize.pending.message === message) return;
      run.resize = { ...run.resize, pending: { reason, message } };
      const text = resizeMessage(`Pod resize ${reason}`, run.pod, message);
      this.events.pod(run.pod, this.nodeName, { type: "Warning", reason: `Resize${reason}`, message: text });
      run.changed();
      return;
    }
    this.#allocate(run, resized);
  }

  #allocate(run: PodRun, resized: readonly { run: ContainerRun; spec: Container }[]): void {
    const restarting = resized.filter(({ run: container, spec }) => resizeRestarts(container, spec));
    for (const { run: container, spec } of resized)
      container.spec = { ...container.spec, resources: spec.resources ?? {} };
    run.resize = { inProgress: true };
    const { pod } = run;
    this.events.pod(pod, this.nodeName, {
      type: "Normal",
      reason: "ResizeStarted",
      message: resizeMessage("Pod resize started", pod),
    });
    run.changed();
    for (const { run: container } of restarting)
      run.restart(container, `Container ${container.name} resize requires restart, will be restarted`);

    run.later(msIn(this.timing.resize, `${pod.metadata.uid}/resize/${pod.metadata.generation}`), () => {
      for (const { run: container } of resized) container.actualResources = container.spec.resources;
      run.resize = run.resize.pending ? { pending: run.resize.pending } : {};
      this.events.pod(pod, this.nodeName, {
        type: "Normal",
        reason: "ResizeCompleted",
        message: resizeMessage("Pod resize completed", pod),
      });
      run.changed();
    });
  }
}

/** Requests as allocated, which may lag behind the spec during a resize. Cached until the allocation changes. */
function allocatedRequests(run: PodRun): Amounts {
  const resized = resizedContainers(run.pod, run.containers);
  if (resized.length === 0) return requestsOf(run.pod);
  const allocated = (specs: readonly Container[] | undefined) =>
    specs?.map((spec) => run.containers.find(({ name }) => name === spec.name)?.spec ?? spec);
  const { spec } = run.pod;
  if (!spec) return {};
  const initContainers = allocated(spec.initContainers);
  return podRequests({
    ...run.pod,
    spec: { ...spec, containers: allocated(spec.containers) ?? [], ...(initContainers && { initContainers }) },
  });
}

const requestsByPod = new WeakMap<Pod, Amounts>();

function requestsOf(pod: Pod): Amounts {
  let requests = requestsByPod.get(pod);
  if (!requests) {
    requests = podRequests(pod);
    requestsByPod.set(pod, requests);
  }
  return requests;
}
