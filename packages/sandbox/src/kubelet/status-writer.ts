import { Pod, type PodCondition, type PodStatus } from "@bellows/api";
import { type Client, type Clock, isConflict, isNotFound, type Logger } from "@bellows/kube";
import type { PodRun } from "./pod-run.ts";

/** Writes that are under way at the same time; more would only queue up in the API server. */
const concurrency = 32;
const retryMs = 1_000;

/** Conditions that a kubelet takes away again when they no longer hold. */
const passing = ["PodResizePending", "PodResizeInProgress"];

/**
 * Writes the status of pods: each pod has at most one write on its way, and what changes meanwhile goes into the next.
 * Only what differs from the last write is sent, so that fields and conditions of others stay.
 */
export class StatusWriter {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #log: Logger;
  /** Pods with something to write, in order. */
  readonly #queue = new Set<PodRun>();
  readonly #writing = new Set<PodRun>();
  readonly #written = new WeakMap<PodRun, PodStatus>();
  readonly #deleting = new WeakSet<PodRun>();
  #pumping = false;

  constructor(client: Client, clock: Clock, log: Logger) {
    this.#client = client;
    this.#clock = clock;
    this.#log = log;
  }

  changed(run: PodRun): void {
    this.#queue.add(run);
    this.#pump();
  }

  /** The last write of a pod, after which its object is removed. */
  remove(run: PodRun): void {
    this.#deleting.add(run);
    this.changed(run);
  }

  forget(run: PodRun): void {
    this.#queue.delete(run);
  }

  /** Begins in a microtask, so that several changes of one moment are one write. */
  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    queueMicrotask(() => {
      this.#pumping = false;
      for (const run of this.#queue) {
        if (this.#writing.size >= concurrency) return;
        if (this.#writing.has(run)) continue;
        this.#queue.delete(run);
        this.#writing.add(run);
        void this.#write(run).finally(() => {
          this.#writing.delete(run);
          if (this.#queue.size > 0) this.#pump();
        });
      }
    });
  }

  async #write(run: PodRun): Promise<void> {
    const { name, namespace, uid } = run.pod.metadata;
    const key = { namespace: namespace ?? "default", name };
    try {
      const status = run.status();
      const change = difference(this.#written.get(run) ?? run.pod.status ?? {}, status);
      if (change) {
        const body = { metadata: { uid }, status: change };
        await this.#client.patch(
          Pod,
          key,
          { type: "strategic", body },
          { subresource: "status", fieldManager: "kubelet" },
        );
        this.#written.set(run, status);
      }
      if (this.#deleting.has(run)) {
        await this.#client.delete(Pod, key, { gracePeriodSeconds: 0, preconditions: uid ? { uid } : {} });
      }
    } catch (error) {
      // The pod is gone, or another has its name now.
      if (isNotFound(error) || isConflict(error)) return;
      this.#log.warn("pod status was not written", { pod: name, namespace, error });
      this.#clock.after(retryMs, () => this.changed(run));
    }
  }
}

/** The fields of a status that differ, as a strategic merge patch; undefined for none. */
export function difference(before: PodStatus, after: PodStatus): Record<string, unknown> | undefined {
  const change: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(after)) {
    if (field === "conditions") continue;
    if (!same(before[field as keyof PodStatus], value)) change[field] = value;
  }
  const conditions = changedConditions(before.conditions ?? [], after.conditions ?? []);
  if (conditions.length > 0) change.conditions = conditions;
  return Object.keys(change).length > 0 ? change : undefined;
}

function changedConditions(before: readonly PodCondition[], after: readonly PodCondition[]): object[] {
  const find = (conditions: readonly PodCondition[], type: string) => conditions.find((one) => one.type === type);
  const changed: object[] = after.flatMap((now) => {
    const was = find(before, now.type);
    if (same(was, now)) return [];
    // A merge keeps what is not named: a reason that no longer holds is taken away by null.
    const cleared = {
      ...(was?.reason && !now.reason && { reason: null }),
      ...(was?.message && !now.message && { message: null }),
    };
    return [{ ...now, ...cleared }];
  });
  const removed = passing.filter((type) => find(before, type) && !find(after, type));
  return [...changed, ...removed.map((type) => ({ $patch: "delete", type }))];
}

/** Deep equality of JSON values, whatever the order of their keys. */
function same(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (typeof left !== "object" || typeof right !== "object" || !left || !right) return false;
  if (Array.isArray(left) !== Array.isArray(right)) return false;
  const keys = Object.keys(left);
  if (keys.length !== Object.keys(right).length) return false;
  return keys.every((key) => same((left as Record<string, unknown>)[key], (right as Record<string, unknown>)[key]));
}
