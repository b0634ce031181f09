import { Node } from "@bellows/api";
import { isNotFound, type Logger, parseTimestamp, type Timer, timestamp } from "@bellows/kube";
import type { KubeletFleet } from "../kubelet/index.ts";
import { msIn } from "../kubelet/jitter.ts";
import { Instance, interruptAnnotation } from "./instance-kind.ts";
import { machineOf } from "./instance-machine.ts";
import { type Ec2Parts, type InstanceStore, instanceFinalizer, isAlive } from "./instance-store.ts";
import type { SimulatedQueue } from "./interruption-queue.ts";

const retryMs = 1_000;

/**
 * Carries instances through their life by the instants in their status, so that it goes on where a restart left it:
 * pending, running, kubelet booted; interrupted, shutting down, terminated, its Node deleted, forgotten.
 */
export class InstanceLifecycle {
  readonly #parts: Ec2Parts;
  readonly #store: InstanceStore;
  readonly #fleet: KubeletFleet;
  readonly #queue: SimulatedQueue;
  readonly #log: Logger;
  /** The next step of each instance. */
  readonly #timers = new Map<string, Timer>();
  /** Instances whose state the queue has been told. */
  readonly #announced = new Map<string, string>();

  constructor(parts: Ec2Parts, store: InstanceStore, fleet: KubeletFleet, queue: SimulatedQueue, log: Logger) {
    this.#parts = parts;
    this.#store = store;
    this.#fleet = fleet;
    this.#queue = queue;
    this.#log = log;
    parts.cache.informer(Instance).handle({
      changed: (key, before, after) => {
        if (after) this.#changed(after, before);
        else if (before) this.#gone(before);
        if (!after) this.#schedule(key.name, undefined);
      },
    });
  }

  stop(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }

