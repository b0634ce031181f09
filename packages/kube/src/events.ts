import type { KubernetesObject } from "@bellows/api";

export interface EventInput {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
  /** The part of the object that it is about: `spec.containers{nginx}`. */
  readonly fieldPath?: string;
  /** Of the Event, as it is first written. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Records core/v1 Events, counting repeats of one (object, reason, message) instead of writing them anew. */
export interface EventRecorder {
  record(regarding: KubernetesObject, event: EventInput): void;
  /**
   * Resolves when all that was recorded has been written (or given up on), when a try gets no answer, and after five
   * seconds at the latest: for whoever is about to end. What waits then is still tried while the process runs.
   */
  flush(): Promise<void>;
}
