import { type Container, formatDuration, type Pod, type PodSpec, type PodStatus } from "@bellows/api";
import { type Instant, parseTimestamp, type Timer } from "@bellows/kube";
import { programOf } from "../usage/container-program.ts";
import { ContainerRun } from "./container-run.ts";
import { startContainer } from "./container-start.ts";
import { fractionOf, msIn } from "./jitter.ts";
import type { Refusal } from "./pod-admission.ts";
import { ConditionHistory } from "./pod-conditions.ts";
import type { PodHost } from "./pod-host.ts";
import { type PodPhase, podPhase, restarts } from "./pod-phase.ts";
import type { ResizeState } from "./pod-resize.ts";
import { deadlineExceeded, podStatus } from "./pod-status.ts";
import { Probes } from "./probes.ts";
import { declaredEnd } from "./sandbox-annotations.ts";

/** The runtime tells the kubelet about a finished container with this delay (PLEG). */
const relistMs = 1_000;
const sandboxRetryMs = 10_000;
/** The kubelet's exit code for a container that it had to kill. */
const killedExitCode = 137;

/**
 * One pod on its node: from admission over image pulls, init containers, sidecars, restarts and resizes to its end. It
 * changes with time and with what `update` and `stop` bring, and tells its host whenever its status differs.
 */
export class PodRun {
  readonly host: PodHost;
  readonly containers: readonly ContainerRun[];
  pod: Pod;
  podIp: string | undefined;
  refusal: Refusal | undefined;
  /** Set by the node: what became of the resources that the pod's spec asks for. */
  resize: ResizeState = {};
  #startedAt: Instant;
  #sandbox = false;
  #stop: "no" | "stopping" | "stopped" = "no";
  /** No container is started any more: the pod has succeeded or failed. */
  #completed = false;
  #deadlinePassed = false;
  #disposed = false;
  readonly #timers = new Set<Timer>();
  readonly #probes = new Map<ContainerRun, Probes>();
  readonly #conditions = new ConditionHistory();

  constructor(pod: Pod, host: PodHost) {
    this.pod = pod;
    this.host = host;
    const spec = pod.spec as PodSpec;
    const waiting = spec.initContainers?.length ? "PodInitializing" : "ContainerCreating";
    const runOf = (role: (container: Container) => ContainerRun["role"]) => (container: Container) =>
      new ContainerRun(container, role(container), waiting);
    this.containers = [
      ...(spec.initContainers ?? []).map(
        runOf((container) => (container.restartPolicy === "Always" ? "sidecar" : "init")),
      ),
      ...spec.containers.map(runOf(() => "main")),
    ];
    this.#startedAt = parseTimestamp(pod.status?.startTime) ?? host.clock.now();
    this.#conditions.recover(pod.status?.conditions);
  }

  /** Whether its requests still count on the node. */
  get active(): boolean {
    return !this.refusal && !this.#completed && this.#stop !== "stopped";
  }

  get stopping(): boolean {
    return this.#stop !== "no";
  }