  #changed(instance: Instance, before: Instance | undefined): void {
    const { name } = instance.metadata;
    const state = instance.status?.state;
    if (!state) return; // the launch is being written
    if (!before && state !== "terminated")
      this.#parts.vpc.pool(instance.spec.subnetId).claim(instance.spec.privateIpAddress);
    if (this.#announced.get(name) !== state) {
      this.#announced.set(name, state);
      if (before?.status?.state) this.#queue.send("EC2 Instance State-change Notification", name, { state });
    }
    if (state === "shutting-down" || state === "terminated") this.#fleet.remove(instance.spec.privateDnsName);
    this.#schedule(name, this.#nextStep(instance));
  }

  /** When the next step is due, and what it is; undefined for an instance that just runs. */
  #nextStep(instance: Instance): { at: number; run: () => Promise<void> } | undefined {
    const { timing, clock } = this.#parts;
    const { name, deletionTimestamp, annotations, finalizers } = instance.metadata;
    const { status } = instance;
    const now = clock.now();
    const since = (text: string | undefined) => parseTimestamp(text) ?? now;
    if (deletionTimestamp && isAlive(status)) {
      return { at: now, run: () => this.#store.terminate(name, "Client.UserInitiatedShutdown") };
    }
    switch (status?.state) {
      case "pending": {
        const at = since(status.launchedAt) + msIn(timing.pending, `${name}/pending`);
        return {
          at,
          run: () => this.#write(name, { state: "running", runningAt: timestamp(at), ...inService(instance) }),
        };
      }
      case "running": {
        if (status.interruptionAt) {
          return {
            at: since(status.interruptionAt),
            run: () => this.#store.terminate(name, "Server.SpotInstanceTermination"),
          };
        }
        if (!this.#fleet.nodeNames.includes(instance.spec.privateDnsName)) {
          return { at: since(status.runningAt) + msIn(timing.boot, `${name}/boot`), run: () => this.#boot(name) };
        }
        const interrupt = annotations?.[interruptAnnotation];
        if (interrupt === undefined || instance.spec.capacityType !== "spot") return undefined;
        return { at: parseTimestamp(interrupt) ?? now, run: () => this.notice(name) };
      }
      case "shutting-down": {
        const at = since(status.shutdownAt) + msIn(timing.shutdown, `${name}/shutdown`);
        const lifecycle = instance.spec.autoScalingGroup ? ({ lifecycleState: "Terminated" } as const) : {};
        return { at, run: () => this.#write(name, { state: "terminated", terminatedAt: timestamp(at), ...lifecycle }) };
      }
      case "terminated": {
        const forgetAt = since(status.terminatedAt) + timing.forgetTerminatedMs;
        const deleteAt = since(status.terminatedAt) + msIn(timing.nodeDeletion, `${name}/node`);
        if (now < deleteAt) return { at: deleteAt, run: () => this.#deleteNode(instance) };
        const done = deletionTimestamp && finalizers?.includes(instanceFinalizer);
        return { at: done ? now : forgetAt, run: () => this.#store.forget(name) };
      }
      default:
        return undefined;
    }
  }

  /** Tells the queue that a spot instance will be taken back: a recommendation first, the notice, then its end. */
  async notice(id: string): Promise<void> {
    const { timing, clock } = this.#parts;
    if (!isAlive(this.#store.get(id)?.status)) return;
    this.#queue.send("EC2 Instance Rebalance Recommendation", id);
    const interruptionAt = clock.now() + timing.rebalanceLeadMs + timing.spotNoticeMs;
    clock.after(timing.rebalanceLeadMs, () => {
      if (isAlive(this.#store.get(id)?.status)) {
        this.#queue.send("EC2 Spot Instance Interruption Warning", id, { "instance-action": "terminate" });
      }
    });
    await this.#write(id, { interruptionAt: timestamp(interruptionAt) });
  }

  async #boot(name: string): Promise<void> {
    const instance = this.#store.get(name);
    if (!instance || !isAlive(instance.status)) return;
    try {
      await this.#fleet.add(machineOf(instance, this.#parts.vpc));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.#log.warn("instance does not boot", { instance: name, error });
      return;
    }
    const current = this.#store.get(name);
    if (current) this.#schedule(name, this.#nextStep(current));
  }

  /** The cloud controller's part: a Node whose instance is gone is deleted. */
  async #deleteNode(instance: Instance): Promise<void> {
    const { client, vpc } = this.#parts;
    const { privateDnsName, privateIpAddress, subnetId } = instance.spec;
    const node = await client.find(Node, { name: privateDnsName });
    // Another instance may have got the address, and with it the name.
    if (node?.spec?.providerID?.endsWith(`/${instance.metadata.name}`)) {
      const preconditions = node.metadata.uid ? { uid: node.metadata.uid } : {};
      await client.delete(Node, { name: privateDnsName }, { preconditions }).catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
      });
    }
    vpc.pool(subnetId).release(privateIpAddress);
    const current = this.#store.get(instance.metadata.name);
    if (current) this.#schedule(instance.metadata.name, this.#nextStep(current));
  }

  #gone(instance: Instance): void {
    this.#announced.delete(instance.metadata.name);
    this.#fleet.remove(instance.spec.privateDnsName);
  }

  async #write(name: string, change: Parameters<InstanceStore["writeStatus"]>[1]): Promise<void> {
    await this.#store.writeStatus(name, change);
  }

  #schedule(name: string, step: { at: number; run: () => Promise<void> } | undefined): void {
    this.#timers.get(name)?.cancel();
    this.#timers.delete(name);
    if (!step) return;
    const { clock } = this.#parts;
    const timer = clock.after(step.at - clock.now(), () => {
      this.#timers.delete(name);
      step.run().catch((error: unknown) => {
        this.#log.warn("instance step failed", { instance: name, error });
        const instance = this.#store.get(name);
        if (instance) this.#schedule(name, { at: clock.now() + retryMs, run: step.run });
      });
    });
    this.#timers.set(name, timer);
  }
}

const inService = (instance: Instance) =>
  instance.spec.autoScalingGroup ? ({ lifecycleState: "InService" } as const) : {};
