import type { Probe } from "@bellows/api";
import type { ContainerRun } from "./container-run.ts";
import { fractionOf } from "./jitter.ts";
import type { PodRun } from "./pod-run.ts";
import { isUnhealthy, type ProbeType, startupMs } from "./sandbox-annotations.ts";

/**
 * The probes of one running container, as delays: a probe succeeds once the container's start-up time is over, and
 * fails while an annotation says so. Nothing is scheduled for a container that is well.
 */
export class Probes {
  readonly #pod: PodRun;
  readonly #container: ContainerRun;
  readonly #startedAt: number;
  /** Checks that are under way, by probe. */
  readonly #checking = new Set<ProbeType>();
  readonly #failures = new Map<ProbeType, number>();
  #stopped = false;

  constructor(pod: PodRun, container: ContainerRun) {
    this.#pod = pod;
    this.#container = container;
    this.#startedAt = pod.host.clock.now();
  }

  /** Begins: at once without probes, otherwise with the startup probe first. */
  start(): void {
    if (this.#container.spec.startupProbe)
      this.#check("Startup", this.#firstDelayMs(this.#container.spec.startupProbe));
    else this.#begun();
  }

  stop(): void {
    this.#stopped = true;
  }

  /** After a change of the pod: an annotation may have made a probe fail, or well again. */
  reconsider(): void {
    if (!this.#container.started) return;
    for (const type of ["Readiness", "Liveness"] as const) {
      const probe = this.#probe(type);
      if (!probe || this.#checking.has(type)) continue;
      const failing = isUnhealthy(this.#pod.pod, this.#container.name, type);
      if (failing || (type === "Readiness" && !this.#container.ready)) this.#check(type, this.#periodMs(probe));
    }
  }

  #begun(): void {
    this.#container.started = true;
    // An init container is ready when it is done.
    if (this.#container.role === "init") return;
    const { readinessProbe } = this.#container.spec;
    if (readinessProbe) this.#check("Readiness", this.#firstDelayMs(readinessProbe));
    else this.#container.ready = true;
    this.reconsider();
    this.#pod.advanced();
  }

  #check(type: ProbeType, delayMs: number): void {
    this.#checking.add(type);
    this.#pod.later(delayMs, () => {
      if (this.#stopped || this.#container.phase.kind !== "running") return;
      const probe = this.#probe(type);
      this.#checking.delete(type);
      if (probe) this.#result(type, probe, this.#fails(type));
    });
  }

  #result(type: ProbeType, probe: Probe, failed: boolean): void {
    if (!failed) {
      this.#failures.delete(type);
      if (type === "Startup") this.#begun();
      if (type === "Readiness" && !this.#container.ready) {
        this.#container.ready = true;
        this.#pod.advanced();
      }
      return;
    }
    const failures = (this.#failures.get(type) ?? 0) + 1;
    this.#failures.set(type, failures);
    this.#pod.event(
      this.#container,
      "Warning",
      "Unhealthy",
      `${type} probe failed: ${failureOutput(probe, this.#pod.podIp)}`,
    );
    if (failures >= (probe.failureThreshold ?? 3)) {
      if (type !== "Readiness") {
        this.#stopped = true;
        this.#pod.restart(
          this.#container,
          `Container ${this.#container.name} failed ${type.toLowerCase()} probe, will be restarted`,
        );
        return;
      }
      if (this.#container.ready) {
        this.#container.ready = false;
        this.#pod.advanced();
      }
    }
    this.#check(type, this.#periodMs(probe));
  }

  #fails(type: ProbeType): boolean {
    const { pod, host } = this.#pod;
    const starting = host.clock.now() - this.#startedAt < startupMs(pod, this.#container.name);
    return starting || isUnhealthy(pod, this.#container.name, type);
  }

  #probe(type: ProbeType): Probe | undefined {
    const { startupProbe, readinessProbe, livenessProbe } = this.#container.spec;
    return type === "Startup" ? startupProbe : type === "Readiness" ? readinessProbe : livenessProbe;
  }

  /** The initial delay, and the moment until the kubelet's prober gets to it. */
  #firstDelayMs(probe: Probe): number {
    return (
      (probe.initialDelaySeconds ?? 0) * 1000 +
      Math.round(100 + 900 * fractionOf(`${this.#pod.pod.metadata.uid}/probe/${this.#container.name}`))
    );
  }

  #periodMs(probe: Probe): number {
    return (probe.periodSeconds ?? 10) * 1000;
  }
}

/** What the prober says when nothing answers. */
function failureOutput(probe: Probe, podIp: string | undefined): string {
  const { httpGet, tcpSocket, grpc, exec } = probe;
  if (httpGet) {
    const scheme = (httpGet.scheme ?? "HTTP").toLowerCase();
    const address = `${httpGet.host ?? podIp}:${httpGet.port}`;
    return `Get "${scheme}://${address}${httpGet.path ?? "/"}": dial tcp ${address}: connect: connection refused`;
  }
  if (tcpSocket) return `dial tcp ${tcpSocket.host ?? podIp}:${tcpSocket.port}: connect: connection refused`;
  if (grpc) return `timeout: failed to connect service "${podIp}:${grpc.port}" within 1s: context deadline exceeded`;
  return exec ? `command timed out: "${(exec.command ?? []).join(" ")}" timed out after 1s` : "";
}