  /** Starts a pod that was admitted. */
  start(): void {
    this.changed();
    const jitter = `${this.pod.metadata.uid}/sandbox`;
    this.later(msIn(this.host.timing.sandbox, jitter), () => this.#createSandbox());
    this.#watchDeadline();
  }

  /** Ends a pod that was not admitted. */
  refuse(refusal: Refusal): void {
    this.refusal = refusal;
    this.#completed = true;
    this.host.events.pod(this.pod, this.host.nodeName, { type: "Warning", ...refusal });
    this.changed();
  }

  /** Goes on with a pod that an earlier process had started. */
  recover(status: PodStatus): void {
    const statuses = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
    for (const container of this.containers) {
      const known = statuses.find(({ name }) => name === container.name);
      if (known) container.recover(known);
    }
    this.podIp = status.podIP;
    if (this.podIp && !this.pod.spec?.hostNetwork) this.host.podIps.claim(this.podIp);
    this.#sandbox = this.podIp !== undefined;
    this.#completed = status.phase === "Succeeded" || status.phase === "Failed";
    if (this.#completed) return;
    if (!this.#sandbox) {
      this.start();
      return;
    }
    for (const container of this.containers) {
      if (container.phase.kind !== "running") continue;
      this.host.images.add(container.spec.image ?? "", this.host.clock.now());
      this.#scheduleEnd(container, container.phase.startedAt);
      this.#startProbes(container);
    }
    this.#watchDeadline();
    this.advanced();
  }

  /** A newer version of the object. */
  update(pod: Pod): void {
    this.pod = pod;
    for (const probes of this.#probes.values()) probes.reconsider();
    if (pod.spec?.readinessGates?.length) this.changed();
  }

  /** Begins the graceful end of a deleted pod; called again, a shorter grace period takes effect. */
  stop(graceMs: number): void {
    if (this.#stop === "stopped") return;
    const again = this.#stop === "stopping";
    this.#stop = "stopping";
    this.#clearTimers();
    const running = this.containers.filter((container) => container.phase.kind === "running");
    if (running.length === 0) {
      this.#stopped();
      return;
    }
    const endsAt = this.host.clock.now() + graceMs;
    for (const container of running) {
      this.#probes.get(container)?.stop();
      if (!again) this.event(container, "Normal", "Killing", `Stopping container ${container.name}`);
    }
    // Sidecars are told to stop when the main containers are gone (KEP-753).
    this.#stopAll(
      running.filter(({ role }) => role !== "sidecar"),
      endsAt,
      () => {
        this.#stopAll(
          running.filter(({ role }) => role === "sidecar"),
          endsAt,
          () => this.#stopped(),
        );
      },
    );
  }

  /** Ends everything without a trace: the object, or the node, is gone. */
  dispose(): void {
    this.#disposed = true;
    this.#clearTimers();
    if (this.podIp && !this.pod.spec?.hostNetwork) this.host.podIps.release(this.podIp);
  }

  /** Runs later, unless the pod has been stopped or disposed of by then. */
  later(ms: number, run: () => void): void {
    const timer = this.host.clock.after(ms, () => {
      this.#timers.delete(timer);
      if (!this.#disposed) run();
    });
    this.#timers.add(timer);
  }

  event(container: ContainerRun, type: "Normal" | "Warning", reason: string, message: string): void {
    this.host.events.pod(this.pod, this.host.nodeName, { type, reason, message }, container.fieldPath);
  }

  changed(): void {
    if (!this.#disposed) this.host.changed(this);
  }

  /** A container or its health changed: writes it, and does what comes next. */
  advanced(): void {
    this.changed();
    this.#advance();
  }

  /** A container has been started. */
  running(container: ContainerRun): void {
    const now = this.host.clock.now();
    container.run(this.pod, now);
    this.#scheduleEnd(container, now);
    this.#startProbes(container);
    this.advanced();
  }

  /** Stops a container with `message`, and starts it again if the policy says so. */
  restart(container: ContainerRun, message: string): void {
    if (container.phase.kind !== "running" || this.stopping) return;
    this.event(container, "Normal", "Killing", message);
    this.later(this.#stopMs(container, this.#graceMs()), () => this.#ended(container, this.#stopExitCode(container)));
  }

  /** A container used more memory than its limit. */
  outOfMemory(container: ContainerRun): void {
    if (container.phase.kind === "running") this.#ended(container, killedExitCode, "OOMKilled");
  }

  /** A container ended by what was typed at its terminal. */
  endedByTerminal(name: string, exitCode: number): void {
    const container = this.containers.find((one) => one.name === name);
    if (container) this.#ended(container, exitCode);
  }

  status(): PodStatus {
    return podStatus({
      pod: this.pod,
      containers: this.containers,
      phase: this.#phase(),
      refusal: this.refusal,
      deadlinePassed: this.#deadlinePassed,
      sandbox: this.#sandbox && this.#stop !== "stopped" && !this.#completed,
      resize: this.resize,
      hostIp: this.host.hostIp,
      podIp: this.podIp,
      startedAt: this.#startedAt,
      history: this.#conditions,
      now: this.host.clock.now(),
    });
  }

  #phase(): PodPhase {
    if (this.#deadlinePassed || this.refusal) return "Failed";
    return podPhase(this.pod.spec as PodSpec, this.containers, this.#stop === "stopped" || this.#completed);
  }

  #createSandbox(): void {
    if (this.pod.spec?.hostNetwork) this.podIp = this.host.hostIp;
    else this.podIp ??= this.host.podIps.take(fractionOf(`${this.pod.metadata.uid}/ip`));
    if (!this.podIp) {
      const message =
        'Failed to create pod sandbox: plugin type="aws-cni" name="aws-cni" failed (add): add cmd: failed to assign an IP address to container';
      this.host.events.pod(this.pod, this.host.nodeName, {
        type: "Warning",
        reason: "FailedCreatePodSandBox",
        message,
      });
      this.later(sandboxRetryMs, () => this.#createSandbox());
      return;
    }
    this.#sandbox = true;
    this.#advance();
  }

  /** Does what comes next: init containers one by one, sidecars along, then the main containers, then restarts. */
  #advance(): void {
    if (!this.#sandbox || this.stopping || this.#completed || this.#disposed) return;
    const spec = this.pod.spec as PodSpec;
    for (const container of this.containers) {
      const { role, phase } = container;
      if (phase.kind === "terminated" && !container.busy && restarts(container, spec, phase.exitCode)) {
        this.#startAgain(container, phase.finishedAt);
      }
      if (!container.begun) startContainer(this, container);
      if (role === "init" && !(phase.kind === "terminated" && phase.exitCode === 0)) break;
      if (role === "sidecar" && !container.started) break;
      // The next main container is started when this one's start has succeeded or failed.
      if (role === "main" && container.busy && container.restartCount === 0 && phase.kind === "waiting") break;
    }
    const phase = podPhase(spec, this.containers, false);
    if (phase === "Succeeded" || phase === "Failed") this.#complete();
  }

  /** Starts a container again: at once the first time, later after a growing delay. */
  #startAgain(container: ContainerRun, finishedAt: Instant): void {
    container.busy = true;
    const delayMs = container.backoff.delayMs(finishedAt);
    const again = () => {
      container.backoff.started(finishedAt);
      container.restartCount++;
      startContainer(this, container);
    };
    if (delayMs === 0) {
      this.later(relistMs, again);
      return;
    }
    this.later(relistMs, () => {
      const { name, namespace, uid } = this.pod.metadata;
      const described = `${name}_${namespace}(${uid})`;
      this.event(
        container,
        "Warning",
        "BackOff",
        `Back-off restarting failed container ${container.name} in pod ${described}`,
      );
      const delay = formatDuration(delayMs);
      container.wait(
        "CrashLoopBackOff",
        `back-off ${delay} restarting failed container=${container.name} pod=${described}`,
      );
      this.changed();
      this.later(Math.max(0, finishedAt + delayMs - this.host.clock.now()), again);
    });
  }

  #startProbes(container: ContainerRun): void {
    this.#probes.get(container)?.stop();
    const probes = new Probes(this, container);
    this.#probes.set(container, probes);
    if (container.started) probes.reconsider();
    else probes.start();
  }

  /** When the program ends by itself. */
  #scheduleEnd(container: ContainerRun, startedAt: Instant): void {
    const program = programOf(container.spec);
    const declared = declaredEnd(this.pod, container.name);
    const lifetimeMs = declared.lifetimeMs ?? program.lifetimeMs ?? (container.role === "init" ? relistMs : undefined);
    if (lifetimeMs === undefined || !Number.isFinite(lifetimeMs)) return;
    const run = container.restartCount;
    this.later(startedAt + lifetimeMs - this.host.clock.now(), () => {
      if (container.restartCount === run && container.phase.kind === "running")
        this.#ended(container, declared.exitCode ?? program.exitCode);
    });
  }

  #ended(container: ContainerRun, exitCode: number, reason?: string): void {
    if (container.phase.kind !== "running") return;
    this.#probes.get(container)?.stop();
    container.terminate(exitCode, this.host.clock.now(), reason);
    this.advanced();
  }

  /** All main containers are done: sidecars are stopped, and the pod is over. */
  #complete(): void {
    this.#completed = true;
    const sidecars = this.containers.filter(({ phase }) => phase.kind === "running");
    for (const sidecar of sidecars) this.event(sidecar, "Normal", "Killing", `Stopping container ${sidecar.name}`);
    this.#stopAll(sidecars, this.host.clock.now() + this.#graceMs(), () => {
      this.changed();
      this.host.over(this);
    });
  }

  #stopAll(containers: readonly ContainerRun[], endsAt: Instant, done: () => void): void {
    let left = containers.length;
    if (left === 0) done();
    const now = this.host.clock.now();
    for (const container of containers) {
      this.later(this.#stopMs(container, Math.max(0, endsAt - now)), () => {
        if (container.phase.kind === "running")
          container.terminate(this.#stopExitCode(container), this.host.clock.now());
        if (--left === 0) done();
      });
    }
  }

  #stopped(): void {
    this.#stop = "stopped";
    this.host.stopped(this);
  }

  #stopMs(container: ContainerRun, graceMs: number): number {
    const preStopMs = preStopDelayMs(container.spec);
    if (!programOf(container.spec).obeysTerm) return graceMs;
    const jitter = `${this.pod.metadata.uid}/stop/${container.name}`;
    return Math.min(graceMs, preStopMs + msIn(this.host.timing.stop, jitter));
  }

  #stopExitCode(container: ContainerRun): number {
    return programOf(container.spec).obeysTerm ? 0 : killedExitCode;
  }

  #graceMs(): number {
    return (this.pod.spec?.terminationGracePeriodSeconds ?? 30) * 1000;
  }

  #watchDeadline(): void {
    const seconds = this.pod.spec?.activeDeadlineSeconds;
    if (seconds === undefined) return;
    this.later(this.#startedAt + seconds * 1000 - this.host.clock.now(), () => {
      if (this.#completed || this.stopping) return;
      this.host.events.pod(this.pod, this.host.nodeName, { type: "Normal", ...deadlineExceeded });
      this.#deadlinePassed = true;
      this.#complete();
    });
  }

  #clearTimers(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }
}

/** A preStop hook that only waits: `sleep: {seconds: 10}` or `exec: {command: [sleep, "10"]}`. */
function preStopDelayMs(spec: Container): number {
  const { sleep, exec } = spec.lifecycle?.preStop ?? {};
  if (sleep) return (sleep.seconds ?? 0) * 1000;
  const words = exec?.command?.join(" ") ?? "";
  return Number(/\bsleep\s+(\d+)/.exec(words)?.[1] ?? 0) * 1000;
}
